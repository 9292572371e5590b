"""Workers for the tests of the plumbing; imported by their processes."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer.ipc.worker import Worker
from visualizer.types import UserError


class Counting(Worker):
    """Counts its steps, shows its settings, and does what commands say."""

    def setup(self) -> None:
        self.health["n_setups"] = 1

    def step(self) -> float:
        self.health["n"] = self.health.get("n", 0) + 1
        return 0.01

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        self.health["changed"] = dict(changed)
        self.health["settings"] = dict(self.settings)

    def on_command(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "echo":
                self.send({"echo": command["text"]})
            case "hang":
                time.sleep(3600)
            case "raise":
                raise ZeroDivisionError("as told")
            case "finish":
                self.finish()
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        self.send({"closed": self.name})


class Failing(Worker):
    """Cannot start, for a reason that the user can mend."""

    def setup(self) -> None:
        raise UserError("There is no such thing; plug it in.")


class Stumbling(Worker):
    """Fails in every second step."""

    def step(self) -> float:
        self.health["n"] = self.health.get("n", 0) + 1
        if self.health["n"] % 2:
            raise ValueError("stumbled")
        return 0.02


class Environment(Worker):
    """Shows the environment it was started in."""

    def step(self) -> float:
        self.health["omp"] = os.environ.get("OMP_NUM_THREADS")
        self.health["sigint"] = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        self.health["float"] = np.float32(0.5)
        return 0.05


class Hung(Worker):
    """Sets up, then never comes back from its first step, and ignores SIGTERM."""

    hang_limit_s = 0.5

    def step(self) -> float:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(3600)


class HungInLock(Worker):
    """Hangs in C code that holds the interpreter's lock, so that none of its threads runs."""

    hang_limit_s = 0.1

    def setup(self) -> None:
        self.beat(0.1)

    def step(self) -> float:
        re.match(r"(a+)+$", "a" * 60 + "b")
        return 0.0


class SlowSetup(Worker):
    """Takes long to set up, as one that loads models."""

    hang_limit_s = 0.3

    def setup(self) -> None:
        self.report("loading")
        time.sleep(1.2)
        self.report("")
