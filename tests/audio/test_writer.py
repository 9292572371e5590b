"""Pacing by the clock, silence that keeps time going, and glitches found without any flag."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from visualizer.audio.sources import RATE_HZ
from visualizer.audio.stream import GlitchCounter
from visualizer.audio.writer import N_PULLED, Pacer, RingWriter
from visualizer.clock import NS_PER_S


class ListRing:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.times: list[int] = []

    def write(self, block: np.ndarray, time_ns: int) -> None:
        self.blocks.append(block.copy())
        self.times.append(time_ns)

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate(self.blocks) if self.blocks else np.zeros((0, 2), np.float32)


class Counting:
    """A source whose samples are their own index; ends after `n`."""

    name, kind, rate_hz, n_channels = "counting", "file", RATE_HZ, 2

    def __init__(self, n: int) -> None:
        self.n, self.at = n, 0

    def read(self, n: int) -> np.ndarray:
        n = min(n, self.n - self.at)
        block = np.repeat(np.arange(self.at, self.at + n, dtype=np.float32)[:, None], 2, axis=1)
        self.at += n
        return block


def test_pacing_loses_nothing_and_does_not_drift() -> None:
    ring = ListRing()
    pacer = Pacer(Counting(10**9), RingWriter(ring, 0), 0)
    rng = np.random.default_rng(1)
    now_ns = 0
    while now_ns < 60 * NS_PER_S:
        now_ns += int(rng.integers(1_000_000, 40_000_000))
        pacer.feed(now_ns)
        late = now_ns * RATE_HZ // NS_PER_S - len(ring.samples) if rng.random() < 0.01 else 0
        assert 0 <= late < N_PULLED
    assert np.array_equal(ring.samples[:, 0], np.arange(len(ring.samples)))
    expected_ns = np.cumsum([len(b) for b in ring.blocks]) * NS_PER_S // RATE_HZ
    assert np.abs(np.array(ring.times) - expected_ns).max() <= 1


def test_a_short_stall_is_caught_up_and_a_long_one_is_waited_out() -> None:
    ring = ListRing()
    pacer = Pacer(Counting(10**9), RingWriter(ring, 0), 0)
    pacer.feed(2 * NS_PER_S)
    assert len(ring.samples) == 2 * RATE_HZ // N_PULLED * N_PULLED
    pacer.feed(3_600 * NS_PER_S)
    assert len(ring.samples) < 3 * RATE_HZ
    pacer.feed(3_601 * NS_PER_S)
    assert len(ring.samples) == pytest.approx(3 * RATE_HZ, abs=2 * N_PULLED)
    assert np.array_equal(ring.samples[:, 0], np.arange(len(ring.samples)))


def test_the_end_of_a_file_is_noticed_after_its_last_sample() -> None:
    ring = ListRing()
    pacer = Pacer(Counting(1_000), RingWriter(ring, 0), 0)
    pacer.feed(NS_PER_S)
    assert pacer.ended and len(ring.samples) == 1_000


def test_silence_goes_at_the_pace_of_the_clock() -> None:
    ring = ListRing()
    writer = RingWriter(ring, 0)
    for now_ns in range(0, 3 * NS_PER_S + 1, 7_000_000):
        while writer.fill(now_ns):
            pass
    assert len(ring.samples) == pytest.approx(3 * RATE_HZ, abs=0.02 * RATE_HZ)
    assert not ring.samples.any()
    assert writer.n_silence == len(ring.samples)
    assert ring.times[-1] <= 3 * NS_PER_S


def test_of_a_long_sleep_only_the_last_seconds_are_filled() -> None:
    ring = ListRing()
    writer, now_ns = RingWriter(ring, 0), 8 * 3600 * NS_PER_S
    while writer.fill(now_ns):
        continue
    assert 4.9 * RATE_HZ < writer.n_silence <= 5.0 * RATE_HZ
    assert ring.times[-1] == pytest.approx(now_ns, abs=0.02 * NS_PER_S)


def test_a_device_writes_only_while_it_is_accepted_and_never_waits() -> None:
    ring = ListRing()
    writer = RingWriter(ring, 0)
    block = np.ones((128, 2), np.float32)
    writer.write_device(block, 1)
    assert not ring.blocks
    writer.accept_device(True)
    writer.write_device(block, 2)
    assert (writer.n_device, writer.n_refused) == (128, 0)

    entered, leave = threading.Event(), threading.Event()

    class SlowRing:
        def write(self, block: np.ndarray, time_ns: int) -> None:
            entered.set()
            leave.wait(10)

    slow = RingWriter(SlowRing(), 0)
    slow.accept_device(True)
    filler = threading.Thread(target=slow.fill, args=(NS_PER_S,))
    filler.start()
    entered.wait(10)
    slow.write_device(block, 3)  # would hang here if it waited
    leave.set()
    filler.join()
    assert slow.n_refused == 128


def deliver(
    counter: GlitchCounter, seconds: float, start_s: float = 0, n_start: int = 0, rate: float = 48_000
) -> int:
    """Bursts of four blocks of 128, as a sound server delivers them; returns the samples so far."""
    n = n_start
    for burst in range(round(seconds * 48_000 / 512)):
        n += 512
        counter.check(n, round((start_s + (burst + 1) * 512 / rate) * NS_PER_S))
    return n


def test_no_glitch_in_bursts_nor_between_honest_clocks() -> None:
    for rate in (48_000 * 1.0002, 48_000, 48_000 * 0.9998):
        counter = GlitchCounter(48_000)
        deliver(counter, 600, rate=rate)
        assert counter.n_glitches == 0


def test_missing_seconds_are_found_once() -> None:
    counter = GlitchCounter(48_000)
    n = deliver(counter, 5)
    n = deliver(counter, 5, start_s=5.5, n_start=n)
    assert counter.n_glitches == 1
    assert counter.n_missing == pytest.approx(24_000, rel=0.05)
    deliver(counter, 5, start_s=10.7, n_start=n)
    assert counter.n_glitches == 2


def test_late_but_complete_is_no_glitch() -> None:
    counter = GlitchCounter(48_000)
    n = deliver(counter, 5)
    counter.check(n + 512, round(5.4 * NS_PER_S))  # a busy machine: 400 ms late, then all of it at once
    counter.check(n + 19_200, round(5.41 * NS_PER_S))
    deliver(counter, 5, start_s=5.41, n_start=n + 19_200)
    assert counter.n_glitches == 0
