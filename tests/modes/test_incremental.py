"""Hearing tick by tick gives what hearing the whole window gives, at a bounded part of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer import runtime
from visualizer.checkpoints.cards import CATCH_UP, MODEL, TICK, find_model
from visualizer.modes import incremental
from visualizer.modes.hearing import Heard, Hearing
from visualizer.modes.incremental import SlidingTagger, WholeTagger
from visualizer.modes.networks import TAGGER
from visualizer.paths import MODELS
from visualizer.types import Float32

torch = pytest.importorskip("torch", reason="the tagger's torch module is the reference here")

N_COLUMNS, SILENCE_DB = 231, -100.0
MOST_ERROR = 1e-4
N_AT_ONCE, N_WHOLE = 8, 112
"""Ticks of a catch-up run, and those that fill a window of which nothing is known."""

HAS_GRAPHS = (MODELS / TAGGER / TICK).exists()
needs_graphs = pytest.mark.skipif(not HAS_GRAPHS, reason="no tagger with a tick's graph ships")


class Module:
    """A torch module as a runtime."""

    name, reason = "torch", "a test"

    def __init__(self, module: Any, given: Mapping[str, Any], outputs: tuple[str, ...]) -> None:
        self._module, self._outputs = module.eval(), outputs
        self.inputs = {name: tuple(value.shape) for name, value in given.items()}
        made = self.run({name: value.numpy() for name, value in given.items()})
        self.outputs = {name: value.shape for name, value in made.items()}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        assert {name: value.shape for name, value in inputs.items()} == self.inputs
        with torch.inference_mode():
            made = self._module(
                *(torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in self.inputs)
            )
        return {name: value.numpy() for name, value in zip(self._outputs, made, strict=True)}

    def close(self) -> None:
        self._module = None


@pytest.fixture(scope="module")
def taggers() -> tuple[Callable[[], SlidingTagger], WholeTagger]:
    """A narrow tagger of lively weights: what makes sliding ones of it, and the whole."""
    from visualizer.networks.tagger import ShortChunkCNN
    from visualizer.networks.tagger_sliding import CatchUp, Tick

    torch.manual_seed(0)
    network = ShortChunkCNN((8, 8, 8, 8, 8, 8, 16)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.normal_(module.bias, 0, 0.5)
    folded = network.fold_batchnorm()
    runtimes = [Module(form, form.example_inputs(), form.outputs) for form in (Tick(folded), CatchUp(folded))]
    whole = Module(folded, {"mel": torch.zeros(1, 1, 128, N_COLUMNS)}, ("embedding", "tags"))
    return lambda: SlidingTagger(*runtimes), WholeTagger(whole)


def _music(seed: int, n_columns: int) -> Float32:
    """Columns (128, n) in dB that differ from one another."""
    random = np.random.default_rng(seed)
    return (random.uniform(-90, 20, (128, n_columns)) * random.uniform(0.2, 1, (1, n_columns))).astype(
        np.float32
    )


def _error(ours: Float32, whole: Float32) -> float:
    return float(np.abs(ours - whole).max() / np.abs(whole).max())


MOVES = st.one_of(st.just(1), st.integers(0, 12), st.integers(0, 130))
"""Ticks from one window to the next."""


@settings(deadline=None, max_examples=12)
@given(st.lists(st.tuples(MOVES, st.sampled_from(["on", "on", "on", "new", "silent", "nan"])), max_size=8))
def test_any_windows_are_heard_as_the_whole_hears_them(
    taggers: tuple[Callable[[], SlidingTagger], WholeTagger], events: list[tuple[int, str]]
) -> None:
    make, whole = taggers
    sliding, sound, at = make(), _music(0, 4000), 0
    n_most = 0
    for i, (n_ticks, what) in enumerate([(0, "new"), *events, (1, "on")]):
        at += 2 * n_ticks
        if what == "new":
            sound, at = _music(i + 1, 4000), 0
        elif what == "silent":
            sound[:, at - 2 * n_ticks + N_COLUMNS :] = SILENCE_DB
        window = sound[:, at : at + N_COLUMNS].copy()
        if what == "nan":
            sliding.hear(np.where(window < -50, np.nan, window).astype(np.float32))
            n_most += 2 * N_WHOLE
        embedding, tags = sliding.hear(window)
        wanted, wanted_tags = whole.hear(window)
        assert _error(embedding, wanted) < MOST_ERROR and _error(tags, wanted_tags) < MOST_ERROR
        n_most += N_WHOLE if what == "new" or n_ticks > N_WHOLE else n_ticks + N_AT_ONCE - 1
    assert sliding.n_ticks <= 2 * (len(events) + 2)
    assert sliding.n_catch_ups * N_AT_ONCE <= n_most


def test_a_window_that_goes_on_costs_one_tick(
    taggers: tuple[Callable[[], SlidingTagger], WholeTagger],
) -> None:
    sliding, sound = taggers[0](), _music(3, 1000)
    for tick in range(30):
        sliding.hear(sound[:, 2 * tick : 2 * tick + N_COLUMNS])
    assert (sliding.n_ticks, sliding.n_catch_ups) == (30, N_WHOLE // N_AT_ONCE), "filled once, at the first"
    sliding.hear(sound[:, 70 : 70 + N_COLUMNS])
    assert (sliding.n_ticks, sliding.n_catch_ups) == (31, N_WHOLE // N_AT_ONCE + 1), "six in one go"


def test_a_run_that_fails_leaves_nothing_half_done(
    taggers: tuple[Callable[[], SlidingTagger], WholeTagger], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, whole = taggers
    sliding, sound = make(), _music(4, 400)
    sliding.hear(sound[:, :N_COLUMNS])
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(Module, "run", _fail)
        sliding.hear(sound[:, 2 : 2 + N_COLUMNS])
    window = sound[:, 4 : 4 + N_COLUMNS]
    assert _error(sliding.hear(window)[0], whole.hear(window)[0]) < MOST_ERROR


def _fail(*_: object) -> None:
    raise RuntimeError("out of memory")


@settings(deadline=None, max_examples=6)
@given(
    st.lists(st.tuples(st.integers(1, 6000), st.booleans()), min_size=1, max_size=6),
    st.sampled_from([None, 1, 2]),
    st.integers(0, 5),
)
def test_hearing_is_the_same_with_resets_gaps_and_bad_samples(
    taggers: tuple[Callable[[], SlidingTagger], WholeTagger],
    blocks: list[tuple[int, bool]],
    n_most: int | None,
    bad_block: int,
) -> None:
    make, whole = taggers
    random = np.random.default_rng(7)
    ours, reference = Hearing(make().hear), Hearing(whole.hear)
    for i, (n, is_reset) in enumerate(blocks):
        block = (0.1 * random.standard_normal(n)).astype(np.float32)
        if i == bad_block:
            block[::3], block[1::3] = np.nan, np.inf
        if is_reset:
            ours.reset()
            reference.reset()
        for a, b in zip(ours.push(block, n_most), reference.push(block, n_most), strict=True):
            assert a.sample == b.sample and np.isfinite(a.embedding).all()
            assert _error(a.embedding, b.embedding) < MOST_ERROR
            np.testing.assert_allclose(a.tags, b.tags, atol=MOST_ERROR)


@needs_graphs
@pytest.mark.parametrize("prefer", [name for name in runtime.installed() if name != "torch"])
def test_what_ships_hears_as_its_whole_window_does(prefer: str) -> None:
    model = find_model(TAGGER)
    whole = runtime.load(model.onnx_path, threads=1, prefer=prefer, fallback=False)
    with (
        closing(WholeTagger(whole)) as reference,
        closing(incremental.load(model, 1, "fp32", prefer)) as ours,
    ):
        assert isinstance(ours, SlidingTagger) and ours.name == reference.name
        for a, b in zip(_heard(ours), _heard(reference), strict=True):
            assert _error(a.embedding, b.embedding) < MOST_ERROR and _error(a.tags, b.tags) < MOST_ERROR


def _heard(tagger: incremental.Tagger) -> Iterator[Heard]:
    """A second and a half of noise and tone, with a skip of eleven ticks."""
    time_s = np.arange(24_000) / Hearing.RATE_HZ
    noise = np.random.default_rng(1).standard_normal(len(time_s)) * 0.05
    sound = (0.3 * np.sin(2 * np.pi * 330 * time_s) + noise).astype(np.float32)
    hearing = Hearing(tagger.hear)
    yield from hearing.push(sound[:4000])
    yield from hearing.push(sound[4000:10_000], 1)
    yield from hearing.push(sound[10_000:13_000])


@needs_graphs
def test_a_tick_is_less_than_a_sixth_of_the_work() -> None:
    pytest.importorskip("onnx", reason="counting the work needs the extra `train`")
    from visualizer.checkpoints.work import count_macs

    whole, tick, catch_up = (count_macs(MODELS / TAGGER / file) for file in (MODEL, TICK, CATCH_UP))
    assert whole == pytest.approx(2773e6, rel=1e-3), "the paper's full width"
    assert whole / tick > 6
    assert catch_up / N_AT_ONCE < whole / 40, "a skipped tick"
    assert N_WHOLE / N_AT_ONCE * catch_up + tick < 2.6 * whole, "a new window"


@needs_graphs
def test_a_tagger_without_a_ticks_graph_hears_whole_windows() -> None:
    model = find_model(TAGGER)
    older = replace(model, card=replace(model.card, graphs=model.card.graphs[:1]))
    with closing(incremental.load(older, 1, "fp32", "onnxruntime")) as tagger:
        assert isinstance(tagger, WholeTagger) and tagger.hear(_music(1, N_COLUMNS))[0].shape == (512,)
