"""What runs in a process of the show: a `Worker` to subclass; `spec.py` tells how it is run.

The loop around a worker is in `loop.py`; a test may drive a worker by hand: construct it, `setup`, `step`,
`close`.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec

State = Literal["starting", "running", "degraded", "failed"]

MAX_SENTENCE = 500


def load(spec: WorkerSpec) -> type[Worker]:
    """Imports the target."""
    module, _, name = spec.target.partition(":")
    return cast("type[Worker]", getattr(importlib.import_module(module), name))


class Worker:
    """The base of every process of the show. All methods run in the loop's thread, the child's main one.

    Subclasses override `setup`, `step`, `close`, `on_settings` and `on_command`. What `setup` raises ends
    the process (the supervisor tries again); what `step` raises is reported and the loop goes on, for ten
    seconds at most.
    """

    name = "worker"
    hang_limit_s = 3.0
    """A loop that is silent for longer is taken for hung and killed."""
    setup_limit_s = 60.0
    """The same during `setup`: loading models takes its time."""

    def __init__(
        self,
        *,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        regions: Regions | None = None,
        options: Mapping[str, Any] | None = None,
        send: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.name = name or self.name
        self.settings: dict[str, Any] = dict(settings or {})
        """All parameter values by id, up to date before each call of `on_settings`."""
        self.options: dict[str, Any] = dict(options or {})
        """The spec's options."""
        self.health: dict[str, Any] = {}
        """Figures for the status line and the HUD, JSON; published four times a second."""
        self.state: State = "starting"
        self.sentence = ""
        """What is wrong or under way; empty when all is well."""
        self.log = logging.getLogger(f"visualizer.{self.name}")
        self.is_finished = False
        self._regions = regions
        self._send = send
        self._on_beat: Callable[[float | None], None] | None = None

    @property
    def regions(self) -> Regions:
        """The show's shared memory."""
        if self._regions is None:
            raise RuntimeError(f"{self.name} was given no regions")
        return self._regions

    def setup(self) -> None:
        """Opens what the worker needs. A UserError is shown as its sentence, without a traceback."""

    def step(self) -> float:
        """Does what is due and gives the seconds until the next step is wanted; 0 means at once."""
        return 1.0

    def close(self) -> None:
        """Lets go of everything; also called after a failed `setup`."""

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Called with the values that changed; `self.settings` has them already."""

    def on_declared(self) -> None:
        """Called when parameters came, changed or went, because files of shaders did."""

    def on_command(self, command: dict[str, Any]) -> None:
        """Called with a command from the parent."""

    def send(self, command: dict[str, Any]) -> None:
        """Sends a command to the parent, who decides what comes of it; never blocks."""
        if self._send is not None:
            self._send(command)

    def report(self, sentence: str) -> None:
        """Says what is wrong or under way; "" says that all is well. Shown at once, wherever health is.

        While the worker runs, a sentence makes its state `degraded`.
        """
        sentence = sentence[:MAX_SENTENCE]
        if sentence != self.sentence:
            self.sentence = sentence
            if self.state in ("running", "degraded"):
                self.state = "degraded" if sentence else "running"
            self.beat()

    def beat(self, limit_s: float | None = None) -> None:
        """A sign of life in the middle of a long piece of work, which may now take `limit_s` more seconds.

        The loop beats by itself between steps; its next beat brings `hang_limit_s` back.
        """
        if self._on_beat is not None:
            self._on_beat(limit_s)

    def finish(self) -> None:
        """Ends the process after this step, for good: it is not restarted."""
        self.is_finished = True
