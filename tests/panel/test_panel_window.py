"""The window driven by real events: clicks and keys send the right commands, what is told is shown."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from tests.panel.conftest import Driven
from visualizer import clock
from visualizer.ipc.regions import Regions
from visualizer.panel.badge import Badge
from visualizer.panel.corners import CORNERS, CornerPin
from visualizer.panel.surfaces import Card
from visualizer.parameters import PARAMETERS
from visualizer.types import Features, Image

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key
DECKS = {"on_air": "a", "next": "b", "stage": "ready", "sentence": ""}


def told(**health: dict[str, object]) -> dict[str, object]:
    return {
        name: {"state": "running", "restarts": 0, "rss_mb": 80.0, "cpu_percent": 3.0, "health": figures}
        for name, figures in health.items()
    }


@pytest.mark.parametrize(("name", "id"), [("blackout", "output.blackout"), ("freeze", "output.freeze")])
def test_blackout_and_freeze_toggle(driven: Driven, name: str, id: str) -> None:
    button = getattr(driven.window.top, name)
    QTest.mouseClick(button, LEFT)
    assert driven.set() == {id: True} and button.isChecked()
    driven.hear(**{id: True})
    QTest.mouseClick(button, LEFT)
    assert driven.set() == {id: False}


def test_panic_take_and_tap_ask_by_name(driven: Driven) -> None:
    QTest.mouseClick(driven.window.top.panic, LEFT)
    QTest.mouseClick(driven.window.preview.take, LEFT)
    assert driven.sent == [{"do": "panic"}]  # nothing is there to be taken
    driven.panel.on_command({"decks": DECKS})
    driven.step(12)
    QTest.mouseClick(driven.window.preview.take, LEFT)
    QTest.mouseClick(driven.window.hearing.tap, LEFT)
    assert driven.sent == [{"do": "panic"}, {"do": "take"}, {"do": "tap"}]


@pytest.mark.parametrize(
    ("key", "shift", "sent"),
    [
        (KEY.Key_B, False, {"set": {"output.blackout": True}}),
        (KEY.Key_Space, False, {"set": {"output.freeze": True}}),
        (KEY.Key_Backspace, False, {"do": "panic"}),
        (KEY.Key_T, False, {"do": "tap"}),
        (KEY.Key_N, False, {"do": "next"}),
        (KEY.Key_N, True, {"do": "previous"}),
        (KEY.Key_R, False, {"do": "random_seed"}),
        (KEY.Key_L, False, {"do": "lock"}),
        (KEY.Key_M, False, {"do": "next_mode"}),
        (KEY.Key_F, False, {"set": {"display.fullscreen": True}}),
        (KEY.Key_I, False, {"set": {"display.hud": True}}),
        (KEY.Key_Return, False, {"do": "take"}),
        (KEY.Key_3, False, {"do": "preset_3"}),
    ],
)
def test_the_shows_keys_work_here_too(driven: Driven, key: Qt.Key, shift: bool, sent: object) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(driven.window.page_buttons[7], LEFT)  # a click on a button does not disarm them
    QTest.keyClick(driven.window, key, modifier)
    driven.step()
    assert driven.sent == [sent]


def test_a_text_field_takes_its_keys_first(driven: Driven) -> None:
    driven.window.activateWindow()
    line = driven.window.controls.by_id["audio.channels"][0].widget
    line.setFocus()
    driven.step()
    QTest.keyClicks(line, "b f")
    QTest.keyClick(line, KEY.Key_Backspace)
    driven.step()
    assert driven.sent == []
    QTest.mouseClick(driven.window.centralWidget(), LEFT)
    QTest.keyClick(driven.window, KEY.Key_B)
    assert driven.set()["output.blackout"] is True


def test_enter_presses_what_tab_has_reached(driven: Driven) -> None:
    driven.window.activateWindow()
    driven.window.top.panic.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(driven.window.top.panic, KEY.Key_Return)
    driven.step()
    assert driven.sent == [{"do": "panic"}]


def tab_chain(driven: Driven) -> list[QWidget]:
    """What Tab leads to, in its order, from the first button of the top."""
    first = widget = driven.window.top.blackout
    chain: list[QWidget] = []
    while widget is not None and (widget is not first or not chain):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def test_all_that_can_be_pressed_is_reached_with_tab_from_top_to_bottom(driven: Driven) -> None:
    window = driven.window
    hands = QAbstractButton | QAbstractSlider | QAbstractSpinBox | QComboBox | QLineEdit | CornerPin
    for place, page in enumerate(window.page_buttons):
        window.show_page(place)
        driven.step(12)
        QTest.keyClick(window.top.blackout, KEY.Key_Tab)
        chain, name = tab_chain(driven), page.text()
        inner = window.pages.currentWidget()
        assert inner is not None
        for widget in inner.findChildren(QWidget):
            is_part = isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
            if isinstance(widget, hands) and widget.isVisible() and widget.isEnabled() and not is_part:
                if isinstance(widget, QScrollBar | Badge):
                    continue
                assert widget in chain, (name, type(widget).__name__, widget.accessibleName())
        places = [n for n, widget in enumerate(chain) if inner.isAncestorOf(widget)]
        assert not places or places == list(range(places[0], places[-1] + 1)), f"Tab leaves {name} half-way"
        cards = [widget for widget in inner.findChildren(Card) if widget.isVisible()]
        visits = [n for p in places for n, card in enumerate(cards) if card.isAncestorOf(chain[p])]
        tops = [cards[n].mapTo(window, QPoint(0, 0)).y() for n, _ in groupby(visits)]
        assert tops == sorted(tops), (name, tops)
    for widget in (window.top.blackout, window.top.record, window.page_buttons[3]):
        assert widget in chain


def test_tiles_choose_mode_network_and_content(driven: Driven) -> None:
    driven.window.show_page(1)
    driven.step()
    QTest.mouseClick(driven.window.models.modes.tiles["era"], LEFT)
    QTest.mouseClick(driven.window.models.networks.tiles["wct"], LEFT)
    assert driven.set() == {"show.mode": "era", "era.network": "wct"}
    driven.window.show_page(2)
    driven.step()
    QTest.mouseClick(driven.window.contents.shelf.tiles["camera"], LEFT)
    assert driven.set() == {"era.content": "camera"}


def test_the_chosen_tile_is_marked_whoever_chose_it(driven: Driven) -> None:
    tiles = driven.window.models.modes.tiles
    driven.hear(**{"show.mode": "era"})
    assert tiles["era"].isChecked() and not tiles["traumer"].isChecked()


def test_models_come_with_their_pictures(driven: Driven) -> None:
    driven.window.show_page(1)
    shelf = driven.window.models.shelves["traumer.generator"]
    for _ in range(100):
        driven.step(5)
        if "generator-paintings" in shelf.tiles and shelf.tiles["generator-paintings"].has_image:
            break
    tile = shelf.tiles["generator-paintings"]
    assert tile.has_image and tile.isChecked()


def test_a_process_is_restarted_by_its_button(driven: Driven) -> None:
    driven.window.show_page(len(driven.window.page_buttons) - 1)
    status = told(capture={}, deck_a={})
    status["deck_a"] |= {"state": "failed", "sentence": "The model is missing."}  # type: ignore[operator]
    driven.panel.on_command({"status": status})
    driven.step(12)
    card = driven.window.health.cards["deck_a"]
    assert card.sentence.isVisible() and "missing" in card.sentence.text()
    assert "80 MB" in card.figures.text()
    QTest.mouseClick(card.restart, LEFT)
    assert driven.sent == [{"restart": "deck_a"}]


def test_presets_are_recalled_saved_and_deleted(driven: Driven) -> None:
    listed = [
        {"slot": 1, "name": "House", "problem": "", "ours": True},
        {"slot": None, "name": "Deep sea", "problem": "", "ours": False},
        {"slot": None, "name": "torn", "problem": "It is damaged.", "ours": False},
    ]
    page = driven.window.presets
    driven.window.show_page(3)
    driven.panel.on_command({"presets": listed, "preset": "Deep sea", "preset_sentence": "Recalled"})
    driven.step(12)
    assert page.shelf.tiles["Deep sea"].isChecked() and page.sentence.text() == "Recalled"
    assert not page.shelf.tiles["torn"].isEnabled() and not page.save.isEnabled()
    QTest.mouseClick(page.shelf.tiles["House"], LEFT)
    QTest.mouseClick(page.delete, LEFT)
    page.name.setText("Shallow sea")
    driven.step(12)
    QTest.mouseClick(page.rename, LEFT)
    page.name.setText("Dusk")
    driven.step(12)
    QTest.mouseClick(page.save, LEFT)
    QTest.mouseClick(page.undo, LEFT)
    assert driven.sent == [
        {"preset": {"recall": "House"}},
        {"preset": {"delete": "Deep sea"}},
        {"preset": {"rename": "Deep sea", "to": "Shallow sea"}},
        {"preset": {"save": "Dusk"}},
        {"do": "undo"},
    ]


def test_every_parameter_has_its_place(driven: Driven) -> None:
    elsewhere = {"audio.input", "show.mode", "era.content", "era.network", "era.mvnet", "display.monitor"}
    elsewhere |= {"traumer.tagger", "traumer.map", "traumer.generator", "show.set_list", "chain.order"}
    elsewhere |= {f"output.{name}" for name in ("blackout", "freeze", "panic", "still")}  # buttons
    elsewhere |= {f"wall.{corner}.{axis}" for corner in CORNERS for axis in "xy"}  # dragged
    one_at_a_time = ("shader.", "modulation.")  # shown for what is chosen or in use
    unplaced = set(PARAMETERS) - set(driven.window.controls.by_id) - elsewhere
    assert {id for id in unplaced if not id.startswith(one_at_a_time)} == set()


def test_full_screen_stays_on_the_monitor_where_the_window_is(driven: Driven) -> None:
    driven.panel.on_command({"status": told(display={"monitors": ["DP-1", "HDMI-1"], "monitor": "HDMI-1"})})
    driven.step(12)
    QTest.mouseClick(driven.window.top.fullscreen, LEFT)
    assert driven.set() == {"display.fullscreen": True, "display.monitor": "HDMI-1"}
    assert driven.window.top.monitor.currentText() == "HDMI-1"
    QTest.keyClick(driven.window, KEY.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert driven.set() == {"display.monitor": "DP-1"}


def test_recording_begins_in_a_new_file_and_ends(driven: Driven) -> None:
    QTest.mouseClick(driven.window.top.record, LEFT)
    assert driven.sent == [{"do": "record"}]
    driven.hear(**{"output.record": "/tmp/a.mp4"})
    driven.panel.on_command({"status": told(output={"seconds": 83.2})})
    driven.step(12)
    assert driven.window.top.record.text() == "Recording 1:23"
    driven.sent.clear()
    QTest.mouseClick(driven.window.top.record, LEFT)
    assert driven.sent == [{"do": "record"}]


def test_what_is_heard_moves(driven: Driven, regions: Regions) -> None:
    bands = np.linspace(0, 1, 64, dtype=np.float32)
    features = Features(
        time_ns=clock.now_ns(), level_dbfs=-12.0, gain_db=6.0, tempo_bpm=124.2, spectrum=bands
    )
    regions.features.write(features)
    driven.panel.on_command(
        {"status": told(deck_a={"words": [["piano", 0.8]], "era": {"label": "1870s", "spread": 20}})}
    )
    driven.step(8)
    assert driven.window.top.level.level_db == -12.0
    assert driven.window.hearing.tempo.text() == "124 beats/min"
    assert driven.window.hearing.era.text() == "1870s ± 20 years"
    assert driven.window.hearing.words.accessibleDescription() == "piano"


def test_the_mel_view_shows_a_tone_in_its_row(driven: Driven, regions: Regions) -> None:
    time_s = np.arange(48_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    for block in np.split(np.stack([tone, tone], 1), 100):
        regions.audio.write(block, clock.now_ns())
    cells = driven.window._feed.mel.cells(0.0)
    assert cells is not None and cells.shape == (128, 231)
    row = int(cells[:, -10].argmax())
    mel = 2595 * np.log10(1 + 1000 / 700)
    assert row == pytest.approx(129 * mel / (2595 * np.log10(1 + 8000 / 700)) - 1, abs=1.5)


def test_both_decks_are_shown_and_change_places(driven: Driven, regions: Regions) -> None:
    def image(shade: int) -> Image:
        return Image(np.full((32, 32, 4), shade, np.uint8), 1, 0, clock.now_ns())

    regions.frames_a.write(image(40))
    regions.frames_b.write(image(200))
    driven.panel.on_command({"status": told(deck_a={"mode": "traumer"}), "decks": {"on_air": "a"}})
    driven.step(6)
    preview = driven.window.preview
    assert preview.on_air.has_image and not preview.next.has_image
    driven.panel.on_command({"decks": {**DECKS, "stage": "loading"}})
    driven.step(6)
    assert not preview.next.has_image  # what lies in its slot is of the deck before
    driven.panel.on_command({"decks": DECKS})
    driven.step(12)
    assert preview.next.has_image and preview.take.isEnabled()
    assert (preview.on_air._data[0], preview.next._data[0]) == (40, 200)
    driven.panel.on_command({"decks": {"on_air": "b", "stage": "idle"}})
    driven.step(12)
    assert preview.on_air._data[0] == 200 and not preview.next.has_image
