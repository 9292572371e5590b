"""Training the generator on a few made-up pictures: it learns, saves, goes on, and says what is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.networks.stylegan2 import GeneratorShape  # noqa: E402
from visualizer.training import generator as trainer  # noqa: E402
from visualizer.training import house  # noqa: E402
from visualizer.training.augment import adapt, augment  # noqa: E402
from visualizer.training.pictures import Batches, balance, load_pictures  # noqa: E402
from visualizer.types import UserError  # noqa: E402

TINY = GeneratorShape(128, (8, 8, 8, 8, 8, 4), n_w=16)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 20 small pictures of one colour each, some oblong, and a broken one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(20):
        Image.new("RGB", (80 + i, 80), (255, 8 * i, 0)).save(folder / f"{i:02d}.png")
    (folder / "99.png").write_bytes(b"not a picture")
    return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "SHAPE", TINY)


def run_main(folder: Path, out: Path, *more: str) -> int:
    return trainer.main(["--data", str(folder), "--out", str(out), "--threads", "1", "--batch", "4", *more])


def test_trains_saves_and_goes_on(tiny, pictures, tmp_path, capsys):
    out = tmp_path / "run"
    assert run_main(pictures, out, "--minutes", "0.03") == 0
    assert "left out 99.png" in capsys.readouterr().out
    first = house.load_state(out / "state.pt")["counters"]
    assert first["n_images"] == 4 * first["n_steps"] > 0
    assert run_main(pictures, out, "--minutes", "0.03", "--resume") == 0
    second = house.load_state(out / "state.pt")["counters"]
    assert second["n_steps"] > first["n_steps"] and second["seconds"] > first["seconds"]
    assert len(list((out / "sheets").glob("*.jpg"))) == 2
    for line in (out / "stats.jsonl").read_text().splitlines():
        assert json.loads(line)["n_steps"] > 0


def test_resumed_run_is_the_run_that_never_stopped():
    def steps(run: trainer.Run, first: int, n: int) -> None:
        for i in range(first, first + n):
            real = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(i))
            trainer.step(run, real, torch.float32)

    device = torch.device("cpu")
    whole = trainer.Run(TINY, trainer.Settings(n_batch=4), device)
    steps(whole, 0, 2)
    state = {key: value for key, value in whole.state().items()}
    kept = torch.load(_saved(state), weights_only=True)
    steps(whole, 2, 2)
    resumed = trainer.Run.from_state(kept, device)
    steps(resumed, 2, 2)
    assert resumed.counters.n_steps == whole.counters.n_steps == 4
    for a, b in zip(whole.average.parameters(), resumed.average.parameters(), strict=True):
        assert torch.equal(a, b)


def _saved(state):
    import io

    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return file


def test_only_the_stem_learns_and_the_average_follows():
    run = trainer.Run(TINY, trainer.Settings(n_batch=4), torch.device("cpu"))
    before = {name: p.clone() for name, p in run.generator.named_parameters()}
    for _ in range(3):
        figures = trainer.step(run, torch.randn(4, 3, 64, 64), torch.float32)
    assert all(np.isfinite(value) for value in figures.values())
    moved = {name for name, p in run.generator.named_parameters() if not torch.equal(p, before[name])}
    assert "synthesis.const" in moved and "synthesis.blocks.4.conv1.weight" in moved
    assert not any(name.startswith("synthesis.blocks.5") for name in moved)
    average, model = run.average.synthesis.const, run.generator.synthesis.const
    assert not torch.equal(average, before["synthesis.const"])
    assert (average - model).norm() < (before["synthesis.const"] - model).norm()


def test_generator_learns_a_colour():
    """Against pictures that are all the same orange, the painted colour moves towards it."""
    torch.manual_seed(0)
    run = trainer.Run(TINY, trainer.Settings(n_batch=8), torch.device("cpu"))
    orange = torch.tensor([1.0, 0.0, -1.0]).reshape(1, 3, 1, 1).expand(8, 3, 64, 64)

    def distance() -> float:
        painted = trainer.sample(run.generator, 16, seed=1, exit_px=64)
        return float((painted.mean((0, 2, 3)) - orange[0, :, 0, 0]).norm())

    before = distance()
    for _ in range(60):
        trainer.step(run, orange, torch.float32)
    assert distance() < 0.6 * before


def test_samples_repeat_by_seed():
    run = trainer.Run(TINY, trainer.Settings(), torch.device("cpu"))
    a, b, c = (trainer.sample(run.average, 3, seed, exit_px=64) for seed in (1, 1, 2))
    assert a.shape == (3, 3, 64, 64)
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_missing_and_tiny_folders_are_named(tiny, tmp_path):
    with pytest.raises(UserError, match="--data"):
        run_main(tmp_path / "nowhere", tmp_path / "run")
    (tmp_path / "few").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "few" / "one.png")
    with pytest.raises(UserError, match="1 readable"):
        run_main(tmp_path / "few", tmp_path / "run")


def test_resume_without_or_with_a_damaged_state(tiny, pictures, tmp_path):
    with pytest.raises(UserError, match="without --resume"):
        run_main(pictures, tmp_path / "run", "--resume")
    (tmp_path / "run" / "state.pt").write_bytes(b"half a file")
    with pytest.raises(UserError, match="damaged"):
        run_main(pictures, tmp_path / "run", "--resume")


def test_dry_run_prints_the_configuration_and_touches_nothing(tmp_path, capsys):
    assert trainer.main(["--dry-run", "--out", str(tmp_path / "run"), "--batch", "5"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["n_batch"] == 5
    assert not (tmp_path / "run").exists()


def test_table_of_paintings_gives_split_and_balance(tmp_path):
    folder = tmp_path / "paintings"
    folder.mkdir()
    rows = []
    for i in range(40):
        Image.new("RGB", (32, 32), (i, i, i)).save(folder / f"{i}.png")
        year = "" if i == 39 else str(1500 if i < 4 else 1870)
        rows.append({"file": f"{i}.png", "year": year, "split": "val" if i == 20 else "train"})
    with (folder / "paintings.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "year", "split"])
        writer.writeheader()
        writer.writerows(rows)
    pixels, weights = load_pictures(folder, 16, tmp_path / "cache")
    assert pixels.shape == (39, 16, 16, 3) and pixels.dtype == np.uint8
    assert 20 not in pixels[:, 0, 0, 0], "a picture of the other split was learned from"
    assert weights.sum() == pytest.approx(1)
    assert weights[0] / weights[10] == pytest.approx((34 / 4) ** 0.5)
    again, _ = load_pictures(folder, 16, tmp_path / "cache")
    assert np.array_equal(pixels, again)


def test_balance_powers():
    years = [1510, 1520, 1530, 1890]
    assert balance(years, 0.0).tolist() == [0.25] * 4
    assert balance(years, 1.0)[3] == pytest.approx(0.5)


def test_batches_are_scaled_flipped_and_repeat_by_seed():
    pixels = np.zeros((2, 4, 4, 3), np.uint8)
    pixels[:, :, :2] = 255
    weights = np.array([0.5, 0.5])
    batch = Batches(pixels, weights, 64, seed=1).next()
    assert batch.shape == (64, 3, 4, 4) and batch.min() == -1 and batch.max() == 1
    n_flipped = int((batch[:, 0, 0, 0] == -1).sum())
    assert 16 < n_flipped < 48
    assert torch.equal(batch, Batches(pixels, weights, 64, seed=1).next())
    assert Batches(pixels, weights, 5, seed=1, crop_px=3).next().shape == (5, 3, 3, 3)


def test_augmentation_is_gentle_differentiable_and_off_at_zero():
    torch.manual_seed(0)
    images = torch.rand(16, 3, 16, 16, requires_grad=True)
    assert augment(images, 0.0) is images
    changed = augment(images, 0.8)
    assert changed.shape == images.shape and not torch.equal(changed, images)
    changed.square().sum().backward()
    assert images.grad is not None and float(images.grad.abs().sum()) > 0


def test_augmentation_rises_only_when_pictures_are_known_by_heart():
    assert adapt(0.1, 0.9, 1000) > 0.1 > adapt(0.1, 0.2, 1000)
    assert adapt(0.0, 0.0, 1000) == 0 and adapt(0.8, 1.0, 10**6) == 0.8


def test_interrupted_save_keeps_the_last_state(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    house.save_atomic(path, {"n": 1})

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(UserError, match="No space left"):
        house.save_atomic(path, {"n": 2})
    assert house.load_state(path) == {"n": 1}


def test_sheet_lays_pictures_out_in_rows(tmp_path):
    images = torch.full((5, 3, 8, 8), -1.0)
    images[4] = 1
    house.save_sheet(images, tmp_path / "sheet.png", n_columns=4)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (16, 32, 3)
    assert sheet[8:, :8].min() == 255 and sheet[:8].max() == 0 and sheet[8:, 8:].max() == 0


def test_noise_of_coarse_layers_stays_low():
    run = trainer.Run(TINY, trainer.Settings(n_batch=4), torch.device("cpu"))
    blocks = list(run.generator.synthesis.blocks)
    for block in blocks:
        block.conv1.noise_strength.data.fill_(1.0)
    trainer.step(run, torch.randn(4, 3, 64, 64), torch.float32)
    strengths = [abs(block.conv1.noise_strength.item()) for block in blocks]
    assert max(strengths[:4]) == pytest.approx(trainer.NOISE_LIMIT) and strengths[4] > 0.9
