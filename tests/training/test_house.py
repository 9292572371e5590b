"""The training house: full disks, weights that are no numbers, states of other networks, two processes."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.training import generator, house, mvnet_hearing, mvnet_run, style  # noqa: E402
from visualizer.training.mvnet_eras import Eras  # noqa: E402
from visualizer.types import UserError  # noqa: E402


@contextmanager
def full_disk(n_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: what a full disk does to one that is being written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_a_sentence_and_leaves_the_state_that_was(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    house.save_atomic(path, {"weight": torch.ones(3)})
    with full_disk(20_000), pytest.raises(UserError, match="free some space"):
        house.save_atomic(path, {"weight": torch.ones(50_000)})
    assert torch.equal(house.load_state(path)["weight"], torch.ones(3))
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"], "half a file is left"


def test_a_full_disk_is_a_sentence_for_sheets_and_statistics(tmp_path: Path) -> None:
    stats = house.Stats(tmp_path / "stats.jsonl", keep=False)
    with full_disk(1_000):
        with pytest.raises(UserError, match="free some space"):
            house.save_sheet(torch.rand(8, 3, 64, 64), tmp_path / "sheet.jpg")
        with pytest.raises(UserError, match="free some space"):
            for i in range(100):
                stats.write(number=i, what="x" * 20)
    assert not list(tmp_path.glob("sheet*"))


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    house.save_atomic(path, {"network": {"weight": torch.ones(3)}})
    with pytest.raises(UserError, match=r"network\.weight is no number"):
        house.save_atomic(path, {"network": {"weight": torch.tensor([1.0, float("nan")])}})
    assert torch.equal(house.load_state(path)["network"]["weight"], torch.ones(3))


def test_a_state_of_another_network_is_a_sentence() -> None:
    layer = torch.nn.Linear(3, 2)
    for state in ({}, {"layer": {"weight": torch.ones(2, 5), "bias": torch.ones(2)}}, {"layer": None}):
        with pytest.raises(UserError, match="without --resume"):
            house.load_part(layer, state, "layer")


@pytest.mark.parametrize("training", ["generator", "mvnet", "hearing", "style"])
def test_the_state_of_another_training_is_a_sentence(training: str) -> None:
    cpu = torch.device("cpu")
    resume = {
        "generator": lambda state: generator.Run.from_state(state, cpu),
        "mvnet": lambda state: mvnet_run.Run.from_state(state, cpu),
        "hearing": lambda state: mvnet_hearing.Heard.from_state(state, Eras((1700, 1800), 1900), cpu),
        "style": style.Run.from_state,
    }[training]
    foreign = {"settings": {"warmth": 3}, "shape": {"corners": 5}, "power": 0.25, "seed": 1, "counters": {}}
    for state in ({}, foreign):
        with pytest.raises(UserError, match="without --resume"):
            resume(state)


WORKERS = """
import sys, torch
from visualizer.networks.stylegan2 import GeneratorShape
from visualizer.training import generator, parallel
torch.set_num_threads(1)
device = parallel.join("cpu")
run = generator.Run(GeneratorShape(64, (8, 8, 8, 8, 8), n_w=16), generator.Settings(n_batch=2), device)
parallel.copy_from_first(run.generator, run.average, run.judge)
parallel.part_ways(0)
real = torch.rand(2, 3, 64, 64) * 2 - 1
for _ in range(2):
    generator.step(run, real, torch.float32)
sums = {str(parallel.rank()): float(sum(p.abs().sum() for p in run.generator.parameters()))}
both = parallel.agree({"sum": sums[str(parallel.rank())], "noise": float(real.mean())})
assert abs(both["sum"] - sums[str(parallel.rank())]) < 1e-3 * both["sum"], "weights have come apart"
assert abs(both["noise"] - float(real.mean())) > 1e-6, "both saw the same"
assert run.counters.n_images == 8 and parallel.decide(parallel.rank() == 0)
if parallel.is_first():
    open(sys.argv[1], "w").write("met")
parallel.leave()
"""


@pytest.mark.timeout(240)
def test_two_processes_take_the_same_steps_on_different_pictures(tmp_path: Path) -> None:
    script, told = tmp_path / "workers.py", tmp_path / "told.txt"
    script.write_text(WORKERS, "utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*torchrun, str(script), str(told)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
        env={
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "OMP_NUM_THREADS": "1",
            "PATH": "/usr/bin",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert told.read_text("utf-8") == "met"
