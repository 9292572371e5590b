"""The panel opens as it was left, unless that place is gone or makes no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PyQt6.QtGui import QGuiApplication

from tests.panel.conftest import Driven
from visualizer.ipc.regions import Regions
from visualizer.panel.layout import Layout, Memory
from visualizer.panel.window import LOOK_EVERY, USUAL_PX, PanelWindow

PAGE = "Modulation"


def page_of(window: PanelWindow) -> str:
    return window.page_buttons[window.pages.currentIndex()].text().replace("&", "")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "klangbild" / "panel.json"


def test_size_and_page_outlive_a_panel_that_is_killed_or_closed(regions: Regions, config: Path) -> None:
    first = Driven(regions)
    first.window.resize(first.window.minimumWidth(), first.window.minimumHeight() + 13)
    first.window.show_page([b.text().replace("&", "") for b in first.window.page_buttons].index(PAGE))
    size = first.window.size()
    first.step(2 * LOOK_EVERY + 1)
    assert json.loads(config.read_text())["page"] == PAGE  # written before the end, which may be a kill
    first.window.show_page(1)
    first.panel.close()
    second = Driven(regions)
    assert second.window.size() == size and page_of(second.window) == "Models"
    second.panel.close()


@pytest.mark.parametrize("text", ["", "[1]", '{"version": 2}', '{"version": 1, "x": "a"}', '{"version": 1}'])
def test_what_is_damaged_counts_as_nothing(config: Path, text: str) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(text)
    assert Memory(config).kept is None


def test_on_a_monitor_that_is_gone_it_opens_as_usual(regions: Regions, config: Path) -> None:
    Memory(config).keep(Layout("no such page", 9000, 9000, 1000, 600))
    driven = Driven(regions)
    screen = QGuiApplication.primaryScreen()
    assert screen is not None
    assert driven.window.frameGeometry().intersects(screen.availableGeometry())
    assert driven.window.width() <= USUAL_PX[0] and page_of(driven.window) == "Input"
    driven.panel.close()
