"""The chain of filters, generators and transitions, from a folder of the user's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from visualizer import parameters, paths
from visualizer.display.offscreen import Offscreen, read
from visualizer.display.renderer import Renderer
from visualizer.types import Image, UInt8, UserError

W, H = 48, 28
BARE = {
    "effects.feedback": 0.0,
    "effects.bloom": 0.0,
    "effects.zoom": 0.0,
    "effects.saturation": 1.0,
    "effects.contrast": 1.0,
    "effects.grain": 0.0,
    "effects.vignette": 0.0,
    "display.fill": "crop",
    "output.flash_limit": False,
}
IMAGE = '{"NAME": "inputImage", "TYPE": "image"}'
FILES = {
    "invert": (IMAGE, "vec4(1.0 - IMG_THIS_PIXEL(inputImage).rgb, 1.0)"),
    "halve": (IMAGE, "vec4(0.5 * IMG_THIS_PIXEL(inputImage).rgb, 1.0)"),
    "tint": (
        IMAGE
        + ', {"NAME": "ink", "TYPE": "color", "DEFAULT": [1, 0, 0, 1]}, {"NAME": "on", "TYPE": "bool"}, '
        '{"NAME": "way", "TYPE": "long", "VALUES": [4, 8], "LABELS": ["four", "eight"], "DEFAULT": 8}, '
        '{"NAME": "hit", "TYPE": "event"}, {"NAME": "spot", "TYPE": "point2D", "DEFAULT": [0.5, 0.5]}',
        "hit ? vec4(1.0) : vec4(ink.rgb * (way == 8 ? 1.0 : 0.5) * (on ? 0.5 : 1.0), 1.0)",
    ),
    "broken": (IMAGE, "vec4(nobody)"),
    "ground": ('{"NAME": "level", "TYPE": "float", "DEFAULT": 0.5}', "vec4(0.0, level, 0.0, 1.0)"),
    "cut": (
        '{"NAME": "startImage", "TYPE": "image"}, {"NAME": "endImage", "TYPE": "image"}, '
        '{"NAME": "progress", "TYPE": "float"}',
        "progress < 0.5 ? IMG_THIS_PIXEL(startImage) : IMG_THIS_PIXEL(endImage)",
    ),
    "louder": (
        '{"NAME": "inputImage", "TYPE": "image"}, {"NAME": "wave", "TYPE": "audio"}',
        "vec4(IMG_NORM_PIXEL(wave, vec2(0.5)).rrr, 1.0)",
    ),
}


def write(folder: Path, name: str, inputs: str, colour: str) -> None:
    text = f'/*{{"INPUTS": [{inputs}]}}*/\nvoid main() {{ gl_FragColor = {colour}; }}\n'
    (folder / f"{name}.fs").write_text(text)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's folder with some shaders; their parameters are declared for the length of a test."""
    folder = tmp_path / "config" / "shaders"
    folder.mkdir(parents=True)
    for name, (inputs, colour) in FILES.items():
        write(folder, name, inputs, colour)
    monkeypatch.setattr(paths, "config_dir", lambda: tmp_path / "config")
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / "cache")
    parameters.declare(*parameters.changes_of_shaders())
    yield folder
    monkeypatch.undo()
    parameters.declare(*parameters.changes_of_shaders())


@pytest.fixture
def twin(own: Path) -> Iterator[Offscreen]:
    try:
        offscreen = Offscreen(W, H)
    except UserError as reason:
        pytest.skip(str(reason))
    with offscreen:
        offscreen.set_image(plain((200, 100, 40)))
        yield offscreen


def plain(colour: tuple[int, int, int]) -> Image:
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[..., :3] = colour
    return Image(pixels, 1, 0, 0)


def colour_of(frame: UInt8) -> tuple[int, ...]:
    return tuple(round(float(c)) for c in frame[..., :3].reshape(-1, 3).mean(0))


def near(frame: UInt8, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(colour_of(frame), colour)).max() <= 2)


def test_inputs_are_parameters(own: Path) -> None:
    kinds = {id: p.kind for id, p in parameters.PARAMETERS.items() if id.startswith("shader.tint.")}
    assert kinds == {
        "shader.tint.on": "bool",
        "shader.tint.mix": "float",
        "shader.tint.solo": "bool",
        **{f"shader.tint.ink.{c}": "float" for c in "rgba"},
        "shader.tint.on_": "bool",
        "shader.tint.way": "choice",
        "shader.tint.hit": "trigger",
        **{f"shader.tint.spot.{c}": "float" for c in "xy"},
    }
    assert parameters.find("shader.tint.way").choices == ("four", "eight")
    assert {"drift", "ground"} <= set(parameters.find("show.generator").choices)
    assert {"crossfade", "cut"} <= set(parameters.find("show.transition").choices)
    from visualizer.control.osc_addresses import TABLE
    from visualizer.control.preset_files import KEPT

    assert "/klangbild/shader/tint/ink/r" in TABLE and "shader.tint.way" in KEPT
    assert parameters.calm()["shader.tint.on"] is False
    (own / "tint.fs").unlink()
    declared, gone = parameters.changes_of_shaders()
    assert set(gone) == set(kinds)
    parameters.declare(declared, gone)
    assert "shader.tint.way" not in KEPT and "/klangbild/shader/tint/ink/r" not in TABLE


def test_filters_follow_their_order_mix_and_solo(twin: Offscreen) -> None:
    on = BARE | {"shader.invert.on": True, "shader.halve.on": True}
    assert near(twin.render(0.0, None, BARE), (200, 100, 40))
    assert near(twin.render(0.1, None, on | {"chain.order": "invert, halve"}), (28, 78, 108))
    assert near(twin.render(0.2, None, on | {"chain.order": "halve,nobody"}), (155, 205, 235))
    assert near(twin.render(0.3, None, on | {"shader.halve.solo": True}), (100, 50, 20))
    half = twin.render(0.4, None, BARE | {"shader.halve.on": True, "shader.halve.mix": 0.5})
    assert near(half, tuple(round(c * np.sqrt(0.5 + 0.5 * 0.25)) for c in (200, 100, 40)))  # type: ignore[arg-type]
    assert near(twin.render(0.5, None, on | {"shader.halve.mix": 0.0}), (55, 155, 215))


def test_inputs_reach_the_shader(twin: Offscreen) -> None:
    on = BARE | {"shader.tint.on": True}
    assert near(twin.render(0.0, None, on), (255, 0, 0))
    assert near(
        twin.render(0.1, None, on | {"shader.tint.way": "four", "shader.tint.ink.g": 1.0}), (128, 128, 0)
    )
    assert near(twin.render(0.2, None, on | {"shader.tint.on_": True}), (128, 0, 0))
    twin.renderer.chain.fire("shader.tint.hit")
    assert near(twin.render(0.3, None, on), (255, 255, 255))
    assert near(twin.render(0.4, None, on), (255, 0, 0))


def test_a_failing_filter_is_named_and_left_out(twin: Offscreen) -> None:
    on = BARE | {"shader.broken.on": True, "shader.halve.on": True}
    assert near(twin.render(0.0, None, on), (100, 50, 20))
    assert (
        "broken.fs" in twin.renderer.chain.shelf.sentence and "line 2" in twin.renderer.chain.shelf.sentence
    )
    assert twin.renderer.chain.active == ("halve",)


def test_a_transition_can_be_chosen(twin: Offscreen) -> None:
    twin.set_image(plain((10, 20, 200)), "b")
    cut = BARE | {"show.transition": "cut"}
    assert near(twin.render(0.0, None, cut, mix=0.4), (200, 100, 40))
    assert near(twin.render(0.1, None, cut, mix=0.6), (10, 20, 200))


def test_a_generator_can_be_chosen(own: Path) -> None:
    with Offscreen(W, H) as twin:
        frame = twin.render(0.0, None, BARE | {"show.generator": "ground", "shader.ground.level": 0.25})
        assert near(frame, (0, 64, 0))


def test_sound_is_heard_by_those_who_ask(twin: Offscreen) -> None:
    on = BARE | {"shader.louder.on": True}
    assert not twin.renderer.chain.hears
    assert near(twin.render(0.0, None, on), (128, 128, 128)) and twin.renderer.chain.hears
    twin.hear(np.full((600, 2), 0.5, np.float32))
    assert near(twin.render(0.1, None, on), (191, 191, 191))


def test_what_is_saved_is_shown_and_a_mistake_leaves_the_last_good_one(own: Path, twin: Offscreen) -> None:
    renderer = Renderer(twin.context, (W, H), scale=1.0, live=True)
    now_s = 0.0

    def show_until(holds: Callable[[UInt8], bool]) -> UInt8:
        nonlocal now_s
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            now_s += 1 / 30
            frame = read(renderer.draw(now_s, None, BARE | {"shader.halve.on": True}))
            if holds(frame):
                return frame
            time.sleep(0.02)
        raise AssertionError(f"{colour_of(frame)}, {dict(renderer.chain.shelf.problems)}")

    renderer.set_image(plain((200, 100, 40)))
    show_until(lambda frame: near(frame, (100, 50, 20)))
    write(own, "halve", FILES["halve"][0], "vec4(nobody)")
    show_until(lambda _: "halve.fs" in renderer.chain.shelf.sentence)
    assert near(show_until(lambda _: True), (100, 50, 20))
    more = FILES["halve"][0] + ', {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.25}'
    write(own, "halve", more, "vec4(amount * IMG_THIS_PIXEL(inputImage).rgb, 1.0)")
    show_until(lambda frame: near(frame, (50, 25, 10)))
    assert renderer.chain.shelf.took_change() and "shader.halve.amount" in parameters.PARAMETERS
    assert "halve.fs" not in renderer.chain.shelf.sentence
    renderer.release()
