"""Years of a person's own pictures and music: where they are found, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from visualizer.checkpoints.cards import find_models
from visualizer.paths import MODELS
from visualizer.training import dated, mvnet_music, mvnet_own, transfer, transfer_material
from visualizer.training.mvnet import prepare
from visualizer.training.mvnet_music import read_music
from visualizer.types import UserError


def write_tone(path: Path, seconds: float, hz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(round(seconds * 8000)) / 8000
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * hz * t), 8000)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of songs and pictures of two decades, some of them unreadable, one of them without a year."""
    folder = tmp_path / "mine"
    for i in range(4):
        write_tone(folder / f"song {i} (1781).wav", 5, 200 + 40 * i)
        write_tone(folder / "1890s" / f"song {i}.wav", 13, 900 + 40 * i)
        Image.new("RGB", (20, 30), (200, 60 * i, 0)).save(folder / f"{i}_1785.png")
        Image.new("RGB", (20, 30), (0, 60 * i, 200)).save(folder / "1890s" / f"p{i}.png")
    (folder / "broken 1781.png").write_bytes(b"no picture")
    (folder / "broken 1781.mp3").write_bytes(b"no music")
    Image.new("RGB", (20, 30)).save(folder / "IMG_9999.png")
    return folder


def test_a_year_is_found_in_table_name_folder_and_tag(tmp_path: Path) -> None:
    (tmp_path / "years.csv").write_text("file,year\nb 1700.wav,1650\n", "utf-8")
    stated = dated.read_table(tmp_path)
    tagged = tmp_path / "tagged.flac"
    with soundfile.SoundFile(tagged, "w", 8000, 1) as file:
        file.date = "1987-05-01"
        file.write(np.zeros(800))
    for name, year in (
        ("b 1700.wav", 1650),
        ("c_1700.wav", 1700),
        ("1880s/d.wav", 1885),
        ("e170.wav", None),
    ):
        assert dated.find_year(tmp_path / name, tmp_path, stated) == year, name
    assert dated.find_year(tagged, tmp_path, stated) == 1987
    assert dated.year_in("take 2999") is None


def test_what_is_wrong_with_years_is_a_sentence(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        dated.dated_music(tmp_path / "none", "train")
    bare = tmp_path / "bare"
    write_tone(bare / "a.wav", 5, 200)
    with pytest.raises(UserError, match=r"0 of the 1 .* have a year.*years\.csv"):
        dated.dated_music(bare, "train")
    (own / "years.csv").write_text("file,year\nx.wav,long ago\n", "utf-8")
    with pytest.raises(UserError, match="line 2"):
        dated.dated_music(own, "train")


def test_any_folder_of_dated_music_and_pictures_makes_eras(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvnet_own, "MOST_SEGMENTS", 2)
    monkeypatch.setattr(mvnet_music, "MAX_VAL_SEGMENTS", 1)
    kept = tmp_path / "kept"
    eras, paintings = prepare(own, kept, 4)
    assert eras.labels[0] == "1780s" and len(eras) == 2
    assert set(paintings.years) == {1785, 1895} and set(read_music(kept, "train").years) == {1781, 1895}
    assert len(read_music(kept, "val")) and "broken 1781" in capsys.readouterr().out
    n_music = len(read_music(kept, "train"))
    prepare(own, kept, 4)  # taken as it is
    assert len(read_music(kept, "train")) == n_music
    with pytest.raises(UserError, match="--music"):
        mvnet_own.make(tmp_path, kept, eras, 4)


def test_the_map_takes_any_folder_of_music(tmp_path: Path) -> None:
    for i in range(9):
        write_tone(tmp_path / f"{i}.wav", 5, 200 + 40 * i)
    learned, held_out = transfer_material.find_sounds(tmp_path)
    assert len(learned.kinds) == 8 and len(held_out.kinds) == 1
    (tmp_path / "8.wav").unlink()
    with pytest.raises(UserError, match="7 clips"):
        transfer.main(["--data", str(tmp_path)])


def test_every_shipped_model_has_a_small_preview() -> None:
    for model in find_models(MODELS):
        assert model.card.preview in model.card.files, model.card.id
        with Image.open(model.folder / model.card.preview) as picture:
            assert min(picture.size) >= 200
