"""The panel process: Qt on its main thread, what the show tells in, what the user wants out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from visualizer import clock
from visualizer.ipc.loop import EXIT_USER_ERROR
from visualizer.ipc.worker import Worker
from visualizer.types import UserError

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

    from visualizer.panel.model import Model
    from visualizer.panel.window import PanelWindow

REFRESH_S = 0.05
BEAT_S = 1.0
NO_PLUGIN = (
    "The panel's window does not open ({0}): install the libraries of Qt that docs/install.md names, "
    "libxcb-cursor0 first of all. The show goes on without; its keys work in the window."
)
NO_LIBRARY = (
    "The panel needs PyQt6, which does not load ({0}): pip install pyqt6, and install the libraries of Qt "
    "that docs/install.md names. The show goes on without; its keys work in the window."
)


class Panel(Worker):
    """Owner of the window and of the throwaway processes that listen to inputs; threads only read the disk.

    `step` waits inside Qt, so a click is answered at once; a timer ends the wait twenty times a second, also
    while Qt is in a loop of its own, as when a window is dragged on Windows.
    """

    name = "panel"

    def setup(self) -> None:
        """Opens the window; UserError where PyQt6 or one of its libraries is missing."""
        try:
            from PyQt6.QtCore import QCoreApplication, QEventLoop, QTimer

            from visualizer.panel.feed import Feed
            from visualizer.panel.model import Model
            from visualizer.panel.window import PanelWindow
        except ImportError as error:
            raise UserError(NO_LIBRARY.format(error)) from None
        self._application = self._make_application()
        self._model: Model = Model(self.settings, self.send)
        self._window: PanelWindow = PanelWindow(self._model, Feed(self.regions), self.finish)
        self._beaten_s = 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self._refresh)
        self._timer.start(round(1e3 * REFRESH_S))
        self._wait = QCoreApplication.processEvents, QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        self._window.open()

    def step(self) -> float:
        """Lets Qt work until something has happened, then sends what the hand wants."""
        process, flags = self._wait
        process(flags)
        self._model.flush()
        return 0.0

    def close(self) -> None:
        """Ends threads and processes, and closes the window."""
        window = getattr(self, "_window", None)
        if window is None:
            return
        self._timer.stop()
        self._model.flush()
        window.close_work()
        window.hide()
        window.deleteLater()
        self._application.sendPostedEvents()
        self._application.processEvents()

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Values and the state of the decks, as they change."""
        self._model.hear_settings(changed)

    def on_declared(self) -> None:
        """Shaders came, changed or went, and with them parameters."""
        self._model.redeclare()
        self._window.effects.rebuild()

    def on_command(self, command: dict[str, Any]) -> None:
        """{"do": "raise"}; else what the parent tells twice a second: status, decks, values."""
        if command.get("do") in ("raise", "panel"):
            window = self._window
            window.setWindowState(window.windowState() & ~_minimized())
            window.show()
            window.raise_()
            window.activateWindow()
        else:
            self._model.hear(command)

    def _refresh(self) -> None:
        """The clock of the window."""
        now_s = clock.seconds(clock.now_ns())
        if now_s - self._beaten_s > BEAT_S:
            self._beaten_s = now_s
            self.beat()
        self._window.follow(self._model.take_changed())
        self._window.refresh()
        self._model.flush()

    def _make_application(self) -> QApplication:
        from PyQt6.QtCore import QtMsgType, qInstallMessageHandler
        from PyQt6.QtWidgets import QApplication

        from visualizer.panel import theme

        application = QApplication.instance()
        if not isinstance(application, QApplication):
            said: list[str] = []

            def take(kind: QtMsgType, _: object, message: str | None) -> None:
                """Qt aborts after a fatal message: this process ends before, with a sentence."""
                said.append(message or "")
                if kind == QtMsgType.QtFatalMsg:
                    self._end_without_window(said[0])

            qInstallMessageHandler(take)
            application = QApplication(["klangbild"])
            application.setApplicationName("klangbild")
            application.setQuitOnLastWindowClosed(False)
            qInstallMessageHandler(None)
        theme.apply(application)
        return application

    def _end_without_window(self, reason: str) -> None:
        """`reason` is the first thing that Qt said, which names what is missing."""
        sentence = NO_PLUGIN.format(reason.strip().rstrip("."))
        self.log.error("%s", sentence)
        self.state = "failed"
        self.report(sentence)
        os._exit(EXIT_USER_ERROR)


def _minimized() -> Any:
    from PyQt6.QtCore import Qt

    return Qt.WindowState.WindowMinimized
