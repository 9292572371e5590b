"""Sources: every format, streaming, loops, the choice by text, and one sentence for each bad input."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from visualizer.audio import sources
from visualizer.audio.devices import Device
from visualizer.audio.sources import FileSource, open_source, parse_channels, read_all
from visualizer.types import UserError

SECONDS = 2.0


def tones(rate_hz: int, seconds: float = SECONDS) -> np.ndarray:
    """440 Hz on the left, 660 Hz on the right."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return 0.4 * np.stack([np.sin(2 * np.pi * 440 * t), np.sin(2 * np.pi * 660 * t)], 1).astype(np.float32)


def encode(path: Path, codec: str, rate_hz: int, samples: np.ndarray) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="stereo")
        planes = np.ascontiguousarray(samples.T)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


def make(folder: Path, extension: str, rate_hz: int = 44_100) -> Path:
    path = folder / f"song.{extension}"
    if extension in ("m4a", "mp3"):
        return encode(path, {"m4a": "aac", "mp3": "mp3"}[extension], rate_hz, tones(rate_hz))
    soundfile.write(path, tones(rate_hz), rate_hz)
    return path


def peak_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * sources.RATE_HZ / len(samples))


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3", "m4a"])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_every_format_is_heard_at_48_khz_in_stereo(tmp_path: Path, extension: str, rate_hz: int) -> None:
    source = FileSource(make(tmp_path, extension, rate_hz))
    heard = read_all(source)
    assert heard.dtype == np.float32 and heard.shape[1] == 2
    assert len(heard) == pytest.approx(SECONDS * 48_000, abs=3_000)  # lossy coders pad
    assert source.duration_s == pytest.approx(SECONDS, abs=0.1)
    assert peak_hz(heard[10_000:58_000, 0]) == pytest.approx(440, abs=2)
    assert peak_hz(heard[10_000:58_000, 1]) == pytest.approx(660, abs=2)
    rms = np.sqrt(np.mean(heard[10_000:58_000] ** 2))
    assert rms == pytest.approx(0.4 / np.sqrt(2), rel=0.05)
    assert source.ended and not len(source.read(100))


def test_wav_at_48_khz_comes_bit_exact_in_any_portions(tmp_path: Path) -> None:
    sent = np.random.default_rng(1).uniform(-1, 1, (20_011, 2)).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", sent, 48_000, subtype="FLOAT")
    for n_block in (1_000, 4_096, 7, 50_000):
        assert np.array_equal(
            np.concatenate(list(sources.iterate(FileSource(tmp_path / "noise.wav"), n_block))), sent
        )


def test_resampled_reading_in_portions_equals_the_whole(tmp_path: Path) -> None:
    path = make(tmp_path, "flac")
    whole = read_all(FileSource(path))
    assert np.array_equal(np.concatenate(list(sources.iterate(FileSource(path), 333))), whole)
    rewound = FileSource(path)
    rewound.read(1_000)
    rewound.rewind()
    assert np.array_equal(read_all(rewound), whole)


def test_loop_goes_on_without_a_seam(tmp_path: Path) -> None:
    sent = np.random.default_rng(2).uniform(-1, 1, (5_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", sent, 48_000, subtype="FLOAT")
    source = FileSource(tmp_path / "noise.wav", loop=True)
    assert np.array_equal(read_all(source, n_max=12_500), np.concatenate([sent, sent, sent[:2_500]]))
    assert not source.ended


def test_a_file_that_vanishes_while_it_loops_ends(tmp_path: Path) -> None:
    path = make(tmp_path, "wav", 48_000)
    source = FileSource(path, loop=True)
    source.read(1_000)
    path.write_bytes(b"")
    assert len(read_all(source, n_max=1_000_000)) < 200_000
    assert source.ended


def test_mono_is_heard_on_both_sides_and_channels_can_be_chosen(tmp_path: Path) -> None:
    four = np.random.default_rng(2).uniform(-1, 1, (3_000, 4)).astype(np.float32)
    soundfile.write(tmp_path / "four.wav", four, 48_000, subtype="FLOAT")
    soundfile.write(tmp_path / "mono.wav", four[:, 0], 48_000, subtype="FLOAT")
    assert np.array_equal(read_all(FileSource(tmp_path / "four.wav", channels=(3, 4))), four[:, 2:])
    assert np.array_equal(read_all(FileSource(tmp_path / "mono.wav")), np.repeat(four[:, :1], 2, 1))
    with pytest.raises(UserError, match="has 4 channels"):
        FileSource(tmp_path / "four.wav", channels=(4, 5))


def test_a_cut_file_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, (10 * 44_100, 2))
    for extension in ("flac", "mp3", "ogg"):
        path = tmp_path / f"noise.{extension}"
        soundfile.write(path, noise, 44_100)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert 100_000 < len(read_all(FileSource(path))) < 400_000


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.mp3").write_text("no music here\n" * 200)
    soundfile.write(folder / "soundless.wav", np.zeros((0, 2)), 48_000)
    return {
        "missing": (folder / "missing.wav", "There is no file"),
        "empty": (folder / "empty.wav", "is empty"),
        "text": (folder / "text.mp3", "holds no sound"),
        "soundless": (folder / "soundless.wav", "holds no sound"),
        "folder": (folder, "is a folder"),
    }


@pytest.mark.parametrize("case", ["missing", "empty", "text", "soundless", "folder"])
def test_bad_files_give_one_sentence(tmp_path: Path, case: str) -> None:
    path, expected = bad_files(tmp_path)[case]
    with pytest.raises(UserError, match=expected) as raised:
        open_source(f"file:{path}")
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)


def test_a_picture_has_no_sound(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "picture.png")
    with pytest.raises(UserError, match="holds no sound"):
        FileSource(tmp_path / "picture.png")


def test_demo_loops_and_lasts() -> None:
    source = open_source("demo")
    assert isinstance(source, sources.DemoSource) and source.kind == "demo" and source.loop
    assert source.duration_s > 60
    assert np.abs(source.read(5 * 48_000)).max() > 0.01


def test_a_missing_demo_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("visualizer.paths.ASSETS", tmp_path)
    with pytest.raises(UserError, match="demo track is missing"):
        open_source("demo")


SCARLETT = Device("portaudio:ALSA:Scarlett", "Scarlett 18i8", "input", "ALSA", 8, 48_000, True)


def test_devices_are_opened_by_part_of_the_name_with_a_pair() -> None:
    source = open_source("scarlett", (3, 4), present=[SCARLETT])
    assert isinstance(source, sources.DeviceSource)
    assert source.device is SCARLETT and source.channels == (3, 4) and source.name == "Scarlett 18i8"
    with pytest.raises(UserError, match="has 8 channels"):
        open_source("Scarlett", (9, 10), present=[SCARLETT])


def test_no_device_at_all_is_one_sentence() -> None:
    for wanted in ("default", "system", "anything"):
        with pytest.raises(UserError):
            open_source(wanted, present=[])


@pytest.mark.parametrize(
    ("text", "pair"), [("1,2", (1, 2)), (" 3 , 4 ", (3, 4)), ("5", (5, 5)), ("2,1", (2, 1))]
)
def test_channels_are_read(text: str, pair: tuple[int, int]) -> None:
    assert parse_channels(text) == pair


@pytest.mark.parametrize("text", ["", "0,1", "a,b", "1,2,3", "-1,2", "1.5,2"])
def test_bad_channels_give_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match="--channels takes two"):
        parse_channels(text)
