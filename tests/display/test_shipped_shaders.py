"""The shaders that come with the show: each can be shown, is calm in silence, and goes dark on nobody."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import moderngl
import numpy as np
import pytest

from scripts.shader_sheets import FPS, Easel, heard, load
from visualizer import parameters, paths, shaders
from visualizer.display import isf
from visualizer.display.canvas import Canvas
from visualizer.display.isf.trial import try_file
from visualizer.display.offscreen import Offscreen, read
from visualizer.parameters import declared_shaders
from visualizer.types import Float32, Image, UInt8, UserError

W, H = 96, 54
LIBRARY = shaders.scan([paths.SHADERS])
FILTERS, GENERATORS, TRANSITIONS = (LIBRARY.of(role) for role in ("filter", "generator", "transition"))
SHIPPED = (*FILTERS, *GENERATORS, *TRANSITIONS)
TWO_BEATS = 30
"""Frames at the sheets' rate and tempo."""
MOST_FLASHES = 3
"""A second: WCAG 2.3.1."""

Draw = Callable[..., list[UInt8]]


@pytest.fixture(scope="module")
def easel() -> Iterator[Easel]:
    try:
        made = Easel((W, H))
    except UserError as reason:
        pytest.skip(str(reason))
    yield made
    made.context.release()


@pytest.fixture(scope="module")
def pictures(easel: Easel) -> dict[str, moderngl.Texture]:
    start, end = (easel.texture(load(name, (W, H))) for name in ("alpine-lake", "still-life"))
    return {"inputImage": start, "startImage": start, "endImage": end}


@pytest.fixture(scope="module")
def effects(easel: Easel) -> Iterator[Callable[[str], isf.Effect]]:
    """Compiled once for all tests, for that is what takes long."""
    made: dict[str, isf.Effect] = {}

    def effect(name: str) -> isf.Effect:
        made[name] = made.get(name) or easel.effect(LIBRARY.shaders[name])
        return made[name]

    yield effect
    for one in made.values():
        one.release()


@pytest.fixture
def draw(
    easel: Easel, effects: Callable[[str], isf.Effect], pictures: Mapping[str, moderngl.Texture]
) -> Draw:
    """Frames of a shader from the start of the piece, (H, W, 4) RGBA uint8 each."""

    def frames(
        name: str,
        n_frames: int = 1,
        loud: float = 1.0,
        fps: float = FPS,
        canvas: Canvas | None = None,
        beat_hz: float | None = None,
        **values: isf.Uniform,
    ) -> list[UInt8]:
        effect, target = effects(name), canvas or easel.canvas
        effect.reset()
        images = {"noise": easel.noise, **easel.sound.of(effect.shader), **pictures}
        drawn = []
        for index in range(n_frames):
            told = heard(3.0 + index / fps, loud) | {"TIMEDELTA": 1.0 / fps} | values
            if beat_hz is not None:
                told["u_beat_phase"] = (index / fps * beat_hz + 0.5) % 1.0
            effect.draw(target.framebuffer, images, told)
            drawn.append(read(target.framebuffer))
        return drawn

    return frames


def light(frame: UInt8) -> float:
    """Mean brightness, [0, 255]."""
    return float(frame[..., :3].mean())


def apart(first: UInt8 | Float32, second: UInt8 | Float32) -> float:
    """Mean difference, [0, 255]."""
    return float(np.abs(first[..., :3].astype(np.float32) - second[..., :3].astype(np.float32)).mean())


def picture(name: str) -> UInt8:
    return np.asarray(load(name, (W, H)).convert("RGBA"))


def test_there_are_as_many_as_promised() -> None:
    assert len(FILTERS) >= 14 and len(GENERATORS) >= 7 and len(TRANSITIONS) >= 9
    assert not LIBRARY.broken
    assert sorted(declared_shaders.ORDER.split(", ")) == sorted(FILTERS)


@pytest.mark.parametrize("name", SHIPPED)
def test_it_passes_the_check(easel: Easel, name: str) -> None:
    found = LIBRARY.shaders[name]
    verdict = try_file(easel.context, found.file, (W, H))
    assert verdict.ok and not verdict.notes, verdict.reason
    assert found.header.version == "2" and found.header.credit == "Klangbild" and found.header.categories
    assert found.header.description.endswith(".") and any(i.kind == "float" for i in found.header.inputs)


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_begins_and_ends_with_the_pictures_themselves(draw: Draw, name: str) -> None:
    start, end = picture("alpine-lake"), picture("still-life")
    for loud in (0.0, 1.0):
        first, last = (draw(name, loud=loud, progress=progress)[0] for progress in (0.0, 1.0))
        assert np.abs(first.astype(int) - start).max() <= 1
        assert np.abs(last.astype(int) - end).max() <= 1
    halfway = draw(name, progress=0.5)[0]
    assert apart(halfway, start) > 10 and apart(halfway, end) > 10


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_never_goes_dark_on_its_way(draw: Draw, name: str) -> None:
    darker = min(light(picture(p)) for p in ("alpine-lake", "still-life"))
    assert min(light(draw(name, progress=step / 10)[0]) for step in range(11)) > 0.6 * darker


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_seen_at_its_defaults_and_moves_with_the_music(draw: Draw, name: str) -> None:
    without, loud = picture("alpine-lake"), draw(name, TWO_BEATS)
    assert max(apart(frame, without) for frame in loud) > 1.0
    assert apart(loud[-1], draw(name, TWO_BEATS, loud=0.0)[-1]) > 0.1


@pytest.mark.parametrize("name", (*FILTERS, *GENERATORS))
def test_nothing_flashes_black_and_the_same_calls_give_the_same_frames(draw: Draw, name: str) -> None:
    frames = draw(name, TWO_BEATS)
    lights = [light(frame) for frame in frames]
    assert min(lights) > 0.6 * float(np.median(lights)) and min(lights) > 8.0
    assert np.array_equal(frames[-1], draw(name, TWO_BEATS)[-1])


@pytest.mark.parametrize("name", (*FILTERS, *GENERATORS))
def test_silence_is_calm(draw: Draw, name: str) -> None:
    frames = draw(name, 8, loud=0.0)[2:]
    steps = [apart(then, before) for before, then in itertools.pairwise(frames)]
    assert max(steps) < 3.0


@pytest.mark.parametrize("name", (*FILTERS, *GENERATORS))
def test_a_larger_frame_shows_the_same(easel: Easel, draw: Draw, name: str) -> None:
    large = Canvas(easel.context, (2 * W, 2 * H), "f1")
    frame = draw(name, canvas=large)[0].astype(np.float32)
    large.release()
    small = frame.reshape(H, 2, W, 2, 4).mean((1, 3))

    def coarse(picture: UInt8 | Float32) -> Float32:
        return picture.astype(np.float32).reshape(H // 6, 6, W // 6, 6, 4).mean((1, 3))

    assert apart(coarse(small), coarse(draw(name)[0])) < 8.0


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("end", ["low", "high"])
def test_both_ends_of_every_range_can_be_shown(easel: Easel, draw: Draw, name: str, end: str) -> None:
    ranged = [i for i in LIBRARY.shaders[name].header.inputs if i.kind in ("float", "long") and i.low]
    values = {i.name: (int if i.kind == "long" else float)(getattr(i, end)[0]) for i in ranged}
    canvas = Canvas(easel.context, (W, H), "f4")
    draw(name, 3, canvas=canvas, **{**values, "progress": 0.5} if name in TRANSITIONS else values)
    pixels = np.frombuffer(canvas.framebuffer.read(components=4, dtype="f4"), np.float32)
    canvas.release()
    assert np.isfinite(pixels).all() and pixels.min() >= 0.0 and pixels.max() <= 1.2
    assert pixels.mean() > 0.25  # alpha is a quarter of it


def flashes(lights: list[float]) -> list[int]:
    """Frames at which it becomes brighter by a tenth within two frames, each rise once."""
    rises = [n for n in range(2, len(lights)) if lights[n] > 1.1 * lights[n - 2]]
    return [n for n in rises if n - 1 not in rises]


@pytest.mark.parametrize(("bpm", "least"), [(60.0, 3), (120.0, 7), (178.0, 5), (400.0, 8)])
def test_the_strobe_flashes_on_beats_but_never_above_three_a_second(
    draw: Draw, bpm: float, least: int
) -> None:
    fps = 60.0
    values = {"amount": 1.0, "decay": 0.05, "rate": 2.8}
    frames = draw("strobe", 240, fps=fps, beat_hz=bpm / 60.0, **values)
    starts = flashes([light(frame) for frame in frames])
    assert len(starts) >= least
    for start in starts:
        assert sum(start <= other < start + fps for other in starts) <= MOST_FLASHES


def test_the_strobe_rests_in_silence(draw: Draw) -> None:
    lights = [light(frame) for frame in draw("strobe", 60, loud=0.0, amount=1.0)]
    assert max(lights) - min(lights) < 1.0


def test_filters_that_are_not_mixed_in_leave_the_picture_alone() -> None:
    try:
        offscreen = Offscreen(W, H)
    except UserError as reason:
        pytest.skip(str(reason))
    with offscreen:
        offscreen.set_image(Image(np.asarray(load("still-life", (64, 64)).convert("RGBA")), 1, 0, 0))
        settings = {"effects.feedback": 0.0, "effects.grain": 0.0, "display.blend": 0.0}
        without = offscreen.render(0.0, settings=settings)
        for name in FILTERS:
            settings |= {f"shader.{name}.on": True, f"shader.{name}.mix": 0.0}
        assert set(settings) <= set(parameters.PARAMETERS)
        assert apart(offscreen.render(0.0, settings=settings), without) < 1.0
        assert not offscreen.renderer.chain.active
