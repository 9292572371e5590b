"""A panel without a process: real regions, Qt's offscreen screen, and what it sends in a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="the panel needs PyQt6", exc_type=ImportError)

from visualizer import parameters
from visualizer.ipc.regions import Regions
from visualizer.panel import panel
from visualizer.panel.panel import Panel

_applications: list[object] = []
"""Qt's application outlives each panel: what is left of a window must not be deleted after it."""


class Driven:
    """A panel that a test drives by hand."""

    def __init__(self, regions: Regions) -> None:
        self.sent: list[dict[str, Any]] = []
        settings = {**parameters.defaults(), "on_air": "a", "deck_stage": "idle", "deck_sentence": ""}
        self.panel = Panel(settings=settings, regions=regions, send=self.sent.append)
        with pytest.MonkeyPatch.context() as patch:  # for this process only, not for those that tests start
            patch.setenv("QT_QPA_PLATFORM", "offscreen")
            patch.setattr(panel, "REFRESH_S", 0.01)  # as many refreshes in less time
            self.panel.setup()
        _applications.append(self.panel._application)
        self.window = self.panel._window
        self.model = self.panel._model

    def step(self, n: int = 3) -> None:
        """So many refreshes of the window."""
        until = self.window._n + n
        while self.window._n < until:
            self.panel.step()

    def hear(self, **values: Any) -> None:
        """The parent's values, as the loop hands them on."""
        self.panel.settings.update(values)
        self.panel.on_settings(values)
        self.step()

    def reset(self) -> None:
        """As at the start, for the next test: building a window takes its time."""
        self.model.flush()
        self.hear(**{id: self.model[id] for id in parameters.PARAMETERS})  # nothing is under way any more
        decks = {"on_air": "a", "next": None, "stage": "idle", "sentence": ""}
        self.panel.on_command({"decks": decks, "status": {}})
        self.hear(**parameters.defaults())
        self.window.show_page(0)
        self.window.centralWidget().setFocus()
        self.step(12)
        self.sent.clear()

    def set(self) -> dict[str, Any]:
        """All values sent so far, the newest of each; forgets them."""
        self.step()
        values = {id: value for command in self.sent for id, value in command.get("set", {}).items()}
        self.sent.clear()
        return values


@pytest.fixture(scope="module", autouse=True)
def own_config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes what a user's panel remembers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="module")
def regions() -> Iterator[Regions]:
    """A show's shared memory."""
    made = Regions.create(audio_s=2)
    made.audio.restart()
    yield made
    made.unlink()


@pytest.fixture(scope="module")
def opened(regions: Regions) -> Iterator[Driven]:
    """A panel with its window on an invisible screen."""
    made = Driven(regions)
    yield made
    made.panel.close()


@pytest.fixture
def driven(opened: Driven) -> Driven:
    """The module's panel, as at its start."""
    opened.reset()
    return opened
