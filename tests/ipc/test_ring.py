"""The audio ring: every sample is delivered as it was written, or counted as lost."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipc_killing import kill_after, kill_at_line

from visualizer.ipc.ring import AudioRing, Block
from visualizer.ipc.ring_store import RingStore
from visualizer.ipc.spec import make_prefix

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked writers")
WRAP = 2**64
RATE_HZ = 1000
NS_PER_SAMPLE = 1_000_000


def counting(first: int, n: int) -> np.ndarray:
    """Samples that tell their own index: left the low, right the high part."""
    index = np.arange(first, first + n)
    return np.stack([index % 4096, index // 4096], axis=1).astype(np.float32)


def write(ring: AudioRing, n: int, base: int = 0) -> None:
    at = (ring.n_written - base) % WRAP
    ring.write(counting(at, n), (at + n) * NS_PER_SAMPLE)


def assert_true(block: Block, base: int = 0) -> None:
    """What the block says of itself is what its samples say."""
    at = (block.first - base) % WRAP
    n = len(block.samples)
    assert np.array_equal(block.samples, counting(at, n))
    assert block.time_ns == (at + n) * NS_PER_SAMPLE


@pytest.fixture
def ring(prefix: str) -> Iterator[AudioRing]:
    ring = AudioRing.create(prefix + "ring", RATE_HZ, 0.2)
    yield ring
    ring.close()
    ring.unlink()


Action = tuple[str, int]
actions = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 400)),
        st.tuples(st.just("read"), st.integers(1, 300)),
        st.tuples(st.just("read all"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(actions, st.sampled_from([0, 12345, WRAP - 1, WRAP - 300, WRAP - 2]))
def test_every_sample_is_delivered_once_or_counted(todo: list[Action], base: int) -> None:
    ring = AudioRing.create(make_prefix() + "prop", RATE_HZ, 0.2, first=base)
    try:
        reader, n_written, n_read, n_lost = AudioRing.attach(ring.name).reader(), 0, 0, 0
        epochs: list[int] = []

        def read(max_n: int | None) -> int:
            nonlocal n_read, n_lost
            block = reader.read(max_n)
            n = len(block.samples)
            if n:
                assert_true(block, base)
                n_lost += block.n_lost
                assert (block.first - base) % WRAP == n_read + n_lost
                epochs.append(block.epoch)
                n_read += n
            else:
                assert block.n_lost == 0
            assert max_n is None or n <= max_n
            return n

        for what, n in todo:
            if what == "write":
                write(ring, n, base)
                n_written += n
            elif what == "restart":
                ring.restart()
            else:
                read(n or None)
        while read(None):
            continue
        assert n_read + n_lost == n_written
        assert reader.n_lost == n_lost
        assert reader.n_torn == 0
        assert reader.n_waiting == 0
        assert epochs == sorted(epochs)
    finally:
        ring.close()
        ring.unlink()


def test_a_reader_in_time_loses_nothing_over_many_rounds(ring: AudioRing) -> None:
    reader, n = ring.reader(), 0
    for i in range(300):
        write(ring, 1 + i % 64)
        block = reader.read()
        assert_true(block)
        n += len(block.samples)
    assert n == ring.n_written
    assert n > 10 * ring.capacity
    assert reader.n_lost == 0


def test_a_late_reader_begins_at_the_newest_unless_told_otherwise(ring: AudioRing) -> None:
    write(ring, 50)
    write(ring, 50)
    newest, from_30 = AudioRing.attach(ring.name).reader(), ring.reader(first=30)
    assert len(newest.read().samples) == 0
    block = from_30.read()
    assert (block.first, len(block.samples), block.n_lost) == (30, 70, 0)
    assert_true(block)
    write(ring, 10)
    assert_true(newest.read())
    write(ring, 1000)
    block = ring.reader(first=0).read()
    assert block.first == block.n_lost > 0, "what has gone is counted for who asked for it"
    assert block.first + len(block.samples) == 1110


def test_part_of_a_block_has_the_time_of_its_own_newest_sample(ring: AudioRing) -> None:
    reader = ring.reader()
    write(ring, 64)
    assert [reader.read(25).time_ns // NS_PER_SAMPLE for _ in range(4)] == [25, 50, 64, 64]


def test_a_block_never_spans_two_streams(ring: AudioRing) -> None:
    reader = ring.reader()
    ring.restart()
    write(ring, 10)
    ring.restart(44100)
    write(ring, 10)
    first, second = reader.read(), reader.read()
    assert (first.epoch, first.rate_hz, len(first.samples)) == (1, RATE_HZ, 10)
    assert (second.epoch, second.rate_hz, second.first, second.n_lost) == (2, 44100, 10, 0)
    assert ring.rate_hz == 44100


def test_one_channel_is_doubled_and_a_long_block_is_taken_whole(ring: AudioRing) -> None:
    reader = ring.reader()
    ring.write(np.arange(5, dtype=np.float32)[:, None], 5)
    assert np.array_equal(reader.read().samples, np.repeat(np.arange(5, dtype=np.float32)[:, None], 2, 1))
    ring.write(np.zeros((0, 2), np.float32), 5)
    assert len(reader.read().samples) == 0
    write(ring, 10 * ring.capacity)
    block = reader.read()
    assert_true(block)
    assert block.n_lost + len(block.samples) == 10 * ring.capacity


def test_what_does_not_match_its_checksum_is_lost_not_delivered(ring: AudioRing) -> None:
    reader = ring.reader()
    for _ in range(3):
        write(ring, 10)
    ring._samples[15, 0] += 1
    assert (reader.read().first, reader.position) == (0, 10)
    block = reader.read()
    assert (block.first, len(block.samples), block.n_lost) == (20, 10, 10)
    assert (reader.n_torn, reader.n_lost) == (10, 10)


@needs_fork
def test_a_writer_killed_at_any_line_harms_nobody(ring: AudioRing) -> None:
    reader, n_lines, n_read = ring.reader(), 0, 0
    ring.restart()

    def work() -> None:
        writer = AudioRing.attach(ring.name)
        writer.restart()
        write(writer, 7)

    while kill_at_line(RingStore._append.__code__, n_lines, work):
        write(AudioRing.attach(ring.name), 5)
        while len((block := reader.read()).samples):
            assert_true(block)
            assert block.n_lost == 0
            n_read += len(block.samples)
        n_lines += 1
    assert n_lines > 10
    n_read += len(reader.read().samples)
    assert n_read == ring.n_written
    assert ring.epoch == n_lines + 2


@needs_fork
def test_writers_killed_at_random_and_started_again(prefix: str) -> None:
    ring = AudioRing.create(prefix + "kill", RATE_HZ, 8)
    reader, chance, n_read = ring.reader(), random.Random(2), 0
    for _ in range(60):

        def work() -> None:
            writer = AudioRing.attach(ring.name)
            writer.restart()
            while True:
                write(writer, 100)

        kill_after(0.001 + 0.003 * chance.random(), work)
        while len((block := reader.read()).samples):
            assert_true(block)
            n_read += len(block.samples)
    assert n_read + reader.n_lost == ring.n_written
    assert n_read > 10_000
    assert reader.n_torn == 0
    ring.close()
    ring.unlink()


@needs_fork
def test_a_reader_that_is_too_slow_gets_the_rest_whole_and_the_loss_counted(prefix: str) -> None:
    ring = AudioRing.create(prefix + "slow", RATE_HZ, 1)
    reader, n_read, n_lost = ring.reader(), 0, 0
    pid = os.fork()
    if pid == 0:
        for i in range(4000):
            write(ring, 32 + i % 64)
        os._exit(0)
    is_over = False
    while not is_over:
        is_over = os.waitpid(pid, os.WNOHANG)[0] != 0
        while len((block := reader.read(max_n=50)).samples):
            assert_true(block)
            n_read, n_lost = n_read + len(block.samples), n_lost + block.n_lost
    assert n_read + n_lost == ring.n_written
    assert reader.n_lost == n_lost
    ring.close()
    ring.unlink()
