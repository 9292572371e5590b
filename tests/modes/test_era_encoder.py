"""Seeing tick by tick gives what seeing the whole window gives, at a bounded part of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer import runtime
from visualizer.checkpoints.cards import ENDS, MODEL, STAGES, find_model
from visualizer.modes import era_encoder
from visualizer.modes.era_encoder import SlidingEncoder
from visualizer.paths import MODELS
from visualizer.types import Float32

MVNET = "mvnet-house"
MOST_ERROR = 1e-4
N_STREAM = 1100
TURNS = (2, 4, 8, 16)
"""Ticks until each stage has had all its turns."""

pytestmark = pytest.mark.skipif(not (MODELS / MVNET / ENDS[0]).exists(), reason="no MVNet with stages ships")


@pytest.fixture(scope="module")
def ours() -> Iterator[SlidingEncoder]:
    """The shipped encoder; it goes from test to test as it was left, which its law allows."""
    with closing(era_encoder.load(find_model(MVNET), 1, "fp32")) as encoder:
        assert isinstance(encoder, SlidingEncoder)
        yield encoder


@pytest.fixture(scope="module")
def whole() -> Iterator[Callable[[Float32], Float32]]:
    """All stages on the whole window, each time."""
    folder = find_model(MVNET).folder
    with ExitStack() as stack:
        stages = [stack.enter_context(closing(runtime.load(folder / file, threads=1))) for file in STAGES]

        def see(window: Float32) -> Float32:
            columns = window.transpose(2, 1, 0)[np.newaxis]
            for stage in stages:
                columns = stage.run({"columns": columns})["made"]
            return columns[0, ..., 0].T.ravel().copy()

        yield see


def _stream(seed: int) -> Float32:
    """Power (128, n) of mean 1, every column another."""
    random = np.random.default_rng(seed)
    power = np.exp(2 * random.normal(size=(128, N_STREAM)) + np.sin(np.arange(N_STREAM) / 20))
    return (power / power.mean()).astype(np.float32)


def _window(stream: Float32, at: int) -> Float32:
    """The window (3, 128, 256) that begins at a column."""
    return np.stack([stream[:, at + 256 * i : at + 256 * (i + 1)] for i in range(3)])


def _is_same(got: Float32, wanted: Float32) -> bool:
    return bool(np.abs(got - wanted).max() <= MOST_ERROR * np.abs(wanted).max())


def test_the_stages_are_the_encoder(whole: Callable[[Float32], Float32]) -> None:
    window = _window(_stream(1), 5)
    window /= window.mean(dtype=np.float64).astype(np.float32)
    with closing(runtime.load(find_model(MVNET).folder / MODEL, threads=1)) as encoder:
        wanted = encoder.run({"mel": window[np.newaxis]})["v"].ravel()
        assert _is_same(whole(window), wanted)


_STEP = st.one_of(
    st.integers(1, 20).map(lambda n: ("ticks", n)),
    st.integers(0, 12).map(lambda n: ("skip", n)),
    st.integers(0, 60).map(lambda n: ("jump", n)),
    st.sampled_from((0.5, 0.9, 1.4)).map(lambda gain: ("level", gain)),
)


@settings(deadline=None, max_examples=8)
@given(st.lists(_STEP, min_size=1, max_size=6), st.integers(0, 9))
def test_tick_by_tick_is_the_whole_window(
    ours: SlidingEncoder,
    whole: Callable[[Float32], Float32],
    steps: list[tuple[str, float]],
    seed: int,
) -> None:
    stream, at = _stream(seed), 0
    for kind, amount in steps:
        if kind == "level":
            stream = stream * np.float32(amount)
        at += {"skip": 3 * int(amount), "jump": int(amount)}.get(kind, 0)
        for _ in range(int(amount) if kind == "ticks" else 1):
            at = at if at + 768 <= N_STREAM else 0
            window = _window(stream, at)
            assert _is_same(ours.see(window), whole(window)), (kind, at)
            at += 3


def test_steady_music_costs_the_ends_alone(ours: SlidingEncoder) -> None:
    stream = _stream(20)
    for tick in range(TURNS[-1] + 20):
        ends, wholes = ours.n_ends_run, ours.n_wholes_run
        ours.see(_window(stream, 3 * tick))
        is_whole = tuple(after - before for before, after in zip(wholes, ours.n_wholes_run, strict=True))
        is_end = tuple(after - before for before, after in zip(ends, ours.n_ends_run, strict=True))
        assert is_whole == tuple(int(tick < n) for n in TURNS), tick
        assert is_end == tuple(1 - n for n in is_whole)


def test_a_skipped_tick_costs_each_stage_one_whole_run(ours: SlidingEncoder) -> None:
    stream = _stream(21)
    for tick in range(20):
        ours.see(_window(stream, 3 * tick))
    before = ours.n_wholes_run
    for tick in range(21, 21 + 40):
        ours.see(_window(stream, 3 * tick))
    assert [after - n for n, after in zip(before, ours.n_wholes_run, strict=True)] == [1, 1, 1, 1]


def test_the_same_window_again_costs_nothing(ours: SlidingEncoder) -> None:
    window = _window(_stream(22), 0)
    first = ours.see(window)
    before = ours.n_ends_run, ours.n_wholes_run
    np.testing.assert_array_equal(ours.see(window.copy()), first)
    assert (ours.n_ends_run, ours.n_wholes_run) == before


def test_a_tick_is_a_quarter_of_the_work() -> None:
    count_macs = pytest.importorskip(
        "visualizer.checkpoints.work", reason="counting needs the extra `train`"
    ).count_macs
    folder = find_model(MVNET).folder
    ends, wholes = (sum(count_macs(folder / file) for file in files) for files in (ENDS, STAGES))
    assert wholes == count_macs(folder / MODEL)
    assert 4 * ends < wholes
