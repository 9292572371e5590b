"""The page of modulation: routes by hand, menus, marks on sliders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PyQt6.QtWidgets import QMenu

from tests.panel.conftest import Driven
from visualizer import clock
from visualizer.panel.modulation import ModulationPage
from visualizer.panel.widgets import Slider
from visualizer.types import Features


@pytest.fixture
def page(driven: Driven) -> Iterator[ModulationPage]:
    page = driven.window.modulation
    driven.window.show_widget(page)
    driven.step()
    yield page
    for row in page.matrix.rows.values():
        row.remove.click()
    driven.step()


def actions(menu: QMenu) -> dict[str, object]:
    """All entries of a menu and of those in it, by what they say; of the same words the first."""
    found: dict[str, object] = {}
    for action in menu.actions():
        inner = action.menu()
        found = (actions(inner) if inner is not None else {action.text(): action}) | found
    return found


def test_a_route_is_added_filled_and_removed_by_hand(driven: Driven, page: ModulationPage) -> None:
    assert not any(row.isVisible() for row in page.matrix.rows.values())
    page.add.click()
    row = page.matrix.rows[1]
    assert row.isVisible() and driven.set() == {}
    actions(row.source.menu_of())["Bass"].trigger()  # type: ignore[attr-defined]
    actions(row.target.menu_of())["Zoom"].trigger()  # type: ignore[attr-defined]
    assert driven.set() == {"modulation.1.source": "bass", "modulation.1.target": "effects.zoom"}
    assert "Bass" in row.source.text() and row.target.toolTip() == "What is moved: Zoom · Effects"
    row.remove.click()
    driven.step()
    assert not row.isVisible() and driven.set()["modulation.1.source"] == ""


def test_a_preset_fills_the_matrix(driven: Driven, page: ModulationPage) -> None:
    driven.hear(**{"modulation.3.source": "tag.piano", "modulation.3.target": "era.dial"})
    row = page.matrix.rows[3]
    assert row.isVisible() and row.source.text() == "piano"
    assert [n for n, row in page.matrix.rows.items() if row.isVisible()] == [3]


def test_the_menu_of_a_slider_opens_a_free_route(driven: Driven, page: ModulationPage) -> None:
    driven.hear(**{"modulation.1.source": "bass", "modulation.1.target": "effects.zoom"})
    hue = driven.window.controls.by_id["effects.hue"][0]
    driven.window.show_page(0)
    actions(driven.window.controls.menu_of(hue))["Modulate…"].trigger()  # type: ignore[attr-defined]
    driven.step()
    assert page.isVisible() and page.matrix.rows[2].isVisible()
    assert driven.set()["modulation.2.target"] == "effects.hue"
    fade = driven.window.controls.by_id["show.fade_s"][0]
    assert "Modulate…" not in actions(driven.window.controls.menu_of(fade))


def test_what_routes_move_is_marked_on_its_slider(driven: Driven, page: ModulationPage) -> None:
    zoom = driven.window.controls.by_id["effects.zoom"][0].widget
    assert isinstance(zoom, Slider)
    driven.hear(
        **{"modulation.1.source": "bass", "modulation.1.target": "effects.zoom", "effects.zoom": 0.25}
    )
    driven.hear(**{"modulation.1.attack_s": 0.0})
    page.refresh(Features(time_ns=clock.now_ns(), bass=1.0))
    assert zoom._moved == pytest.approx(0.75) and zoom.value() == 2500
    assert page.matrix.rows[1].meter.share == 1.0
    driven.hear(**{"show.modulation": False})
    page.refresh(Features(time_ns=clock.now_ns(), bass=1.0))
    assert zoom._moved is None


def test_seconds_are_asked_for_where_an_oscillator_is_free(driven: Driven, page: ModulationPage) -> None:
    card = page.lfos.lfos[1]
    assert not card.free.isVisible()
    driven.hear(**{"lfo.2.period": "free"})
    assert card.free.isVisible()
