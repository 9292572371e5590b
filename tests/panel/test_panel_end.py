"""What a closed panel leaves behind: nothing. No other panel is open here, which would be counted too."""

from __future__ import annotations

import gc
import threading

import psutil
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QApplication

from tests.panel.conftest import Driven
from visualizer.ipc.regions import Regions


def test_closing_the_window_ends_the_panel_and_leaves_nothing(regions: Regions) -> None:
    threads, n_before = set(threading.enumerate()), len(QApplication.allWidgets())
    children = set(psutil.Process().children())
    driven = Driven(regions)
    for page in range(len(driven.window.page_buttons)):
        driven.window.show_page(page)
        driven.step(8)
    assert len(QApplication.allWidgets()) > n_before + 100
    driven.window.close()
    assert driven.panel.is_finished
    driven.panel.close()
    del driven
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    assert len(QApplication.allWidgets()) <= n_before
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)
        assert not thread.is_alive()
    left = set(psutil.Process().children()) - children
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]
