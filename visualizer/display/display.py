"""The display process: newest images and features in, a window and its recording out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import moderngl

from visualizer import clock, parameters
from visualizer.control import keys
from visualizer.display import monitors
from visualizer.display.fader import Fader
from visualizer.display.late_frames import LateFrames
from visualizer.display.overlay import Overlay
from visualizer.display.pacing import HURRY_PERIODS, Pacer
from visualizer.display.readback import Readback
from visualizer.display.readings import Readings, read
from visualizer.display.renderer import Renderer
from visualizer.display.shown import Shown
from visualizer.display.surfaces import Surfaces
from visualizer.display.wakefulness import Wakefulness
from visualizer.display.window import Window
from visualizer.ipc.ring import RingReader
from visualizer.ipc.worker import Worker
from visualizer.modulation import Delay, Moving, asked_of_decks, lead
from visualizer.types import Features, Image, UInt8

DEAF_AFTER_S = 0.5
"""Features older than this are not heard any more: the picture calms down."""
DEAR_SHARE = {"software": 0.6, "hardware": 0.85}
"""What drawing may take of the frame's time before the pace is halved; software leaves room for networks."""
OVERRULED_AFTER_S = 0.5
ASKING_S = 0.1
"""How often the deck on air is asked for what only it hears: tags and the era."""
ICON_WAIT_S = 0.1
PEEK_S = 0.002
"""As soon as a frame may be hurried it looks so often whether something struck."""
OVERLAY_AFTER = 20
"""Frames after which the overlay is compiled, which the first ones need not wait for."""
MAX_PROBLEMS = 12
"""So many failing shaders are told of."""
_PLACE = ("display.fullscreen", "display.monitor", "wall.mirrors")
_SIZE = ("display.width", "display.height")
_TELLING = ("on_air", "deck_stage", "preset", "output.record", "output.still", "display.hud", "display.help")
"""What may make a frame late, beside effects that begin."""


class Display(Worker):
    """Owner of the window, the GL context and the rendered slot; the worker's loop is the only thread.

    Keys act here at once and are sent to the parent, whose settings then confirm them.
    """

    name = "display"

    def setup(self) -> None:
        """Opens the window and shows the first frame; UserError where there is no screen or no OpenGL 3.3."""
        self._by_key: dict[str, tuple[Any, float]] = {}
        self._window = Window(self._get("display.width"), self._get("display.height"), self._on_key)
        context = self._window.context
        self._renderer = Renderer(context, self._frame_size(), live=True)
        self._overlay = Overlay(context, live=True)
        self._readback: Readback | None = None
        self._surfaces = Surfaces(self._window, self._renderer)
        self._misplaced = ""
        self._wakefulness = Wakefulness()
        self._sound: RingReader | None = None
        self._shown = Shown()
        self._late = LateFrames()
        self._fader = Fader(self._on_air)
        kind = "software" if self._window.software else "hardware"
        self._pacer = Pacer(self._get("display.fps"), DEAR_SHARE[kind])
        self._counters = {"a": 0, "b": 0, "features": 0}
        self._buffers: dict[str, UInt8] = {}
        self._images: dict[str, Image] = {}
        self._features = Features()
        self._shown_onset_ns = 0
        self._delay = Delay[Features]()
        self._moving = Moving()
        self._from_deck: tuple[float, dict[str, float]] = (0.0, {})
        self._readings: Readings | None = None
        self._told_s = 0.0
        self.health.update(gl=str(context.info["GL_RENDERER"]), software=self._window.software)
        self._hear()
        self._renderer.draw(clock.seconds(clock.now_ns()), None, self.settings)  # compiles what is needed
        self._place()
        self._surfaces.share(self._get("output.texture"))
        self._window.show()
        self.step()
        self._wakefulness.begin()

    def step(self) -> float:
        """Handles keys, draws a frame when one is due; the seconds until it should look again."""
        if self._window.poll():
            self._place()
        if self._window.is_closing:
            self.send({"do": "quit"})
        now_s = clock.seconds(clock.now_ns())
        if self._is_struck():
            self._pacer.hurry(now_s)
        if self._wait_s(now_s) <= 0.0:
            if min(self._window.size) < 1:
                return ICON_WAIT_S
            self._draw(now_s)
            now_s = clock.seconds(clock.now_ns())
        wait_s = self._wait_s(now_s)
        return min(wait_s, max(wait_s - HURRY_PERIODS / self._pacer.fps, PEEK_S))

    def _wait_s(self, now_s: float) -> float:
        wait_s = self._pacer.wait_s(now_s)
        if not self._window.software and self._pacer.fps >= self._window.refresh_hz - 1:
            # The swap waits for the monitor: only keep clear of a driver whose swap does not.
            return max(wait_s - 0.5 / self._pacer.fps, 0.0)
        return wait_s

    def _draw(self, now_s: float) -> None:
        size = self._frame_size()
        self._late.begin(self._pacer.due_s)
        self._hear()
        self._shown_onset_ns = self._features.onset_ns
        self._late.mark("hear")
        settings = {id: self._get(id) for id in parameters.PARAMETERS}
        late_s = max(settings["show.offset_ms"], 0.0) / 1e3
        is_heard = clock.seconds(clock.now_ns() - self._features.time_ns) < DEAF_AFTER_S + late_s
        features = self._features if is_heard and self._features.time_ns else None
        moved = self._moving.settings(now_s, features, settings, self._ask_deck(now_s, settings))
        features = lead(features, settings) if features else None
        mix = self._fader.update(now_s, self._on_air, self._fade_s(settings), self._by_hand(settings))
        self._late.mark("values")
        drawn = self._surfaces.draw(
            moved, size, lambda target: self._renderer.draw(now_s, features, moved, mix, target)
        )
        self._late.mark("draw")
        self._hear_sound()
        self._record(now_s, drawn)
        self._late.mark("record")
        self._draw_overlay(now_s, size)
        self._late.mark("overlay")
        begun_s = clock.seconds(clock.now_ns())
        self._window.swap()
        shown_ns = clock.now_ns()
        shown_s = clock.seconds(shown_ns)
        self._late.mark("swap")
        self._late.shown(shown_s)
        self._pacer.drawn(now_s, shown_s if self._window.software else begun_s)
        image = self._images.get(self._on_air)
        self._shown.add(
            shown_s,
            clock.seconds(shown_ns - features.time_ns) if features else None,
            clock.seconds(shown_ns - image.heard_ns) if features and image and image.heard_ns else None,
            image is not None,
        )
        if self._readback:
            self._readback.stamp(shown_ns)
        self._tell(shown_s)

    def _fade_s(self, settings: Mapping[str, Any]) -> float:
        """Length of the fade under way: its own, or as the performer has set it."""
        own = self.settings.get("deck_fade_s")
        return float(settings["show.fade_s"] if own is None else own)

    def _by_hand(self, settings: Mapping[str, Any]) -> float | None:
        """Where the performer's crossfader stands, when something is ready in the other deck."""
        is_ready = self.settings.get("deck_stage") == "ready"
        return float(settings["show.crossfader"]) if is_ready else None

    def _is_struck(self) -> bool:
        """Whether an onset has come that no frame has shown yet: that one should not wait for its turn."""
        self._hear_features()
        return self._features.onset_ns > self._shown_onset_ns

    def _hear_features(self) -> None:
        newer = self.regions.features.read_newer(self._counters["features"])
        if newer:
            self._counters["features"], features = newer
            self._delay.push(features.time_ns, features)
        offset_ms = self._get("show.offset_ms")
        self._features = self._delay.newest(clock.now_ns(), offset_ms, self._features)

    def _hear(self) -> None:
        """Takes the newest features and images; a frozen picture leaves the images where they are."""
        self._hear_features()
        if self._get("output.freeze"):
            return
        for deck, slot in (("a", self.regions.frames_a), ("b", self.regions.frames_b)):
            taken = slot.read_newer(self._counters[deck], self._buffers.get(deck))
            if taken:
                self._counters[deck], image = taken
                self._buffers[deck] = image.pixels
                self._renderer.set_image(image, deck)
                self._images[deck] = image

    def _ask_deck(self, now_s: float, settings: Mapping[str, Any]) -> dict[str, float]:
        """What the deck on air hears of what routes ask for; nothing while none asks."""
        if not asked_of_decks(settings):
            return {}
        asked_s, told = self._from_deck
        if now_s - asked_s >= ASKING_S:
            state = self.regions.health[f"deck_{self._on_air}"].read() or {}
            told = {name: float(value) for name, value in state.get("health", {}).get("signals", {}).items()}
            self._from_deck = now_s, told
        return told

    def _hear_sound(self) -> None:
        """Sound for shaders that want it; it is read only then."""
        if not self._renderer.chain.hears:
            self._sound = None
        elif self._sound is None:
            self._sound = self.regions.audio.reader()
        else:
            self._renderer.chain.hear(self._sound.read().samples)

    def _follow_shaders(self) -> None:
        """Says which shaders fail, and lets the parent know when files came, changed or went."""
        shelf = self._renderer.chain.shelf
        if shelf.took_change():
            self.send({"shaders": "changed"})
        problems = shelf.problems
        self.health["shaders"] = {
            "active": list(self._renderer.chain.active),
            "problems": {name: problems[name][:300] for name in list(problems)[:MAX_PROBLEMS]},
        }

    def _draw_overlay(self, now_s: float, size: tuple[int, int]) -> None:
        screen = self._window.screen
        if self._shown.n == OVERLAY_AFTER:
            self._overlay.rehearse(screen)
        if self._get("display.hud"):
            due = self._overlay.is_due(now_s)
            readings = (
                read(
                    self.regions.health,
                    self._shown,
                    self._images.get(self._on_air),
                    self._features,
                    self.sentence or self._said(),
                    self._on_air,
                    str(self.settings.get("cue_line") or ""),
                )
                if due
                else None
            )
            self._overlay.draw_hud(screen, size, now_s, readings, self._renderer.motion.beat)
        if self._get("display.help"):
            self._overlay.draw_card(screen, size, keys.card())

    def _said(self) -> str:
        """What the parent has to say of a switch, or else of a preset."""
        told = self.settings
        return str(told.get("deck_sentence") or told.get("preset_sentence") or "")

    def _record(self, now_s: float, screen: moderngl.Framebuffer) -> None:
        """Copies the frame for the output process, without what is laid over it."""
        if not any(self._get(id) for id in parameters.OUTPUTS):
            if self._readback:
                self._readback.release()
                self._readback = None
            return
        if self._readback is None or self._readback.of != self._renderer.size:
            if self._readback:
                self._readback.release()
            self._readback = Readback(self._window.context, self._renderer.size)
        if self._readback.is_due(now_s):
            image = self._readback.take(self._renderer, screen, now_s, self._features)
            if image:
                self.regions.rendered.write(image)

    def _report(self) -> None:
        shaders = self._renderer.chain.shelf.sentence
        told = (self._misplaced, self._surfaces.sentence, self._renderer.titles.sentence, shaders)
        self.report(" ".join(sentence for sentence in told if sentence))

    def _tell(self, shown_s: float) -> None:
        if shown_s - self._told_s < 0.2:
            return
        self._told_s = shown_s
        self._wakefulness.step(shown_s)
        self._report()
        monitor = self._window.monitor
        self._follow_shaders()
        self.health.update(
            self._shown.figures(),
            n_dropped_images=self.regions.frames_a.n_dropped + self.regions.frames_b.n_dropped,
            on_air=self._fader.on_air,
            pace_fps=round(self._pacer.fps, 1),
            frame_cost_ms=round(1e3 * self._pacer.cost_s, 2),
            size=list(self._renderer.size),
            monitor=monitor.name if monitor else "",
            fullscreen=self._window.is_fullscreen,
            late_frames=list(self._late.kept),
            n_unanswered_keys=sum(self.settings.get(id) != v for id, (v, _) in self._by_key.items()),
        )

    @property
    def _on_air(self) -> str:
        """The deck that should be seen, `a` or `b`."""
        return str(self.settings.get("on_air", "a"))

    def _frame_size(self) -> tuple[int, int]:
        width_px, height_px = self._window.size
        return max(width_px, 1), max(height_px, 1)

    def _get(self, id: str) -> Any:
        """The value a key has set here, else the parent's, else the default."""
        if id in self._by_key:
            return self._by_key[id][0]
        return self.settings.get(id, parameters.PARAMETERS[id].default)

    def _set(self, values: Mapping[str, Any]) -> None:
        """Sets values here, at once."""
        now_s = clock.seconds(clock.now_ns())
        self._by_key.update({id: (value, now_s) for id, value in values.items()})
        self._follow(values)

    def _follow(self, changed: Mapping[str, Any]) -> None:
        if any(id in changed for id in _PLACE):
            self._place()
        if any(id in changed for id in _SIZE):
            self._window.resize(self._get("display.width"), self._get("display.height"))
        if "output.texture" in changed:
            self._surfaces.share(self._get("output.texture"))
        if "display.fps" in changed:
            self._pacer.want(self._get("display.fps"))

    def _place(self) -> None:
        self.health["monitors"] = [monitor.name for monitor in monitors.connected()]
        self._misplaced = self._window.place(self._get("display.fullscreen"), self._get("display.monitor"))
        self._surfaces.place({"wall.mirrors": self._get("wall.mirrors")})
        self._report()

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """The parent's values win over a key's, except in the moment in which they cross on their way."""
        now_s = clock.seconds(clock.now_ns())
        for id, value in changed.items():
            mine = self._by_key.get(id)
            if mine and (mine[0] == value or now_s - mine[1] > OVERRULED_AFTER_S):
                del self._by_key[id]
        self._late.note(*(f"{id} {value}" for id, value in changed.items() if _is_telling(id)))
        self._follow({id: value for id, value in changed.items() if id not in self._by_key})

    def on_command(self, command: dict[str, Any]) -> None:
        """{"do": name} for what the display does by itself; {"event": id} for an event input of a shader."""
        if isinstance(id := command.get("event"), str):
            self._renderer.chain.fire(id)
        if command.get("do") == "next_monitor":
            self._next_monitor()

    def _on_key(self, symbol: str, shift: bool, ctrl: bool) -> None:
        binding = keys.find(symbol, shift, ctrl)
        if binding is None:
            return
        self._late.note(f"key {binding.label}")
        if binding.does == "next_monitor":
            self._next_monitor()
        elif binding.does:
            if binding.does == "panic":
                self._set(parameters.calm(is_preset=bool(self._get("show.panic_preset"))))
            self.send({"do": binding.does})
        else:
            changed = keys.changes(binding, {id: self._get(id) for id in parameters.PARAMETERS})
            if changed.get("display.fullscreen") and not self._get("display.monitor"):
                # Full screen where the window is, and there again after a restart.
                monitor = self._window.monitor
                changed["display.monitor"] = monitor.name if monitor else ""
            self._apply(changed)

    def _next_monitor(self) -> None:
        monitor = self._window.next_monitor()
        if monitor:
            self._apply({"display.monitor": monitor.name})

    def _apply(self, changed: Mapping[str, Any]) -> None:
        self._set(changed)
        self.send({"set": dict(changed)})

    def close(self) -> None:
        """Closes the window."""
        late = getattr(self, "_late", None)
        if late:
            late.close()
        surfaces = getattr(self, "_surfaces", None)
        if surfaces:
            surfaces.close()
            self._wakefulness.end()
        renderer = getattr(self, "_renderer", None)
        if renderer:
            renderer.chain.shelf.close()
        window = getattr(self, "_window", None)
        if window:
            window.close()


def _is_telling(id: str) -> bool:
    return id in _TELLING or id.endswith((".on", ".solo")) or id in ("show.transition", "show.generator")
