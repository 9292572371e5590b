"""What is drawn before it is needed: all stages, with all kinds of textures, and nothing of it is seen."""

from __future__ import annotations

from pathlib import Path

import moderngl
import numpy as np
import pytest

from visualizer import paths
from visualizer.display import isf
from visualizer.display.canvas import Canvas, padded
from visualizer.display.offscreen import read
from visualizer.display.proving import Prover, Verdicts
from visualizer.display.rehearsal import SHAPES, WINDOW, Rehearsal, Sizes, parts, shape_of
from visualizer.display.renderer import Renderer
from visualizer.display.warming import warm_file
from visualizer.types import Image, UInt8, UserError

FRAME = (64, 36)


class Compiled:
    """Has everything when it is asked the second time."""

    def __init__(self) -> None:
        self.wanted: list[Sizes] = []
        self.n_asked = 0

    def want_stages(self, sizes: Sizes) -> None:
        self.wanted.append(sizes)

    def has_stages(self, sizes: Sizes) -> bool:
        self.n_asked += 1
        return self.n_asked > 1


def sizes_of(renderer: Renderer) -> Sizes:
    return Sizes.of(renderer._graded, renderer._glows[0], renderer._backdrop)


def stages_of(renderer: Renderer) -> dict[str, isf.Effect]:
    return renderer._effects | dict(renderer._between.effects)


def frames(renderer: Renderer, rehearsal: Rehearsal | None) -> list[UInt8]:
    """Of two pictures, the second another shape; a rehearsal goes on between them."""
    drawn = []
    for index in range(24):
        size = (16, 16) if index < 12 else (24, 16)
        pixels = np.random.default_rng(index // 4).integers(0, 256, (size[1], size[0], 4), np.uint8)
        if index % 4 == 0:
            renderer.set_image(Image(pixels, index, 0, 0), "ab"[index // 12])
        if rehearsal is not None:
            rehearsal.step(sizes_of(renderer), renderer._own().framebuffer)
        drawn.append(read(renderer.draw(index / 30, None, {"display.between": "flow"}, index / 24)))
    return drawn


def test_all_stages_are_rehearsed_with_every_picture_that_may_come(context: moderngl.Context) -> None:
    renderer = Renderer(context, FRAME)
    rehearsed = parts(sizes_of(renderer))
    assert {part.stage for part in rehearsed} == stages_of(renderer).keys()
    for part in rehearsed:
        used = set(isf.load(part.stage).images)
        assert part.images.keys() <= used, part
    renderer.release()
    pictures = {part.images["picture"].shape for part in rehearsed if part.stage == "scene"}
    assert (
        pictures == set(SHAPES) == {shape_of(size) for size in ((256, 256), (256, 176), (176, 256), (3, 5))}
    )
    pairs = {
        (part.images["startImage"].shape, part.images["endImage"].shape)
        for part in rehearsed
        if part.stage == "crossfade"
    }
    assert len(pairs) == len(SHAPES) ** 2
    assert {"title", "finish"} == {part.stage for part in rehearsed if part.target == WINDOW}


def test_nothing_of_a_rehearsal_is_seen(context: moderngl.Context) -> None:
    plain, watched = Renderer(context, FRAME), Renderer(context, FRAME)
    stages = Compiled()
    rehearsal = Rehearsal(context, stages_of(watched), stages)
    before, after = frames(plain, None), frames(watched, rehearsal)
    assert stages.wanted == [sizes_of(watched)]
    while rehearsal._parts:  # a slow machine has not come to the end
        rehearsal.step(sizes_of(watched), watched._own().framebuffer)
    assert len(rehearsal._renewed) == len(stages_of(watched))
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one, other)
    assert float(np.ptp(after[-1])) > 40
    rehearsal.release()
    plain.release()
    watched.release()


def test_another_size_is_rehearsed_anew(context: moderngl.Context) -> None:
    renderer, stages = Renderer(context, FRAME), Compiled()
    rehearsal = Rehearsal(context, stages_of(renderer), stages)
    for size in ((64, 36), (64, 36), (128, 128)):
        renderer.resize(size)
        rehearsal.step(sizes_of(renderer), renderer._own().framebuffer)
    assert len(stages.wanted) == len(set(stages.wanted))
    rehearsal.release()
    renderer.release()


def test_a_renewed_shader_draws_as_before(context: moderngl.Context) -> None:
    effect, canvas = isf.Effect(context, isf.load("kaleidoscope")), Canvas(context, (16, 12), "f1")
    image = Canvas(context, (16, 12), "f1")
    image.texture.write(np.random.default_rng(1).integers(0, 256, (12, 16, 4), np.uint8).tobytes())
    drawn = []
    for _ in range(2):
        effect.draw(canvas.framebuffer, {"inputImage": image.texture}, {})
        drawn.append(canvas.framebuffer.read(components=4))
        effect.renew()
    assert drawn[0] == drawn[1] and len(set(drawn[0])) > 2
    for owned in (effect, canvas, image):
        owned.release()


@pytest.mark.parametrize(("name", "n_kinds"), [("mirror", 2), ("ink", 1), ("wipe", len(SHAPES) ** 2)])
def test_a_shader_is_compiled_for_what_its_role_meets(
    context: moderngl.Context, name: str, n_kinds: int
) -> None:
    assert warm_file(context, paths.SHADERS / f"{name}.fs", (16, 9)) == n_kinds


def test_stages_compiled_aside_are_remembered(tmp_path: Path) -> None:
    verdicts, sizes = Verdicts("gpu", tmp_path), Sizes((6, 6), (8, 6), (6, 8))
    assert not verdicts.recall_stages(sizes)
    prover = Prover()
    try:
        assert prover.compile_stages(sizes)
        assert prover.warm(paths.SHADERS / "mirror.fs", (16, 9))
    except UserError as reason:
        pytest.skip(str(reason))
    finally:
        prover.close()
    verdicts.keep_stages(sizes)
    assert verdicts.recall_stages(sizes) and not Verdicts("another", tmp_path).recall_stages(sizes)
    assert not verdicts.recall_stages(Sizes((8, 8), (8, 6), (6, 8)))


def test_no_side_of_what_is_laid_over_is_a_power_of_two() -> None:
    for size in ((64, 64), (64, 63), (63, 64), (63, 65)):
        pixels = np.full((*size, 4), 255, np.uint8)
        wide = padded(pixels)
        assert shape_of(wide.shape[:2]) == (6, 6)
        assert np.array_equal(wide[: size[0], : size[1]], pixels) and not wide[size[0] :].any()
