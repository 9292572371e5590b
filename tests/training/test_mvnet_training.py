"""Training MVNet on a few made-up pieces and pictures: eras, pairs, going on, judging, publishing."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.checkpoints.cards import Card, load_card  # noqa: E402
from visualizer.checkpoints.check import check  # noqa: E402
from visualizer.checkpoints.weights import load_state  # noqa: E402
from visualizer.features.mel import EraMel  # noqa: E402
from visualizer.training import house, mvnet_judge, mvnet_music, mvnet_publish, mvnet_sheet  # noqa: E402
from visualizer.training import mvnet as trainer  # noqa: E402
from visualizer.training import mvnet_run as runs  # noqa: E402
from visualizer.training.midi import Note, write_notes  # noqa: E402
from visualizer.training.mvnet_data import N_WINDOW, Pairs, read_paintings, thirds, windows  # noqa: E402
from visualizer.training.mvnet_eras import Eras, find_eras  # noqa: E402
from visualizer.training.mvnet_losses import StyleVGG  # noqa: E402
from visualizer.training.mvnet_music import CLIP, RATE_HZ, Clip, Piece, pack, read_music, unpack  # noqa: E402
from visualizer.types import UserError  # noqa: E402

YEARS = {1700: 220.0, 1800: 440.0, 1880: 880.0}
N_EACH = 4


def tone(hz: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=CLIP) * 0.01
    return (0.2 * np.sin(2 * np.pi * hz * np.arange(CLIP) / RATE_HZ) + noise).astype(np.float32)


def scale(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    notes = [Note(i * 0.4, 0.4, int(rng.integers(50, 80)), 90, 0, 0) for i in range(100)]
    return write_notes(notes, [], 41.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of three eras: scores and pictures of one colour an era."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "midi").mkdir()
    (folder / "paintings").mkdir()
    scores, pictures = [], []
    with tarfile.open(folder / "midi" / "midi.tar.gz", "w:gz") as tar:
        for i, year in enumerate(y for y in YEARS for _ in range(N_EACH)):
            content = scale(i)
            info = tarfile.TarInfo(f"./{i}.mid")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
            row = {"file": f"{i}.mid", "year": str(year + i % 10), "composer": f"C{i}", "title": "T"}
            scores += [row | {"split": "train" if i % N_EACH else "val"}]
            colour = tuple(int(200 * (k == list(YEARS).index(year))) for k in range(3))
            Image.new("RGB", (40, 30), colour).save(folder / "paintings" / f"{i}.png")
            picture = {"file": f"{i}.png", "year": str(year), "artist": f"A{i}", "year_source": "file"}
            pictures += [picture | {"split": "train" if i % N_EACH else "val"}]
    (folder / "paintings" / "broken.png").write_bytes(b"no picture")
    pictures.append(
        {"file": "broken.png", "year": "1800", "artist": "", "year_source": "file", "split": "train"}
    )
    dynasty = {"file": "0.png", "year": "1300", "artist": "", "year_source": "dynasty_mid", "split": "train"}
    for name, rows in (("midi/midi.csv", scores), ("paintings/paintings.csv", [*pictures, dynasty])):
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of shards as the rendering leaves them, of tones instead."""
    folder = tmp_path_factory.mktemp("music")
    for split in ("train", "val"):
        clips = [
            Clip(tone(hz * (1 + 0.02 * i), i), Piece(f"{i}.mid", year, f"C{year}", "T"), 0)
            for year, hz in YEARS.items()
            for i in range(2)
        ]
        mvnet_music.write_shard(folder / f"music-{split}-0.npz", clips)
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mvnet_music, "N_SHARDS", 1)
    monkeypatch.setattr(trainer, "find_eras", lambda a, b: find_eras(a, b, 2, 2))
    monkeypatch.setattr(trainer, "N_SHEET_MUSIC", 2)
    monkeypatch.setattr(trainer, "N_SHEET_Z", 2)
    monkeypatch.setattr(trainer, "N_CLASSIFIED", 4)
    monkeypatch.setattr(trainer, "N_LESSONS", 2)


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VGG of random weights in the published file's form."""
    torch.manual_seed(0)
    network = StyleVGG()
    layers = zip((0, 2, 5, 9, 12, 16), [network.colour, *network.convs], strict=True)
    state = {f"{n}.{k}": v for n, layer in layers for k, v in layer.state_dict().items()}
    folder = tmp_path_factory.mktemp("vgg")
    torch.save(state, folder / "vgg_normalised_conv3_1.pth")
    return folder


def arguments(data: Path, kept: Path, vgg: Path, out: Path, *more: str) -> list[str]:
    folders = ["--data", str(data), "--music", str(kept), "--vgg", str(vgg), "--out", str(out)]
    return [*folders, "--threads", "1", "--clips", "4", "--images", "1", *more]


def test_trains_saves_goes_on_judges_and_publishes(data, kept, vgg, tmp_path, monkeypatch, capsys):
    out, model, picture = tmp_path / "run", tmp_path / "model", tmp_path / "curve.png"
    assert trainer.main(arguments(data, kept, vgg, out, "--minutes", "0.02")) == 0
    assert "left out broken.png" in capsys.readouterr().out
    first = house.load_state(out / "state.pt")["counters"]
    assert first["n_images"] == 4 * first["n_steps"] > 0
    assert trainer.main(arguments(data, kept, vgg, out, "--minutes", "0.02", "--resume")) == 0
    second = house.load_state(out / "state.pt")["counters"]
    assert second["n_steps"] > first["n_steps"]
    assert len(list((out / "sheets").glob("*.jpg"))) == len(list((out / "snapshots").glob("*.pt"))) == 2

    for name, n in {"JUDGE_STEPS": 3, "JUDGED_Z": 1, "CENTRE_Z": 1, "CURVE_Z": 1, "CURVE_POINTS": 1}.items():
        monkeypatch.setattr(mvnet_publish, f"N_{name}", n)
    stage = ["--models", str(model), "--picture", str(picture), "--without", str(tmp_path / "none")]
    assert trainer.main(arguments(data, kept, vgg, out, *stage, "--stage", "judge")) == 0
    assert trainer.main(arguments(data, kept, vgg, out, *stage, "--stage", "publish")) == 0
    assert not check(model).problems
    card = load_card(model)
    assert card.id == "model" and card.data.endswith("of the person who trained it.")
    assert card.labels == ("1700–1809", "1810–1889") or len(card.labels) == 3
    assert 0 <= card.figures["era_accuracy_val"] <= 1 and card.figures["chance"] == pytest.approx(
        1 / 3, rel=0.01
    )
    stored = load_state(model / "weights.safetensors")
    assert stored["decade_v"].shape == (3, 1, 8, 16) and stored["year_weight"].shape == (3, 128)
    assert list(stored["decade_years"]) == sorted(stored["decade_years"])
    assert Image.open(picture).size == (960, 480)
    assert trainer.main(arguments(data, kept, vgg, out, "--stage", "sheet", "--picture", str(picture))) == 0
    assert Image.open(picture).width > 1200


def test_a_persons_own_folder_from_hearing_to_the_card(vgg, tmp_path, monkeypatch, capsys):
    """Names as they come; the years stand in folders and file names. The graphs are the test's above."""
    cards: list[Card] = []
    monkeypatch.setattr(mvnet_publish, "publish", lambda _, __, card, *___, **____: cards.append(card) or {})
    own, out, model = tmp_path / "own", tmp_path / "run", tmp_path / "mvnet-mine"
    for k, (year, hz) in enumerate(YEARS.items()):
        (own / f"{year}s").mkdir(parents=True)
        for i in range(N_EACH + 2):
            soundfile.write(own / f"{year}s" / f"song {i}.wav", tone(hz * (1 + 0.02 * i), i), RATE_HZ)
            colour = tuple(200 * (k == channel) for channel in range(3))
            Image.new("RGB", (40, 30), colour).save(own / f"{year} picture {i}.png")
    (own / "1800 broken.mp3").write_bytes(b"no music")
    (own / "undated.wav").write_bytes(b"no music")
    given = arguments(own, tmp_path / "kept", vgg, out, "--minutes", "0.02", "--models", str(model))
    for stage in ("hear", "train", "publish"):
        assert trainer.main([*given, "--stage", stage]) == 0
    assert "left out: " in capsys.readouterr().out
    (card,) = cards
    assert card.id == "mvnet-mine" and card.title == "Mvnet mine" and len(card.labels) == 3
    assert "paintings" not in card.data + card.rights + card.limits, "what is said of ours"


def test_resumed_run_is_the_run_that_never_stopped(data, kept, vgg):
    eras = Eras((1700, 1800, 1880), 1890)
    paintings, music = read_paintings(data, "train", kept), read_music(kept, "train")
    style = StyleVGG.load(vgg)
    pairs = Pairs(music, paintings, eras, 4, 1, 7)

    def steps(run: runs.Run, n: int) -> None:
        for _ in range(n):
            number = run.counters.n_steps
            runs.step(run, pairs.batch(number), pairs.paintings(number, 4), style, torch.float32)

    device = torch.device("cpu")
    whole = runs.Run(eras, runs.Settings(n_clips=4, n_images=1), device)
    steps(whole, 1)
    file = io.BytesIO()
    torch.save(whole.state(), file)
    steps(whole, 2)
    file.seek(0)
    resumed = runs.Run.from_state(torch.load(file, weights_only=True), device)
    steps(resumed, 2)
    assert resumed.counters.n_steps == whole.counters.n_steps == 3
    for (name, a), b in zip(
        whole.average.state_dict().items(), resumed.average.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name


def test_without_gamma_the_classifier_teaches_only_itself(data, kept, vgg):
    eras = Eras((1700, 1800, 1880), 1890)
    pairs = Pairs(read_music(kept, "train"), read_paintings(data, "train", kept), eras, 4, 1, 7)
    run = runs.Run(eras, runs.Settings(n_clips=4, n_images=1, gamma=0.0), torch.device("cpu"))
    before = [p.clone() for p in run.classifier.parameters()]
    figures = runs.step(run, pairs.batch(0), pairs.paintings(0, 4), StyleVGG.load(vgg), torch.float32)
    assert all(np.isfinite(value) for value in figures.values())
    assert any(not torch.equal(a, b) for a, b in zip(before, run.classifier.parameters(), strict=True))


def test_g_leaves_the_ears_alone_unless_told(data, kept, vgg):
    eras = Eras((1700, 1800, 1880), 1890)
    pairs = Pairs(read_music(kept, "train"), read_paintings(data, "train", kept), eras, 4, 1, 7)
    for rate, moves in ((0.0, False), (1e-3, True)):
        run = runs.Run(eras, runs.Settings(n_clips=4, n_images=1, rate_e=rate), torch.device("cpu"))
        before = [p.clone() for p in run.mvnet.encoder.state_dict().values()]
        runs.step(run, pairs.batch(0), pairs.paintings(0, 4), StyleVGG.load(vgg), torch.float32)
        after = run.mvnet.encoder.state_dict().values()
        assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) == moves


def test_variety_is_the_distance_of_images_of_one_clip():
    images = torch.zeros(4, 3, 8, 8)
    images[1] += 0.5
    assert runs.variety(images, 2) == pytest.approx(0.25)
    assert runs.variety(images, 1) == 0


def test_training_that_diverges_stops_and_keeps_the_last_good_state(data, kept, vgg, tmp_path, monkeypatch):
    out = tmp_path / "run"
    trainer.main(arguments(data, kept, vgg, out, "--minutes", "0.005"))
    good = (out / "state.pt").read_bytes()

    def diverge(*_):
        return torch.tensor(float("nan"), requires_grad=True)

    monkeypatch.setattr(runs, "style_loss", diverge)
    with pytest.raises(UserError, match=r"sty is nan.*last good state"):
        trainer.main(arguments(data, kept, vgg, out, "--minutes", "0.1", "--resume"))
    assert (out / "state.pt").read_bytes() == good


def test_ears_learn_before_the_brush_and_are_taken_over(data, kept, vgg, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for path in kept.glob("music-*.npz"):
        (folder / path.name).symlink_to(path)
    run = arguments(data, folder, vgg, tmp_path / "run", "--stage", "hear", "--minutes", "0.02")
    assert trainer.main(run) == 0
    first = house.load_state(folder / "hearing.pt")["counters"]["n_steps"]
    assert trainer.main(run) == 0
    state = house.load_state(folder / "hearing.pt")
    assert state["counters"]["n_steps"] > first > 0
    started = runs.Run(Eras((1700, 1800, 1880), 1890), runs.Settings(), torch.device("cpu"))
    started.start_from(folder / "hearing.pt")
    assert torch.equal(started.average.encoder.head.weight, state["encoder"]["head.weight"])


def test_missing_data_is_named(kept, vgg, tmp_path):
    with pytest.raises(UserError, match="--data"):
        trainer.main(arguments(tmp_path / "nowhere", kept, vgg, tmp_path / "run"))
    with pytest.raises(UserError, match="--stage music"):
        read_music(tmp_path, "train")
    with pytest.raises(UserError, match="without --resume"):
        house.load_state(tmp_path / "state.pt")


def test_dry_run_prints_the_configuration_and_touches_nothing(tmp_path, capsys):
    assert trainer.main(["--dry-run", "--out", str(tmp_path / "run"), "--gamma", "0"]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["settings"]["gamma"] == 0 and asked["alpha"] == 0.1 and asked["beta"] == 10
    assert not (tmp_path / "run").exists()


def test_eras_close_when_both_arts_are_there():
    eras = find_eras([1700] * 3 + [1712] * 3 + [1725] * 3, [1701] * 3 + [1729] * 3, 3, 3)
    assert eras.firsts == (1700, 1710) and eras.end == 1730
    assert eras.labels == ("1700s", "1710–1729")
    assert [eras.of(year) for year in (1699, 1700, 1709, 1715, 1729, 1730)] == [None, 0, 0, 1, 1, None]
    assert eras.middle(1) == 1720
    with pytest.raises(UserError, match="--data"):
        find_eras([1700] * 9, [1700] * 9, 3, 3)


def test_pairs_are_of_one_era_and_repeat_by_number(data, kept):
    eras = Eras((1700, 1800, 1880), 1890)
    pairs = Pairs(read_music(kept, "train"), read_paintings(data, "train", kept), eras, 4, 2, 7)
    batch = pairs.batch(3)
    assert batch.mel.shape == (4, 3, 128, 256) and batch.image.shape == (8, 3, 64, 64)
    assert batch.era.tolist()[0] == batch.era.tolist()[1] != batch.era.tolist()[2]
    colours = batch.image.mean((2, 3)).argmax(1)
    assert torch.equal(colours, batch.era.repeat_interleave(2)), "a picture of another era than its music"
    again = pairs.batch(3)
    assert torch.equal(batch.mel, again.mel) and torch.equal(batch.image, again.image)
    assert not torch.equal(batch.mel, pairs.batch(4).mel)


def test_windows_are_those_of_the_live_ear(kept):
    samples = tone(440.0, 0)
    ear = EraMel()
    ear.push(samples)
    columns = ear.analyse(samples)
    assert np.array_equal(thirds(columns[:, -N_WINDOW:]), ear.window())
    music = read_music(kept, "train")
    assert windows(music, [0, 1]).shape == (2, 3, 128, 256)


def test_short_music_is_repeated_to_the_length_of_a_window():
    columns = np.arange(128 * 100, dtype=np.float32).reshape(128, 100)
    window = thirds(columns).transpose(1, 0, 2).reshape(128, N_WINDOW)
    assert np.array_equal(window[:, :100], columns) and np.array_equal(window[:, 700:], columns[:, :68])


def test_packed_power_is_near_the_power():
    power = np.random.default_rng(0).random((128, 20)).astype(np.float32) ** 6
    packed, top = pack(power)
    assert packed.dtype == np.uint8
    assert np.abs(unpack(packed, float(top)) - power).max() < 0.01 * top
    assert pack(np.zeros((128, 3), np.float32))[0].max() == 0


def test_reading_finds_the_year_that_v_holds():
    random = torch.Generator().manual_seed(0)
    numbers = np.arange(300) % 3
    v = torch.randn(300, 1, 8, 16, generator=random)
    v[:, 0, 2, 3] += torch.from_numpy(numbers) * 6.0
    eras = Eras((1700, 1800, 1880), 1890)
    reading = mvnet_judge.fit_reading(v, numbers, 3, decay=0.1)
    assert reading.weight.shape == (3, 128)
    years = np.array([int(eras.middle(int(n))) for n in numbers], np.int32)
    errors = mvnet_judge.year_errors(reading, v, years, eras)
    assert errors["heard_era_accuracy"] > 0.9 and errors["year_error"] < 0.5 * errors["year_error_constant"]


def test_accuracy_counts_eras_evenly():
    logits = torch.eye(2)[[0, 0, 0, 0]]
    assert mvnet_judge.accuracy(logits, np.array([0, 0, 0, 1])) == 0.5
    assert sorted(mvnet_judge.balanced(np.array([0, 0, 0, 1, -1]), 2) < 4) == [True] * 3


def test_pieces_are_found_by_composer_and_year(kept):
    music = read_music(kept, "val")
    assert mvnet_sheet.find_piece(music, "C1800", 1800) is not None
    assert mvnet_sheet.find_piece(music, "Nobody", 1800) is None
    assert len(mvnet_sheet.pick_pieces(music, Eras((1700, 1800, 1880), 1890))) == 4


def test_scores_are_rendered_from_a_third_of_the_piece(data):
    try:
        mvnet_music.find_soundfonts()
    except UserError as error:
        pytest.skip(str(error))
    library = mvnet_music.Library(data, "train")
    eras = Eras((1700, 1800, 1880), 1890)
    chosen = mvnet_music.choose(library.pieces, eras, 1, seed=0)
    assert len(chosen) == 3 and all(segment == 0 for _, segment in chosen)
    (clip,) = list(mvnet_music.render(library, chosen[:1], np.random.default_rng(0)))
    assert clip.samples.shape == (CLIP,) and 0.01 < np.abs(clip.samples).max() <= 1
    notes = library.notes(chosen[0][0])
    rng = np.random.default_rng(0)
    taken = mvnet_music.take(notes, 0, rng)
    assert taken is not None and taken[0].start_s < 1 and len(taken) >= 20
    assert mvnet_music.take(notes[:5], 0, rng) is None
