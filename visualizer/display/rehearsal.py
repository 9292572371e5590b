"""Every stage drawn once with each kind of texture it may meet, on the smallest there are, before the need.

Software GL compiles a shader at its first draw, and again for each kind of texture: its format, and whether
its sides are powers of two. Each takes 20 to 200 ms, unless the driver finds it in its cache on disk: then 1.
So a throwaway process compiles all of them first, out of the show's way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol, Self

import moderngl

from visualizer import clock
from visualizer.display import isf
from visualizer.display.canvas import Canvas

Shape = tuple[int, int]
SHAPES: tuple[Shape, ...] = ((8, 8), (8, 6), (6, 8), (6, 6))
"""The smallest textures of each kind that a driver tells apart."""
ODD: Shape = (6, 6)
WINDOW = "window"
BUDGET_S = 0.004
"""So much of a frame's time is spent on it, and the piece that goes beyond."""


def shape_of(size: tuple[int, int]) -> Shape:
    """The smallest texture of the same kind."""
    width, height = (8 if side & (side - 1) == 0 else 6 for side in size)
    return width, height


@dataclass(frozen=True, slots=True)
class Texture:
    """A kind of texture: half floats ("f2"), floats ("f4") or bytes ("f1")."""

    shape: Shape
    dtype: str = "f2"
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One draw of a stage."""

    stage: str
    images: Mapping[str, Texture]
    target: str = "f2"
    """The kind of what it is drawn into, or the window."""
    is_laid_over: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the textures that follow from the size of the frame."""

    work: Shape
    glow: Shape
    backdrop: Shape

    @classmethod
    def of(cls, work: Canvas, glow: Canvas, backdrop: Canvas) -> Self:
        """Of these textures."""
        return cls(shape_of(work.size), shape_of(glow.size), shape_of(backdrop.size))


def parts(sizes: Sizes) -> list[Part]:
    """All draws of all stages, those of one stage in a row."""
    work = [Texture(sizes.work, dtype) for dtype in ("f2", "f1")]
    graded = work[0]
    blurred, way = Texture(ODD), Texture((8, 8), "f4")
    pictures = [Texture(shape) for shape in SHAPES]
    pairs = [{"startImage": picture, "endImage": Texture(picture.shape, "f1")} for picture in pictures]
    mixed = [{"startImage": before, "endImage": work[1]} for before in work]
    scene = {"softPicture": blurred, "backdrop": Texture(sizes.backdrop), "previous": graded}
    draws: list[tuple[str, str, list[dict[str, Texture]]]] = [
        ("between_light", "f4", [*pairs, {"startImage": way}]),
        ("between_slopes", "f4", [{"light": way}]),
        ("between_way", "f4", [{"slopes": way, "way": way, "left": way}]),
        ("between_left", "f4", [{"slopes": way, "way": way}]),
        ("between", "f2", [{**pair, "way": way} for pair in pairs]),
        ("dissolve", "f2", pairs),
        ("dissolve", "f1", mixed),
        ("reach", "f2", [{"inputImage": picture} for picture in pictures]),
        ("soften", "f2", [{"inputImage": picture} for picture in pictures]),
        ("scene", "f2", [{**scene, "picture": picture} for picture in pictures]),
        ("reach", "f2", [{"inputImage": picture} for picture in pictures]),
        ("grade", "f2", [{"inputImage": graded, "glowImage": Texture(sizes.glow)}]),
        ("drift", "f2", [{"noise": Texture((8, 8), repeats=True)}]),
        ("measure", "f4", [{"inputImage": image} for image in work]),
        ("hold", "f2", [{"startImage": graded, "endImage": image} for image in work]),
        ("finish", "f1", [{"inputImage": image} for image in work]),
        ("finish", WINDOW, [{"inputImage": image} for image in work]),
        ("crossfade", "f2", [{"startImage": a, "endImage": b} for a, b in product(pictures, pictures)]),
    ]
    found = [Part(stage, images, target) for stage, target, each in draws for images in each]
    return [*found, Part("title", {"inputImage": Texture(ODD, "f1")}, WINDOW, is_laid_over=True)]


class Studio:
    """Textures and targets of every kind, made when they are first needed. Owner: the GL thread."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._sources: dict[Texture, Canvas] = {}
        self._targets: dict[str, Canvas] = {}

    def draw(self, effect: isf.Effect, part: Part, window: moderngl.Framebuffer | None = None) -> None:
        """Draws a part of that effect; into a pixel of the window, which the next frame is drawn over."""
        images = {name: self._source(kind).texture for name, kind in part.images.items()}
        target = window if part.target == WINDOW else self._target(part.target).framebuffer
        if target is None:
            return
        if part.is_laid_over:
            self._context.enable(moderngl.BLEND)
            self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        effect.draw(target, images, {}, (0, 0, 1, 1))
        self._context.disable(moderngl.BLEND)

    def _source(self, kind: Texture) -> Canvas:
        if kind not in self._sources:
            canvas = self._sources[kind] = Canvas(self._context, kind.shape, kind.dtype)
            canvas.texture.repeat_x = canvas.texture.repeat_y = kind.repeats
        return self._sources[kind]

    def _target(self, dtype: str) -> Canvas:
        if dtype not in self._targets:
            self._targets[dtype] = Canvas(self._context, ODD, dtype)
        return self._targets[dtype]

    def release(self) -> None:
        """Frees everything."""
        for canvas in (*self._sources.values(), *self._targets.values()):
            canvas.release()
        self._sources.clear()
        self._targets.clear()


def compile_all(context: moderngl.Context, sizes: Sizes) -> int:
    """Draws all but what needs a window, which leaves it in the driver's cache; how many draws that were.

    Each by a program of its own: a driver changes a program when it compiles it, and finds what it has kept
    by what the program was before.
    """
    studio = Studio(context)
    wanted = [part for part in parts(sizes) if part.target != WINDOW]
    for part in wanted:
        effect = isf.Effect(context, isf.load(part.stage))
        studio.draw(effect, part)
        context.finish()
        effect.release()
    studio.release()
    return len(wanted)


class Stages(Protocol):
    """Who compiles aside: the shelf."""

    def want_stages(self, sizes: Sizes) -> None:
        """They are to be compiled for such frames."""

    def has_stages(self, sizes: Sizes) -> bool:
        """Whether they are."""


class Rehearsal:
    """Draws everything unseen, a little in each frame, once it is compiled. Owner: the GL thread."""

    def __init__(self, context: moderngl.Context, effects: Mapping[str, isf.Effect], stages: Stages) -> None:
        self._effects, self._stages = effects, stages
        self._studio = Studio(context)
        self._sizes: Sizes | None = None
        self._is_waiting = False
        self._parts: deque[Part] = deque()
        self._renewed: set[str] = set()

    def step(self, sizes: Sizes, window: moderngl.Framebuffer) -> None:
        """A few draws for frames of these sizes; some into a pixel of the window, yet to be drawn."""
        if sizes != self._sizes:
            self._sizes, self._is_waiting = sizes, True
            self._parts.clear()
            self._stages.want_stages(sizes)
        if self._is_waiting and self._stages.has_stages(sizes):
            self._is_waiting = False
            self._parts.extend(parts(sizes))
            self._renewed.clear()
        begun_ns = clock.now_ns()
        while self._parts and clock.seconds(clock.now_ns() - begun_ns) < BUDGET_S:
            part = self._parts.popleft()
            effect = self._effects[part.stage]
            if part.stage not in self._renewed:
                self._renewed.add(part.stage)
                effect.renew()  # one that has been compiled here is changed, and not found in the cache
            self._studio.draw(effect, part, window)

    def release(self) -> None:
        """Frees everything but the effects."""
        self._studio.release()
