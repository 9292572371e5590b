"""Listening to inputs that are not on air: a throwaway process for each, killed when it hangs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QProcess, QProcessEnvironment

from visualizer import clock, paths

SILENT_LIMIT_S = 5.0
"""A meter that says nothing for so long hangs in its driver."""
AGAIN_S = 15.0
"""When an input that could not be heard is tried again."""
MOST_AT_ONCE = 4
TURN_S = 3.0
"""Where there are more inputs, they take turns of this length."""
_MODULE = "visualizer.audio.meter"


@dataclass(slots=True)
class Reading:
    """What is known of one input's level."""

    level_dbfs: float | None = None
    sentence: str = ""
    tried_s: float = float("-inf")


class Child:
    """A process that prints JSON lines. It ends when this one does: its stdin closes then."""

    def __init__(self, arguments: Sequence[str], command: Sequence[str] = (sys.executable, "-m", _MODULE)):
        self.lines: list[dict[str, Any]] = []
        self._process = QProcess()
        environment = QProcessEnvironment.systemEnvironment()
        search = [str(paths.ROOT), environment.value("PYTHONPATH")]
        environment.insert("PYTHONPATH", (";" if sys.platform == "win32" else ":").join(filter(None, search)))
        environment.insert("OMP_NUM_THREADS", "1")
        self._process.setProcessEnvironment(environment)
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self.heard_s = clock.seconds(clock.now_ns())
        self.has_spoken = False
        self._process.start(command[0], [*command[1:], *arguments])

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """0 when it does not run."""
        return int(self._process.processId())

    def take(self) -> list[dict[str, Any]]:
        """The lines that came since the last call."""
        taken = []
        while self._process.canReadLine():
            self.heard_s, self.has_spoken = clock.seconds(clock.now_ns()), True
            try:
                line = json.loads(bytes(self._process.readLine().data()))
            except ValueError:
                continue
            if isinstance(line, dict):
                taken.append(line)
        return taken

    def kill(self) -> None:
        """Ends it at once and waits for its end, which a kill brings in a moment."""
        if self.is_running:
            self._process.kill()
            self._process.waitForFinished(2000)


class Meters:
    """Levels of many inputs. Owned by the window's thread; `follow` is called a few times a second."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", _MODULE)) -> None:
        self.readings: dict[str, Reading] = {}
        self._command = command
        self._children: dict[str, tuple[Child, float]] = {}

    @property
    def pids(self) -> list[int]:
        """The processes that listen now."""
        return [child.pid for child, _ in self._children.values() if child.is_running]

    def follow(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Listens to these inputs (by id, as the list tells of them) and to no others."""
        now_s = clock.seconds(clock.now_ns())
        for id in [id for id in self._children if id not in wanted]:
            self.end(id)
        for id in [id for id in self.readings if id not in wanted]:
            del self.readings[id]
        for id in list(self._children):
            self._read(id, now_s)
        waiting = [id for id in wanted if id not in self._children and self._is_due(id, now_s)]
        self._make_room(len(waiting), now_s)
        waiting.sort(key=lambda id: self.readings.setdefault(id, Reading()).tried_s)
        for id in waiting[: max(0, MOST_AT_ONCE - len(self._children))]:
            self.readings[id].tried_s = now_s
            self._children[id] = (Child([json.dumps(wanted[id])], self._command), now_s)

    def close(self) -> None:
        """Ends all of them."""
        self.follow({})

    def _is_due(self, id: str, now_s: float) -> bool:
        reading = self.readings.setdefault(id, Reading())
        return not reading.sentence or now_s - reading.tried_s > AGAIN_S

    def _read(self, id: str, now_s: float) -> None:
        child, _ = self._children[id]
        reading = self.readings.setdefault(id, Reading())
        was_running = child.is_running
        for line in child.take():
            if "error" in line:
                reading.level_dbfs, reading.sentence = None, str(line["error"])
            elif isinstance(line.get("level_dbfs"), int | float):
                reading.level_dbfs, reading.sentence = float(line["level_dbfs"]), ""
        if not was_running:
            reading.level_dbfs = None
            reading.sentence = reading.sentence or "It ended while it was heard; it is tried again."
            self.end(id)
        elif now_s - child.heard_s > SILENT_LIMIT_S:
            reading.level_dbfs = None
            reading.sentence = "Its driver does not answer: unplug it and plug it in again."
            self.end(id)

    def _make_room(self, n_waiting: int, now_s: float) -> None:
        """The longest-heard give their turn to those that wait; who has not spoken yet has had none."""
        n_free = MOST_AT_ONCE - len(self._children)
        for id, (child, started_s) in sorted(self._children.items(), key=lambda item: item[1][1]):
            if n_free >= n_waiting or now_s - started_s < TURN_S:
                break
            if child.has_spoken:
                self.end(id)
                n_free += 1

    def end(self, id: str) -> None:
        """Lets go of one input at once."""
        if id in self._children:
            self._children.pop(id)[0].kill()
