"""Slots: the newest wins, whoever is killed, whenever they attach, however far they counted."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import numpy as np
import pytest
from ipc_killing import kill_after, kill_at_line

from visualizer.ipc.slots import FeatureSlot, FrameSlot, JsonSlot, Slot
from visualizer.ipc.triple import N_SLOTS, TripleSlot, ahead
from visualizer.types import Features, Image

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked writers")


@pytest.fixture
def slot(prefix: str) -> Iterator[Slot]:
    slot = Slot.create(prefix + "slot", 100)
    yield slot
    slot.close()
    slot.unlink()


@pytest.fixture
def frames(prefix: str) -> Iterator[FrameSlot]:
    slot = FrameSlot.create(prefix + "frames", 320, 256)
    yield slot
    slot.close()
    slot.unlink()


def grey(level: int, height_px: int = 256, width_px: int = 320) -> Image:
    return Image(np.full((height_px, width_px, 4), level % 256, np.uint8), level, 2 * level, 3 * level)


def is_whole(image: Image) -> bool:
    """One number runs through all of a `grey` image."""
    n = image.number
    is_one = bool((image.pixels == n % 256).all())
    return is_one and (image.heard_ns, image.made_ns) == (2 * n, 3 * n)


def test_the_newest_wins_and_drops_are_counted(slot: Slot) -> None:
    reader = Slot.attach(slot.name)
    assert reader.read() is None
    assert reader.read_newer(0) is None
    slot.write(b"one")
    counter, value = reader.read_newer(0) or (0, b"")
    assert value == b"one"
    assert reader.read_newer(counter) is None
    for i in range(7):
        slot.write(b"%d" % i)
    assert reader.read_newer(counter) == (counter + 7, b"6")
    assert reader.n_dropped == 6
    assert reader.read() == b"6"
    reader.close()


def test_values_of_any_length_up_to_the_capacity(slot: Slot) -> None:
    for n in (0, 1, 7, 8, 99, 100):
        slot.write(b"x" * n)
        assert slot.read() == b"x" * n
    with pytest.raises(ValueError, match="101 bytes do not fit"):
        slot.write(b"x" * 101)
    assert slot.read() == b"x" * 100


def test_counters_wrap_without_a_jump(prefix: str) -> None:
    slot = Slot.create(prefix + "wrap", 100, counter=2**64 - 4)
    reader, seen, counter = Slot.attach(slot.name), [], 0
    for i in range(10):
        slot.write(b"%d" % i)
        if i % 2:
            counter, value = reader.read_newer(counter) or (0, b"")
            seen.append(value)
    assert seen == [b"1", b"3", b"5", b"7", b"9"]
    assert counter == 7, "0 means empty and is skipped"
    assert reader.n_dropped == 4
    for end in (reader, slot):
        end.close()
    slot.unlink()


def test_distances_across_the_wrap() -> None:
    assert ahead(5, 3) == 2
    assert ahead(3, 5) == -2
    assert ahead(1, 2**64 - 1) == 1
    assert ahead(2**64 - 1, 1) == -1


def test_another_writer_goes_on_where_the_last_one_ended(slot: Slot) -> None:
    for i in range(5):
        slot.write(b"%d" % i)
    before = slot.counter
    again = Slot.attach(slot.name)
    assert again.write(b"new") == before + 1
    assert slot.read() == b"new"
    again.close()


def test_a_damaged_value_is_skipped_for_the_one_before(slot: Slot) -> None:
    slot.write(b"old")
    slot.write(b"new")
    reader = Slot.attach(slot.name)
    newest = max(range(N_SLOTS), key=lambda i: slot._words[slot._at[i]])
    slot._payloads[newest][0] ^= 1
    assert reader.read() == b"old"
    assert reader.n_torn
    assert reader.read_newer(1) is None, "what was seen is not given again"
    reader.close()


def test_what_is_no_slot_is_refused(prefix: str) -> None:
    from visualizer.ipc.memory import Memory

    other = Memory(prefix + "other", 4096)
    with pytest.raises(ValueError, match="holds no slot"):
        Slot.attach(prefix + "other")
    with pytest.raises(FileNotFoundError):
        Slot.attach(prefix + "nothing")
    other.unlink()
    other.close()


@needs_fork
def test_a_writer_killed_at_any_line_leaves_the_last_value(slot: Slot) -> None:
    code = TripleSlot._write.__code__
    slot.write(b"before")
    reader = Slot.attach(slot.name)
    n_lines, n_half_written = 0, 0
    while kill_at_line(code, n_lines, lambda: Slot.attach(slot.name).write(b"killed")):
        assert reader.read() in (b"before", b"killed"), f"killed before line {n_lines}"
        n_half_written += len(slot._counters()) < min(N_SLOTS, n_lines)
        Slot.attach(slot.name).write(b"before")
        assert reader.read() == b"before"
        n_lines += 1
    assert n_lines > 10
    assert n_half_written > 3


@needs_fork
def test_a_frame_writer_killed_at_random_a_hundred_times(frames: FrameSlot) -> None:
    chance = random.Random(1)
    reader, n_interrupted, last = FrameSlot.attach(frames.name), 0, 0
    for _ in range(100):

        def write() -> None:
            writer = FrameSlot.attach(frames.name)
            for _ in range(1000):
                writer.write(grey(writer.counter + 1))

        kill_after(0.001 + 0.004 * chance.random(), write)
        newer = reader.read_newer(last)
        if newer is not None:
            last, image = newer
            assert is_whole(image)
        n_interrupted += len(frames._counters()) < N_SLOTS
    assert n_interrupted > 5, "some kills must have met a write"
    frames_after = FrameSlot.attach(frames.name)
    frames_after.write(grey(77))
    assert reader.read_newer(last) is not None
    for end in (reader, frames_after):
        end.close()


@needs_fork
def test_a_reader_beside_a_flooding_writer_sees_only_whole_frames(frames: FrameSlot) -> None:
    reader, n_frames = FrameSlot.attach(frames.name), 3000
    frames.write(grey(1))
    pid = os.fork()
    if pid == 0:
        for n in range(2, n_frames + 1):
            frames.write(grey(n))
        os._exit(0)
    counter, n_seen, is_over = 0, 0, False
    out = np.empty((256, 320, 4), np.uint8)
    while not is_over:
        is_over = os.waitpid(pid, os.WNOHANG)[0] != 0
        newer = reader.read_newer(counter, out=out)
        if newer is not None:
            assert is_whole(newer[1])
            n_seen += 1 if counter else newer[0]
            counter = newer[0]
    assert counter == n_frames
    assert n_seen + reader.n_dropped == n_frames, "what was not seen is counted"
    reader.close()


def test_frames_keep_their_figures_and_fill_a_given_array(frames: FrameSlot) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (33, 21, 4), dtype=np.uint8)
    frames.write(Image(pixels, 5, -6, 2**62, (3.0, 0.5, 0.15)))
    image = frames.read()
    assert image is not None
    assert np.array_equal(image.pixels, pixels)
    assert (image.number, image.heard_ns, image.made_ns) == (5, -6, 2**62)
    assert image.ages_s == (3.0, 0.5, 0.15)
    out = np.zeros_like(pixels)
    newer = frames.read_newer(0, out=out)
    assert newer is not None and newer[1].pixels is out
    assert np.array_equal(out, pixels)
    wrong = np.zeros((10, 10, 4), np.uint8)
    newer = frames.read_newer(0, out=wrong)
    assert newer is not None and newer[1].pixels.shape == (33, 21, 4)


@pytest.mark.parametrize("shape", [(16, 16, 3), (16, 16), (0, 4, 4), (512, 512, 4)])
def test_only_images_that_fit_are_taken(frames: FrameSlot, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        frames.write(Image(np.zeros(shape, np.uint8), 1, 0, 0))
    assert frames.read() is None


def test_a_strided_image_is_taken_as_it_looks(frames: FrameSlot) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 20, 4), dtype=np.uint8)
    frames.write(Image(pixels[::-2, ::2], 1, 0, 0))
    image = frames.read()
    assert image is not None
    assert np.array_equal(image.pixels, pixels[::-2, ::2])


def test_features_and_json_come_out_as_they_went_in(prefix: str) -> None:
    features, health = FeatureSlot.create(prefix + "f"), JsonSlot.create(prefix + "j", 200)
    features.write(Features(time_ns=12, sample=34, level_dbfs=-20.5, tempo_bpm=120.0))
    heard = FeatureSlot.attach(prefix + "f").read()
    assert heard is not None
    assert (heard.time_ns, heard.sample, heard.level_dbfs, heard.tempo_bpm) == (12, 34, -20.5, 120.0)
    health.write({"fps": np.float32(59.5), "words": ["piano"]})
    assert health.read() == {"fps": 59.5, "words": ["piano"]}
    with pytest.raises(ValueError):
        health.write({"much": "x" * 300})
    with pytest.raises(TypeError):
        health.write({"odd": object()})
    assert health.read() == {"fps": 59.5, "words": ["piano"]}
    for slot in (features, health):
        slot.close()
        slot.unlink()
