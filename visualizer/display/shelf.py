"""The shaders that a show uses: tried in a throwaway process, then compiled one at a time between frames.

Files are watched: what is saved is tried again, and takes the place of what is shown only if it works.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import moderngl

from visualizer import parameters, shaders
from visualizer.display import isf
from visualizer.display.isf.trial import Verdict
from visualizer.display.proving import Prover, Verdicts
from visualizer.display.rehearsal import Sizes
from visualizer.parameters import Parameter
from visualizer.paths import path_of
from visualizer.shaders import Found, Library
from visualizer.types import UInt8, UserError

LIMIT_S = 5.0
"""What a shader may take to prove itself in a show."""
PATIENT_LIMIT_S = 30.0
"""The same where nobody waits for a frame."""
MOST_FRAME_S = 1.0
LOOK_S = 0.5
"""How often the folders are looked at."""
IDLE_LOOKS = 20
"""After so many looks without work the throwaway process is given back."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """A shader that came out of its trial, on its way to the GPU: without `shader` nobody shows it now."""

    name: str
    shader: isf.Shader | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Picture:
    path: str
    pixels: UInt8 | None
    reason: str = ""


class Shelf:
    """Compiled shaders by name. Owner: the GL thread; in a live show its `Scout` has a thread of its own."""

    def __init__(
        self, context: moderngl.Context, size: tuple[int, int], is_live: bool, warms: bool = False
    ) -> None:
        """`size`: of the frames that are to be drawn. Not live, `effect` waits until the shader is there.

        With `warms` the driver is made to keep shaders compiled before they come here.
        """
        self._context = context
        self._effects: dict[str, isf.Effect] = {}
        self._coming: dict[str, isf.Effect] = {}
        self._pictures: dict[str, moderngl.Texture | None] = {}
        self.is_live = is_live
        """Whether frames must not wait."""
        limit_s = LIMIT_S if is_live else PATIENT_LIMIT_S
        self._scout = Scout(str(context.info["GL_RENDERER"]), size, limit_s, warms)
        self.library = self._scout.library
        """What there is; parameters of all of it are declared."""
        self._problems: dict[str, str] = {}
        self._changed = False
        if is_live:
            self._scout.start()

    @property
    def problems(self) -> Mapping[str, str]:
        """By name or file: why it is not shown, or an older one in its place."""
        return {**self.library.broken, **self._problems}

    @property
    def sentence(self) -> str:
        """What there is to say of shaders in use and of files that were just saved."""
        return next(iter(self._problems.values()), "")

    def want_stages(self, sizes: Sizes) -> None:
        """Our own stages are to be compiled for such frames, aside."""
        self._scout.want_stages(sizes)

    def has_stages(self, sizes: Sizes) -> bool:
        """Whether the driver has them, or cannot be made to."""
        return sizes in self._scout.stages

    def took_change(self) -> bool:
        """Whether files came, changed or went since the last call."""
        changed, self._changed = self._changed, False
        return changed

    def effect(self, name: str) -> isf.Effect | None:
        """A shader ready to draw; None while it is not, or fails. To be asked for in every frame."""
        if name not in self._effects and name not in self._problems:
            self._scout.want(name)
            if not self.is_live:
                self._scout.work()
                self.tend()
        return self._effects.get(name)

    def picture(self, path: str) -> moderngl.Texture | None:
        """A picture of the user's; None while it is not there."""
        if path not in self._pictures:
            self._pictures[path] = None
            self._scout.want_picture(path)
            if not self.is_live:
                self._scout.work()
                self.tend()
        return self._pictures[path]

    def tend(self) -> None:
        """Takes in at most one thing that is ready; to be called once a frame."""
        news = self._scout.news
        if news is not None:
            self._scout.news = None
            self.library, (declared, gone) = news
            parameters.declare(declared, gone)
            self._changed = True
            return
        try:
            ready = self._scout.ready.get_nowait()
        except queue.Empty:
            return
        if isinstance(ready, _Picture):
            self._take_picture(ready)
        elif ready.reason:
            self._problems[ready.name] = ready.reason
        elif ready.shader is None:
            self._problems.pop(ready.name, None)
        else:
            self._take_shader(ready.name, ready.shader)

    def _take_shader(self, name: str, shader: isf.Shader) -> None:
        try:
            effect = isf.Effect(self._context, shader)
        except UserError as error:
            self._problems[name] = str(error)
            return
        self._forget(self._coming, name)
        self._coming[name] = effect
        if not self.is_live:
            self.promote(name)

    def coming(self, name: str) -> isf.Effect | None:
        """A compiled shader that was not drawn yet and takes its place with `promote`."""
        return self._coming.get(name)

    def promote(self, name: str) -> None:
        """What was coming is there; an older one of that name goes."""
        self._forget(self._effects, name)
        effect = self._effects[name] = self._coming.pop(name)
        self._problems.pop(name, None)
        if effect.notes:
            self._problems[name] = effect.notes[0]

    def refuse(self, name: str, reason: str) -> None:
        """What was coming fails; an older one of that name stays."""
        self._forget(self._coming, name)
        self._problems[name] = reason

    @staticmethod
    def _forget(effects: dict[str, isf.Effect], name: str) -> None:
        effect = effects.pop(name, None)
        if effect is not None:
            effect.release()

    def _take_picture(self, ready: _Picture) -> None:
        if ready.pixels is None:
            self._problems[ready.path] = ready.reason
            return
        height, width = ready.pixels.shape[:2]
        texture = self._context.texture((width, height), 4, ready.pixels.tobytes())
        texture.repeat_x = texture.repeat_y = False
        self._pictures[ready.path] = texture

    def drop(self, name: str, reason: str) -> None:
        """Takes a shader out that failed while it was drawn; it comes back when its file is saved."""
        self._forget(self._effects, name)
        self._problems[name] = reason

    def resize(self, size: tuple[int, int]) -> None:
        """Later trials draw frames of this size."""
        self._scout.size = size

    def close(self) -> None:
        """Ends the thread and its process."""
        self._scout.close()

    def release(self) -> None:
        """Ends the thread and its process, frees everything."""
        self.close()
        for effect in (*self._effects.values(), *self._coming.values()):
            effect.release()
        for texture in self._pictures.values():
            if texture is not None:
                texture.release()
        self._effects.clear()
        self._coming.clear()
        self._pictures.clear()


class Scout:
    """Tries shaders and reads pictures; without GL. `work` is run by its thread, or by whoever can wait."""

    def __init__(self, machine: str, size: tuple[int, int], limit_s: float, warms: bool = False) -> None:
        self.library = shaders.scan()
        self.size = size
        self.ready: queue.SimpleQueue[_Tried | _Picture] = queue.SimpleQueue()
        self._machine, self._limit_s, self._warms = machine, limit_s, warms
        self._wishes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._picture_wishes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stage_wishes: queue.SimpleQueue[Sizes] = queue.SimpleQueue()
        self.stages: set[Sizes] = set()
        """For which frames our own stages were compiled."""
        self._wanted: set[str] = set()
        self._stamps = _stamps()
        self._prover: Prover | None = None
        self._n_idle = 0
        self.news: tuple[Library, tuple[list[Parameter], list[str]]] | None = None
        """Another library with what it changes of the parameters, until the GL thread has taken it."""
        self._end = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins the thread."""
        self._thread = threading.Thread(target=self._run, name="shader scout", daemon=True)
        self._thread.start()

    def want(self, name: str) -> None:
        """From the GL thread: this shader is to be tried, once until its file changes."""
        if name not in self._wanted:
            self._wanted.add(name)
            self._wishes.put(name)
            self._wake.set()

    def want_picture(self, path: str) -> None:
        """From the GL thread: this picture is to be read."""
        self._picture_wishes.put(path)
        self._wake.set()

    def want_stages(self, sizes: Sizes) -> None:
        """From the GL thread: our own stages are to be compiled for such frames."""
        self._stage_wishes.put(sizes)
        self._wake.set()

    def _run(self) -> None:
        while not self._end.is_set():
            self._look()
            self.work()
            self._wake.wait(LOOK_S)
            self._wake.clear()

    def _look(self) -> None:
        """Tries again what was saved since the last look."""
        stamps = _stamps()
        if stamps == self._stamps:
            self._n_idle += 1
            if self._n_idle > IDLE_LOOKS and self._prover is not None:
                self._prover.close()
                self._prover = None
            return
        changed = {f for f in stamps.keys() | self._stamps.keys() if stamps.get(f) != self._stamps.get(f)}
        stems = {file.with_suffix("") for file in changed}
        self._stamps = stamps
        self.library = library = shaders.scan()
        self.news = library, parameters.changes_of_shaders(library)
        for name, found in library.shaders.items():
            if found.file.with_suffix("") in stems:
                self._wishes.put(name)
        for path, reason in library.broken.items():
            if Path(path) in changed:
                self.ready.put(_Tried(shaders.name_of(Path(path)), None, reason))

    def work(self) -> None:
        """Does all that is wanted now."""
        while not self._end.is_set() and not self._stage_wishes.empty():
            self._n_idle = 0
            self._compile_stages(self._stage_wishes.get())
        while not self._end.is_set():
            try:
                name = self._wishes.get_nowait()
            except queue.Empty:
                break
            self._n_idle = 0
            self.ready.put(self._try(name))
        while not self._end.is_set():
            try:
                path = self._picture_wishes.get_nowait()
            except queue.Empty:
                break
            try:
                self.ready.put(_Picture(path, isf.read_picture(path_of(path))))
            except UserError as error:
                self.ready.put(_Picture(path, None, str(error)))

    def _try(self, name: str) -> _Tried:
        found = self.library.shaders.get(name)
        if found is None:
            return _Tried(
                name, None, f"There is no shader {name}: put its file into {shaders.folders()[-1]}."
            )
        verdict = self._verdict(found)
        if not verdict.ok:
            return _Tried(name, None, verdict.reason)
        if name not in self._wanted:
            return _Tried(name, None)
        try:
            return _Tried(name, isf.load_file(found.file, found.file.name))
        except UserError as error:
            return _Tried(name, None, str(error))

    def _compile_stages(self, sizes: Sizes) -> None:
        verdicts = Verdicts(self._machine)
        if not verdicts.recall_stages(sizes):
            self._prover = self._prover or Prover()
            # Where there is no process to be had, each is compiled when it is first drawn.
            with suppress(UserError, OSError):
                if self._prover.compile_stages(sizes):
                    verdicts.keep_stages(sizes)
        self.stages.add(sizes)

    def _verdict(self, found: Found) -> Verdict:
        width, height = self.size
        verdicts = Verdicts(f"{self._machine} {width}x{height}")
        known = verdicts.recall(found.file)
        if known is not None:
            return known
        if self._prover is None:
            self._prover = Prover()
        try:
            verdict = self._prover.prove(found.file, self.size, self._limit_s, MOST_FRAME_S)
            if verdict.ok and self._warms:
                self._prover.warm(found.file, self.size)
        except UserError as error:
            return Verdict(False, str(error))
        verdicts.keep(found.file, verdict)
        return verdict

    def close(self) -> None:
        """Ends thread and process; a trial that is under way is cut short."""
        self._end.set()
        self._wake.set()
        if self._prover is not None:
            self._prover.close()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._prover is not None:
            self._prover.close()


def _stamps() -> dict[Path, tuple[int, int]]:
    """Time and size of every file of shaders."""
    stamps: dict[Path, tuple[int, int]] = {}
    for folder in shaders.folders():
        try:
            for file in folder.iterdir():
                if file.suffix.lower() in (".fs", ".vs", ".vert"):
                    told = file.stat()
                    stamps[file] = told.st_mtime_ns, told.st_size
        except OSError:  # no folder, or a file that went meanwhile
            continue
    return stamps
