"""The tagger's training: its front end is the live one, its targets mean what they say, and it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.features.mel import TaggerMel
from visualizer.networks.tagger import N_TAGS, TAGS
from visualizer.training import tagger
from visualizer.training.corpus import Corpus
from visualizer.training.frontend import WINDOW_SAMPLES, LogMel
from visualizer.training.house import Stats, load_state
from visualizer.training.judge import auc
from visualizer.training.music import CLIP, N_WINDOWS
from visualizer.training.renorm import Renorm1d
from visualizer.types import UserError

SMALL = (8, 8, 8, 8, 8, 8, 16)
PIANO, TECHNO = TAGS.index("piano"), TAGS.index("techno")


def write_shard(path: Path, n: int = 8) -> None:
    """Half low tones called piano, half noise called techno."""
    rng = np.random.default_rng(0)
    t = np.arange(CLIP) / 16_000
    samples = np.stack(
        [0.3 * np.sin(2 * np.pi * 220 * t) if i % 2 else 0.1 * rng.normal(size=CLIP) for i in range(n)]
    )
    truth = np.full((n, N_WINDOWS, N_TAGS), np.nan, np.float32)
    truth[:, :, PIANO] = (np.arange(n) % 2)[:, None]
    truth[:, :, TECHNO] = (1 - np.arange(n) % 2)[:, None]
    np.savez(
        path,
        samples=(samples.clip(-1, 1) * 32767).astype(np.int16),
        truth=truth,
        teachers=rng.uniform(0, 0.4, (n, N_WINDOWS, N_TAGS)).astype(np.float16),
        kinds=np.frombuffer(str([f"kind{i % 2}" for i in range(n)]).replace("'", '"').encode(), np.uint8),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_shard(tmp_path / "train-00.npz")
    write_shard(tmp_path / "val-00.npz")
    return tmp_path


def settings(folder: Path, minutes: float = 0.05) -> tagger.Settings:
    return tagger.Settings(minutes, 4, 3e-3, 0, "cpu", folder, SMALL)


def test_training_hears_what_the_live_stream_hears() -> None:
    sound = (np.random.default_rng(1).normal(size=WINDOW_SAMPLES) * 0.1).astype(np.float32)
    batch = LogMel()(torch.from_numpy(sound)[None])
    assert batch.shape == (1, 1, 128, 231)
    stream = TaggerMel()
    for block in np.array_split(sound, 37):
        stream.push(block)
    np.testing.assert_allclose(batch[0, 0].numpy(), stream.window(), atol=2e-3)


def test_silence_is_the_floor() -> None:
    assert torch.all(LogMel()(torch.zeros(1, WINDOW_SAMPLES)) == -100)


def test_known_truth_outweighs_the_teachers_and_unknown_leaves_them() -> None:
    teachers = np.full((1, 1, N_TAGS), 0.5, np.float32)
    truth = np.full((1, 1, N_TAGS), np.nan, np.float32)
    truth[..., PIANO] = 0.0
    theta = np.full(N_TAGS, 0.2, np.float32)
    target = tagger.targets(teachers, truth, theta)[0, 0]
    assert target[PIANO] < 0.2
    assert target[TECHNO] == pytest.approx(1 / (1 + 4**-1.5))  # odds 1 against odds 1/4


def test_threshold_is_a_half_and_keeps_order() -> None:
    p = np.linspace(0.01, 0.6, N_TAGS, dtype=np.float32)[None, None]
    theta = np.full(N_TAGS, p[0, 0, 20])
    target = tagger.targets(p, np.full_like(p, np.nan), theta)[0, 0]
    assert target[20] == pytest.approx(0.5)
    assert np.all(np.diff(target) > 0)


def test_as_many_windows_pass_the_threshold_as_probabilities_sum_to() -> None:
    p = np.random.default_rng(0).beta(1, 4, (500, 4, N_TAGS)).astype(np.float32)
    passed = (p > tagger.thresholds(p)).mean(axis=(0, 1))
    np.testing.assert_allclose(passed, p.mean(axis=(0, 1)), atol=0.01)


def test_auc() -> None:
    positive = np.array([False, False, True, True])
    assert auc(np.array([0.1, 0.2, 0.3, 0.4], np.float32), positive) == 1
    assert auc(np.array([0.4, 0.3, 0.2, 0.1], np.float32), positive) == 0
    assert auc(np.array([0.5, 0.5, 0.5, 0.5], np.float32), positive) == 0.5


def test_sixty_steps_tell_tones_from_noise(folder: Path) -> None:
    torch.set_num_threads(1)
    run = tagger.Run(settings(folder))
    corpus = Corpus([folder / "train-00.npz"])
    batches = tagger.Batches(corpus, tagger.thresholds(corpus.teachers), 0)
    front = LogMel()
    losses = [tagger.step(run, front, *batches.draw(4)) for _ in range(60)]
    assert np.mean(losses[-10:]) < np.mean(losses[:10])
    run.network.eval()
    sound, target, _ = batches.draw(16)
    _, tags = run.network(front(sound))
    piano = target[:, PIANO] > 0.5
    assert tags[piano, PIANO].min() > tags[~piano, PIANO].max()


def test_a_run_goes_on_where_it_was_saved(folder: Path) -> None:
    run = tagger.Run(settings(folder, 0.02))
    stats = Stats(folder / "stats.jsonl", keep=False)
    tagger.train(settings(folder, 0.02), run, stats)
    stats.close()
    assert "auc_teachers" in (folder / "stats.jsonl").read_text("utf-8")
    again = tagger.Run(settings(folder))
    again.load(load_state(folder / "state.pt"))
    assert again.n_steps == run.n_steps > 0
    assert torch.equal(again.average.dense2.weight, run.average.dense2.weight)


def test_state_of_another_architecture_is_named(folder: Path) -> None:
    state = tagger.Run(settings(folder)).state()
    other = tagger.Settings(1, 4, 1e-3, 0, "cpu", folder, (4, 4, 4, 4, 4, 4, 8))
    with pytest.raises(UserError, match="another architecture"):
        tagger.Run(other).load(state)


def test_missing_data_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--(teachers|data)"):
        tagger.main(["--folder", str(tmp_path), "--data", str(tmp_path), "--teachers", str(tmp_path)])


def test_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tagger.main(["--folder", str(tmp_path / "new"), "--dry-run"]) == 0
    assert "minutes" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_renormalised_layers_answer_as_they_will_when_running() -> None:
    """With settled statistics a batch of any make-up gives what running statistics give."""
    torch.manual_seed(0)
    layer = Renorm1d(16)
    for _ in range(300):
        layer(torch.randn(64, 16) * 2 + 1)
    few = torch.randn(4, 16) * 2 + 3
    alone = layer.eval()(few)
    layer.train()
    torch.testing.assert_close(layer(few), alone, rtol=1e-4, atol=1e-4)
    batch_norm = torch.nn.BatchNorm1d(16)
    batch_norm.load_state_dict(layer.state_dict())
    assert (batch_norm(few) - alone).abs().max() > 0.5
