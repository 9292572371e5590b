"""What is drawn: small frames without a screen, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from visualizer.display.offscreen import Offscreen
from visualizer.parameters import calm
from visualizer.types import Features, Image, UInt8, UserError

W, H = 64, 36
NEUTRAL = {
    "effects.feedback": 0.0,
    "effects.bloom": 0.0,
    "effects.zoom": 0.0,
    "effects.flash": 0.0,
    "effects.saturation": 1.0,
    "effects.contrast": 1.0,
    "effects.grain": 0.0,
    "effects.vignette": 0.0,
    "display.fill": "crop",
}
RED = (200, 30, 40)
BLUE = (20, 60, 220)
LOUD = Features(time_ns=1, level_dbfs=-12.0, bass=0.9, mid=0.5, treble=0.7, beat_confidence=1.0)


@pytest.fixture
def twin() -> Iterator[Offscreen]:
    try:
        offscreen = Offscreen(W, H, seed=3)
    except UserError as reason:
        pytest.skip(str(reason))
    with offscreen:
        yield offscreen


def plain(colour: tuple[int, int, int], number: int = 1, px: int = 32) -> Image:
    pixels = np.full((px, px, 4), 255, np.uint8)
    pixels[..., :3] = colour
    return Image(pixels, number, 0, 0)


def colour_of(frame: UInt8) -> np.ndarray:
    return frame[..., :3].reshape(-1, 3).mean(0)


def test_a_plain_image_keeps_its_colour_when_the_effects_are_neutral(twin: Offscreen) -> None:
    twin.set_image(plain(RED))
    frame = twin.render(0.0, LOUD, NEUTRAL)
    assert frame.shape == (H, W, 4) and frame.dtype == np.uint8
    assert np.abs(frame[..., :3].astype(int) - RED).max() <= 1  # the dither's last bit


def test_the_top_of_an_image_is_the_top_of_the_frame(twin: Offscreen) -> None:
    image = plain(RED)
    image.pixels[16:, :, :3] = BLUE
    twin.set_image(image)
    frame = twin.render(0.0, None, NEUTRAL)
    assert np.abs(colour_of(frame[:14]) - RED).max() < 3
    assert np.abs(colour_of(frame[-14:]) - BLUE).max() < 3


def test_fill_fits_crops_or_surrounds(twin: Offscreen) -> None:
    image = plain(RED)
    image.pixels[:, 8:24, :3] = (30, 200, 60)
    twin.set_image(image)
    fit = twin.render(0.0, None, NEUTRAL | {"display.fill": "fit"})
    assert fit[:, :10, :3].max() <= 1 and fit[:, -10:, :3].max() <= 1
    crop = twin.render(0.02, None, NEUTRAL | {"display.fill": "crop"})
    assert (crop[:, 2:10, 0] > 150).all()
    surround = twin.render(0.04, None, NEUTRAL | {"display.fill": "surround"})
    side = colour_of(surround[:, :6])
    assert 20 < side[0] < 190  # goes on beside the picture, darker
    assert np.abs(surround[:, 30:34, :3].astype(int) - (30, 200, 60)).max() <= 2


def test_a_mirrored_picture_goes_on_beyond_its_edges_as_bright_and_sharp(twin: Offscreen) -> None:
    image = plain(RED)
    image.pixels[:, :6, :3] = BLUE
    twin.set_image(image)
    frame = twin.render(0.0, None, NEUTRAL | {"display.fill": "mirror"})
    left = 14  # the picture's left edge on the wall
    assert np.abs(frame[:, left + 1 : left + 4, :3].astype(int) - BLUE).max() <= 3
    assert np.abs(frame[:, left - 3 : left - 1, :3].astype(int) - BLUE).max() <= 3
    assert np.abs(frame[:, :4, :3].astype(int) - RED).max() <= 6
    assert np.abs(frame[:, -10:, :3].astype(int) - RED).max() <= 3


def test_images_dissolve_over_the_interval_at_which_they_come(twin: Offscreen) -> None:
    interval_s, n_frames = 0.2, 12
    for n in range(6):
        twin.set_image(plain((0, 0, 0) if n % 2 else (180, 180, 180), n))
        greys = []
        for k in range(n_frames):
            time_s = n * interval_s + k * interval_s / n_frames
            greys.append(colour_of(twin.render(time_s, None, NEUTRAL))[0])
    steps = np.diff(greys)  # the last image is dark
    assert greys[-1] < 20 and (steps <= 0.5).all() and steps.min() > -60
    half = greys[n_frames // 2]
    assert 90 < half < 160  # half the light of 180 is 180/√2 in the picture's encoding


def test_blend_0_cuts(twin: Offscreen) -> None:
    cut = NEUTRAL | {"display.blend": 0.0}
    for n in range(4):
        twin.set_image(plain((n * 50, 10, 10), n))
        assert abs(colour_of(twin.render(n * 0.1, None, cut))[0] - n * 50) < 2


def test_images_at_the_rate_of_the_frames_show_without_delay(twin: Offscreen) -> None:
    for n in range(30):
        level = 200 if n % 2 else 20
        twin.set_image(plain((level, level, level), n))
        grey = colour_of(twin.render(n / 30, None, NEUTRAL | {"output.flash_limit": False}))[0]
    assert abs(grey - 200) < 12


def test_a_new_image_size_keeps_the_picture_going(twin: Offscreen) -> None:
    twin.set_image(plain(RED, 1, px=16))
    twin.render(0.0, None, NEUTRAL)
    twin.set_image(plain(RED, 2, px=48))
    for k in range(1, 5):
        assert np.abs(colour_of(twin.render(k * 0.02, None, NEUTRAL)) - RED).max() < 2


def test_both_decks_mix(twin: Offscreen) -> None:
    twin.set_image(plain((200, 0, 0)), "a")
    twin.set_image(plain((0, 0, 200)), "b")
    a, half, b = (colour_of(twin.render(t, None, NEUTRAL, mix=t)) for t in (0.0, 0.5, 1.0))
    assert a[0] > 198 and a[2] < 2 and b[2] > 198 and b[0] < 2
    assert min(half[0], half[2]) > 90
    assert abs(np.hypot(half[0], half[2]) - 200) < 4  # their light adds up


@pytest.mark.parametrize("fade_s", [0.1, 0.08])
def test_blackout_fades_in_its_time_and_back(twin: Offscreen, fade_s: float) -> None:
    twin.set_image(plain(RED))
    twin.render(0.0, None, NEUTRAL)
    black = NEUTRAL | {"output.blackout": True, "output.blackout_s": fade_s, "effects.grain": 1.0}
    half = twin.render(fade_s / 2, None, black)
    assert 60 < colour_of(half)[0] < 140
    assert twin.render(fade_s + 0.01, None, black)[..., :3].max() == 0
    assert twin.render(0.3, None, NEUTRAL)[..., 0].min() >= 198


def test_freeze_holds_every_pixel_but_not_the_blackout(twin: Offscreen) -> None:
    frozen = {"output.freeze": True}
    for k in range(8):
        still = twin.render(k / 60, LOUD)
    twin.set_image(plain(RED))
    assert all((twin.render(0.2 + k / 10, LOUD, frozen) == still).all() for k in range(5))
    assert twin.render(0.9, LOUD, frozen | {"output.blackout": True})[..., :3].max() == 0
    assert (twin.render(1.2, LOUD, frozen) == still).all()
    later = [colour_of(twin.render(1.2 + k / 10, LOUD, NEUTRAL)) for k in range(30)][-1]
    assert np.abs(later - RED).max() < 3  # the image that came meanwhile


def test_an_onset_brightens(twin: Offscreen) -> None:
    twin.set_image(plain((90, 90, 90)))
    flash = NEUTRAL | {"effects.flash": 0.5}
    before = colour_of(twin.render(0.0, Features(), flash))[0]
    for k in range(1, 5):
        after = colour_of(twin.render(k / 30, Features(onset=1.0), flash))[0]
    assert after > before + 8


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("effects.saturation", 0.0),
        ("effects.hue", 120.0),
        ("effects.contrast", 1.6),
        ("effects.vignette", 1.0),
    ],
)
def test_every_colour_effect_changes_the_picture(twin: Offscreen, id: str, value: float) -> None:
    twin.set_image(plain(RED))
    plain_frame = twin.render(0.0, None, NEUTRAL).astype(int)
    frame = twin.render(0.1, None, NEUTRAL | {id: value}).astype(int)
    assert np.abs(frame - plain_frame).max() > 10
    if id == "effects.saturation":
        assert np.ptp(frame[..., :3], axis=2).max() <= 2
    if id == "effects.hue":
        assert frame[..., 1].mean() > frame[..., 0].mean()  # a third of a turn: red is green


def test_the_hue_turns_all_the_way_round(twin: Offscreen) -> None:
    twin.set_image(plain((120, 90, 60)))
    there = twin.render(0.0, None, NEUTRAL | {"effects.hue": 180.0}).astype(int)
    back = twin.render(0.1, None, NEUTRAL | {"effects.hue": -180.0}).astype(int)
    assert np.abs(there - back).max() <= 2


def test_trails_follow_time_not_frames() -> None:
    settings = NEUTRAL | {"effects.feedback": 0.8, "display.blend": 0.0}
    greys = []
    for fps in (30, 60):
        with Offscreen(W, H) as twin:
            twin.set_image(plain((220, 220, 220)))
            for k in range(fps):
                twin.render(k / fps, None, settings)
            twin.set_image(plain((0, 0, 0), 2))
            for k in range(fps // 3):
                grey = colour_of(twin.render(1 + k / fps, None, settings))[0]
            greys.append(grey)
    assert 60 < greys[0] < 200 and abs(greys[0] - greys[1]) < 8


def test_the_generator_moves_and_hears(twin: Offscreen) -> None:
    frames = [twin.render(k / 30, LOUD) for k in range(31)]
    first, last = frames[0].astype(int), frames[-1].astype(int)
    assert first[..., :3].std() > 15  # a picture, not a plain ground
    assert np.abs(last - first).mean() > 2


def test_the_first_image_grows_out_of_the_generator(twin: Offscreen) -> None:
    for k in range(60):
        before = twin.render(k / 10, None, NEUTRAL).astype(int)
    twin.set_image(plain((0, 0, 0)))
    means = [twin.render(6 + k / 10, None, NEUTRAL)[..., :3].mean() for k in range(40)]
    assert abs(means[0] - before[..., :3].mean()) < 12 and means[-1] < 1
    assert max(np.abs(np.diff(means))) < 0.25 * means[0]


def test_the_same_calls_give_the_same_frames_and_another_seed_others() -> None:
    def play(seed: int) -> list[UInt8]:
        with Offscreen(W, H, seed=seed) as twin:
            frames = []
            for k in range(12):
                if k in (5, 8):
                    twin.set_image(plain((k * 20, 90, 40), k))
                frames.append(twin.render(k / 30, LOUD))
            return frames

    one, same, other = play(1), play(1), play(2)
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert (one[0] != other[0]).any()


def test_nan_in_the_features_harms_nothing(twin: Offscreen) -> None:
    nan = float("nan")
    twin.render(0.0, Features(bass=nan, level_dbfs=nan, onset=nan, beat_phase=nan))
    twin.set_image(plain((120, 120, 120)))
    frame = [twin.render(k / 10, LOUD, NEUTRAL) for k in range(1, 30)][-1]
    assert np.abs(frame[..., :3].astype(int) - 120).max() <= 2


def test_another_frame_size_is_drawn_whole(twin: Offscreen) -> None:
    twin.set_image(plain(RED))
    twin.render(0.0, None, NEUTRAL)
    twin.renderer.resize((30, 50))
    frame = twin.render(0.1, None, NEUTRAL)
    assert frame.shape == (50, 30, 4) and np.abs(frame[..., :3].astype(int) - RED).max() <= 1


def test_panic_is_calm() -> None:
    values = calm()
    assert values["output.blackout"] is False and values["output.freeze"] is False
    assert values["effects.hue"] == 0.0 and "traumer.bend.gain" in values and "display.hud" not in values
