"""The render graph: newest images, features and settings in, one frame out; knows no window and no clock."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from visualizer import parameters
from visualizer.display import hanging, isf
from visualizer.display.between import Between
from visualizer.display.canvas import Canvas, scaled
from visualizer.display.chain import Chain
from visualizer.display.dissolve import Deck
from visualizer.display.flash_limiter import FlashLimiter
from visualizer.display.hanging import Hang, Reach
from visualizer.display.motion import Motion
from visualizer.display.rehearsal import Rehearsal, Sizes
from visualizer.display.shelf import Shelf
from visualizer.display.titles import Titles
from visualizer.parameters import declared_shaders
from visualizer.types import Features, Image

NOISE_CELLS = 128
SOFT_PX = 48
"""Side of the blurred picture that surrounds the sharp one."""
GLOW_SHARE = 0.25
GLOW_THRESHOLD = 0.35
SOFTWARE_SCALE, SOFTWARE_ROWS = 0.4, 320
"""Share of the frame's size, and most rows, at which the scene is composed under software GL: 288 rows at
720, just above the 256 of the images."""
SOFTWARE_GENERATOR_SHARE = 0.8
"""Of the scene's size; the generator is soft, and only a CPU minds its price."""
ARRIVAL_S = 2.0
"""How long the first image takes to grow out of the generator; less soon after a restart."""
LONGEST_STEP_S = 0.1
WARM_AFTER = 3
"""Frames after which, live, one step a frame compiles what only later frames need."""
CRISPNESS = 0.7
TRAIL_S = 0.9
"""Time constant of the longest trails."""
RISE = 0.4
"""New light takes this share of the time that old light takes to go."""
PULL_PER_S = 0.25
"""How fast full trails are pulled outwards, in half pictures a second."""
BREATH = {"bass": 0.045, "beat": 0.03, "slow": 0.02}
SLOW_BREATH_S = 17.0

_STAGES = (
    "drift",
    "dissolve",
    "crossfade",
    "reach",
    "soften",
    "scene",
    "grade",
    "measure",
    "hold",
    "finish",
    "title",
)
SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swrast", "software", "swiftshader", "basic render")


def is_software(context: moderngl.Context) -> bool:
    """Whether the CPU draws."""
    return any(name in str(context.info["GL_RENDERER"]).lower() for name in SOFTWARE_NAMES)


class Renderer:
    """Draws frames of one size. The same calls with the same times give the same frames.

    Owner: the thread of the GL context. `set_image` whenever there is a new image, `draw` once a frame; both
    take the time of the frame in seconds on any clock that does not run backwards.
    """

    def __init__(
        self,
        context: moderngl.Context,
        size: tuple[int, int],
        seed: int = 0,
        scale: float | None = None,
        shaders: Path | None = None,
        live: bool = False,
    ) -> None:
        self.context = context
        self.size = size
        self.software = is_software(context)
        self._scale = scale
        self._effects = {name: isf.Effect(context, isf.load(name, shaders)) for name in _STAGES}
        rng = np.random.default_rng(seed)
        self._shade = float(rng.uniform(0.0, 1.0)) if seed else 0.0
        self._noise = context.texture((NOISE_CELLS, NOISE_CELLS), 4, dtype="f2")
        self._noise.write(rng.random((NOISE_CELLS, NOISE_CELLS, 4)).astype(np.float16))
        self.motion = Motion()
        self._between = Between(context, shaders)
        self._reach = Reach(context, self._effects["reach"])
        self._decks = {name: Deck(context, self._effects["dissolve"], self._between) for name in ("a", "b")}
        self._waiting: dict[str, Image] = {}
        self._pictures = [Canvas(context, (1, 1)) for _ in range(3)]
        self._soft = [Canvas(context, (SOFT_PX, SOFT_PX)) for _ in range(2)]
        self._show_s = 0.0
        self._time_s: float | None = None
        self._dt_s = 0.0
        self._presence = 0.0
        self._arrival_s = ARRIVAL_S
        self._brightness = 1.0
        self._grain = 0.0
        self._out: Canvas | None = None
        self.n_drawn = 0
        self.flashes = FlashLimiter(context, self._effects["measure"], self._effects["hold"])
        self.titles = Titles(context, self._effects["title"], live)
        self._allocate()
        self.chain = Chain(
            context,
            Shelf(context, self._graded.size, live, warms=live and self.software),
            self._effects["dissolve"],
            self._noise,
        )
        self._heard: dict[str, isf.Uniform] = {}
        self._warming = self._warm_up() if live and not self.software else iter(())
        stages = self._effects | dict(self._between.effects)
        self._rehearsal = Rehearsal(context, stages, self.chain.shelf) if live and self.software else None

    def _allocate(self) -> None:
        usual = min(SOFTWARE_SCALE, SOFTWARE_ROWS / self.size[1]) if self.software else 1.0
        work = scaled(self.size, self._scale or usual)
        glow = scaled(work, GLOW_SHARE)
        backdrop = scaled(work, SOFTWARE_GENERATOR_SHARE if self.software else 1.0)
        self._backdrop = Canvas(self.context, backdrop)
        self._graded = self._limited = Canvas(self.context, work)
        self._scenes = [Canvas(self.context, work) for _ in range(2)]
        self._glows = [Canvas(self.context, glow) for _ in range(2)]

    def resize(self, size: tuple[int, int]) -> None:
        """Another frame size; the trails begin anew."""
        if size == self.size or min(size) < 1:
            return
        for canvas in (self._backdrop, self._graded, *self._scenes, *self._glows):
            canvas.release()
        self.size = size
        self._allocate()
        self.chain.resize(self._graded.size)

    def set_image(self, image: Image, deck: str = "a") -> None:
        """The newest image of a deck; it is taken up with the next frame that is not frozen."""
        self._waiting[deck] = image

    def draw(
        self,
        time_s: float,
        features: Features | None,
        settings: Mapping[str, Any],
        mix: float = 0.0,
        target: moderngl.Framebuffer | None = None,
    ) -> moderngl.Framebuffer:
        """One frame into `target`, by default into a framebuffer of the renderer's own: RGBA 8 bit.

        `features` None means that nothing is heard. `mix` fades from deck A (0) to deck B (1).
        """
        values = _Settings(settings)
        dt_s = 1 / 60 if self._time_s is None else min(max(time_s - self._time_s, 0.0), LONGEST_STEP_S)
        self._fade(values["output.blackout"], values["output.blackout_s"], dt_s)
        self.titles.update(values, dt_s, self.size[1])
        self._time_s = time_s
        if not values["output.freeze"] or self.n_drawn == 0:
            self._dt_s = dt_s
            self.motion.update(dt_s, features)
            self._heard = {
                **self.motion.uniforms(),
                "TIME": self._show_s,
                "TIMEDELTA": self._dt_s if self.n_drawn else 0.0,
                "FRAMEINDEX": self.n_drawn,
            }
            self.chain.begin()
            self._take_images(values["display.blend"], values["display.between"] == "flow")
            self._compose(values, mix)
            self._grade(values)
            self._limit(values, self.chain.draw(self._graded, values.__getitem__, self._heard))
            self.chain.end()
            self._grain = values["effects.grain"] * (0.6 + 0.6 * self.motion.treble)
            self._show_s += dt_s
            self.n_drawn += 1
            if self.n_drawn > WARM_AFTER:
                next(self._warming, None)
                if self._rehearsal is not None:
                    sizes = Sizes.of(self._graded, self._glows[0], self._backdrop)
                    self._rehearsal.step(sizes, target or self._own().framebuffer)
        return self.draw_again(target)

    def draw_again(self, target: moderngl.Framebuffer | None = None) -> moderngl.Framebuffer:
        """The frame drawn last into another target of any size: for a recording beside the window."""
        target = target or self._own().framebuffer
        finish = {
            "grain": self._grain,
            "seed": self.n_drawn & 0x7FFFFFFF,
            "brightness": self._brightness,
        }
        self._effects["finish"].draw(target, {"inputImage": self._limited.texture}, finish)
        self.titles.draw(target, self._brightness)
        return target

    def _own(self) -> Canvas:
        if self._out is None or self._out.size != self.size:
            if self._out:
                self._out.release()
            self._out = Canvas(self.context, self.size, dtype="f1")
        return self._out

    def _fade(self, blackout: bool, blackout_s: float, dt_s: float) -> None:
        step = 1.0 if self._time_s is None or blackout_s <= 0.0 else dt_s / blackout_s
        target = 0.0 if blackout else 1.0
        if target > self._brightness and self.flashes.is_spent(self._time_s or 0.0):
            return  # black is never late, light may be
        self._brightness += min(max(target - self._brightness, -step), step)

    def _take_images(self, blend: float, flows: bool) -> None:
        first = all(deck.n_images == 0 for deck in self._decks.values())
        for deck in self._decks.values():
            deck.flows = flows
        for name, image in self._waiting.items():
            self._decks[name].set(image, self._show_s, self._dt_s, blend)
        if first and self._waiting:
            # An image that is there at once, after a restart or offline, is shown at once.
            self._arrival_s = min(ARRIVAL_S, 0.5 * self._show_s)
        self._waiting.clear()

    def _picture(self, mix: float, values: _Settings) -> tuple[Canvas, Hang] | None:
        """The picture both decks give now and how it hangs, or None before the first image."""
        fill = values["display.fill"]
        shares = {"a": 1.0 - mix, "b": mix}
        shown = [n for n, deck in self._decks.items() if deck.n_images and shares[n] > 0.0]
        shown = shown or [n for n, deck in self._decks.items() if deck.n_images]
        if not shown:
            return None
        for index, name in enumerate(shown):
            self._fit(index, self._decks[name].size)
            self._decks[name].draw(self._pictures[index], self._show_s, self._dt_s)
        if len(shown) == 1:
            return self._pictures[0], hanging.hang(self._pictures[0].size, self.size, fill)
        (start, end), hangs = self._reach.even(self._pictures[:2], self.size, fill)
        self._fit(2, (max(start.size[0], end.size[0]), max(start.size[1], end.size[1])))
        self._crossfade(start, end, mix, values)
        return self._pictures[2], hanging.between(hangs[0], hangs[1], mix)

    def _warm_up(self) -> Iterator[None]:
        """Drivers compile at the first draw, which must not be that of a switch; a step a frame."""
        self._crossfade(self._pictures[0], self._pictures[1], 0.5, None)
        yield
        self.flashes.warm_up(self._graded)
        yield

    def _crossfade(self, start: Canvas, end: Canvas, mix: float, values: _Settings | None) -> None:
        """Both decks' pictures into the third canvas, by the chosen transition when it is there."""
        both = self._pictures[2]
        images = {"startImage": start.texture, "endImage": end.texture}
        if values is not None:
            chosen = values["show.transition"]
            if chosen != declared_shaders.TRANSITION and self.chain.cross(
                chosen, images, mix, both, values.__getitem__, self._heard
            ):
                return
        self._effects["crossfade"].draw(both.framebuffer, images, {"progress": mix})

    def _fit(self, index: int, size: tuple[int, int]) -> None:
        if self._pictures[index].size != size:
            self._pictures[index].release()
            self._pictures[index] = Canvas(self.context, size)

    def _compose(self, values: _Settings, mix: float) -> None:
        """Passes up to the scene in linear light and its glow."""
        shown = self._picture(mix, values)
        if shown:
            step = self._dt_s / self._arrival_s if self._arrival_s > 0.0 else 1.0
            self._presence = min(self._presence + step, 1.0)
        if self._presence < 1.0:
            self._generate(values)
        picture, hung = shown or (self._pictures[0], (1.0, 1.0))
        fill = values["display.fill"]
        if fill == "surround":
            self._soften(picture, self._soft[0], (1.8 / SOFT_PX, 0.0))
            self._soften(self._soft[0], self._soft[1], (0.0, 1.8 / SOFT_PX))
        trail = values["effects.feedback"]
        tau_s = TRAIL_S * trail * trail
        images = {
            "picture": picture.texture,
            "softPicture": self._soft[1].texture,
            "backdrop": self._backdrop.texture,
            "previous": self._scenes[0].texture,
        }
        zoom = values["effects.zoom"]
        scene = {
            "presence": self._presence * self._presence * (3.0 - 2.0 * self._presence),
            "surround": fill == "surround",
            "mirror": fill == "mirror",
            "hang": hung,
            "crispness": CRISPNESS,
            "zoom": zoom,
            "breath": zoom * self._breath(),
            "trail": self._share_of_before(tau_s),
            "rise": self._share_of_before(tau_s * RISE),
            "pull": PULL_PER_S * trail * self._dt_s * (0.3 + self.motion.bass),
        }
        self._effects["scene"].draw(self._scenes[1].framebuffer, images, self._heard | scene)
        self._scenes.reverse()
        if values["effects.bloom"] > 0.0:
            width, height = self._glows[0].size
            self._soften(self._scenes[0], self._glows[0], (1.9 / width, 0.0), GLOW_THRESHOLD)
            self._soften(self._glows[0], self._glows[1], (0.0, 1.9 / height))

    def _generate(self, values: _Settings) -> None:
        """The chosen generator, or ours until it is there."""
        chosen = values["show.generator"]
        if chosen != declared_shaders.GENERATOR and self.chain.generate(
            chosen, self._backdrop, values.__getitem__, self._heard
        ):
            return
        drift = {name: values[f"shader.drift.{name}"] for name in ("scale", "stroke", "shade")}
        drift["shade"] += self._shade
        self._effects["drift"].draw(self._backdrop.framebuffer, {"noise": self._noise}, self._heard | drift)

    def _soften(
        self, source: Canvas, target: Canvas, spread: tuple[float, float], threshold: float = 0.0
    ) -> None:
        self._effects["soften"].draw(
            target.framebuffer, {"inputImage": source.texture}, {"spread": spread, "threshold": threshold}
        )

    def _share_of_before(self, time_constant_s: float) -> float:
        return math.exp(-self._dt_s / time_constant_s) if time_constant_s > 0.0 and self.n_drawn else 0.0

    def _breath(self) -> float:
        slow = 0.5 - 0.5 * math.cos(2.0 * math.pi * self._show_s / SLOW_BREATH_S)
        return BREATH["bass"] * self.motion.bass + BREATH["beat"] * self.motion.beat + BREATH["slow"] * slow

    def _grade(self, values: _Settings) -> None:
        motion = self.motion
        hue = math.radians(values["effects.hue"])
        grade = {
            "glow": values["effects.bloom"] * (0.7 + 0.9 * motion.bass),
            "saturation": values["effects.saturation"],
            "turn": (math.cos(hue), math.sin(hue)),
            "contrast": values["effects.contrast"],
            "flash": values["effects.flash"] * motion.onset,
            "vignette": values["effects.vignette"],
        }
        images = {"inputImage": self._scenes[0].texture, "glowImage": self._glows[1].texture}
        self._effects["grade"].draw(self._graded.framebuffer, images, grade)

    def _limit(self, values: _Settings, picture: Canvas) -> None:
        """What of the graded and filtered picture is shown."""
        self._limited = picture
        if values["output.flash_limit"]:
            assert self._time_s is not None
            self._limited = self.flashes.limit(picture, self._time_s, self._brightness)
        else:
            self.flashes.forget()

    def release(self) -> None:
        """Frees everything on the GPU."""
        if self._rehearsal is not None:
            self._rehearsal.release()
        self.flashes.release()
        self.chain.release()
        canvases = (*self._pictures, *self._soft, self._backdrop, self._graded, *self._scenes, *self._glows)
        for canvas in canvases:
            canvas.release()
        for deck in self._decks.values():
            deck.release()
        self._between.release()
        self._reach.release()
        self.titles.release()
        for effect in self._effects.values():
            effect.release()
        self._noise.release()
        if self._out:
            self._out.release()


class _Settings:
    """Settings by id, the declared default where one is missing."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def __getitem__(self, id: str) -> Any:
        return self._settings[id] if id in self._settings else parameters.PARAMETERS[id].default
