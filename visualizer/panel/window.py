"""The panel's window: pages on the left, the live column on the right, the top bar over both."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import (
    QCloseEvent,
    QFontMetrics,
    QGuiApplication,
    QKeySequence,
    QMouseEvent,
    QScreen,
    QShortcut,
)
from PyQt6.QtWidgets import (
    QGridLayout,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer import paths
from visualizer.panel import control_menu, layout, midi_state, shortcuts, theme
from visualizer.panel.contents import ContentsPage
from visualizer.panel.controls import Controls, groups_of
from visualizer.panel.effects import EffectsPage
from visualizer.panel.feed import Feed
from visualizer.panel.focus import order_tabs
from visualizer.panel.health import HealthPage
from visualizer.panel.hearing import Hearing
from visualizer.panel.inputs import InputsPage
from visualizer.panel.model import Model
from visualizer.panel.models import ModelsPage
from visualizer.panel.modulation import ModulationPage
from visualizer.panel.presets import PresetsPage
from visualizer.panel.preview import Preview
from visualizer.panel.remote import RemotePage
from visualizer.panel.safety import SafetyCard
from visualizer.panel.setlist import SetListPage
from visualizer.panel.surfaces import Scroll, button
from visualizer.panel.topbar import TopBar
from visualizer.panel.wall import OutputPage, WallPage
from visualizer.types import Features

LEAST_HEIGHT_PX = 500
USUAL_PX, TITLE_PX = (1360, 880), 40
MOST_LIVE_PX = 640
LOOK_EVERY = 20
"""Refreshes between two looks at how the window lies."""
BLINK = 8
"""Refreshes that a badge which waits for a knob is lit, and dark."""
_ELSEWHERE = {
    "traumer": {"traumer.tagger", "traumer.map", "traumer.generator"},
    "era": {"era.content", "era.network", "era.mvnet"},
    "show": {
        f"show.{name}"
        for name in (
            "mode",
            "fade_s",
            "hold_next",
            "morph_s",
            "crossfader",
            "quantise",
            "lock",
            "shuffle",
            "repeat",
            "set_list",
            "panic_preset",
            "modulation",
            "generator",
            "transition",
        )
    },
    "display": {"display.monitor"},
}
"""What has a place of its own, with pictures."""


class PanelWindow(QMainWindow):
    """Builds everything; `refresh` is called by the panel's clock."""

    def __init__(self, model: Model, feed: Feed, on_close: Callable[[], None]) -> None:
        super().__init__()
        self._model, self._feed, self._on_close = model, feed, on_close
        self._n = 0
        self._memory = layout.Memory(paths.config_dir() / "panel.json")
        self.setWindowTitle("Klangbild panel")
        self.controls = Controls(model)
        self.top = TopBar(model)
        self.inputs = InputsPage(model, self.controls)
        self.models, self.contents = ModelsPage(model), ContentsPage(model)
        self.presets, self.health = PresetsPage(model, self.controls), HealthPage(model)
        self.setlist = SetListPage(model, self.controls)
        self.safety = SafetyCard(model, self.controls)
        self.modulation = ModulationPage(model, self.controls, lambda: self.show_widget(self.modulation))
        self.remote = RemotePage(model, self.controls)
        self.effects = EffectsPage(model, self.controls)
        self.wall, self.output = WallPage(model, self.controls), OutputPage(model, self.controls)
        self.preview = Preview(model, self.controls, feed)
        self.hearing = Hearing(model, feed)
        self.pages = QStackedWidget()
        self.page_buttons: list[QPushButton] = []
        self._build()
        own = {
            "next_monitor": self.top.next_monitor,
            "display.fullscreen": self.top.toggle_fullscreen,
            "panel": lambda: None,
        }
        for widget, target in self._buttons_by_target().items():
            control_menu.attach(widget, target, model)
        self._shown_midi: tuple[object, ...] = ()
        self.shortcuts = shortcuts.install(self, model, own)
        self.show_page(0)

    def _build(self) -> None:
        ground = QWidget()
        ground.setObjectName("ground")
        grid = QGridLayout(ground)
        grid.setContentsMargins(*[theme.GAP_PX] * 4)
        grid.setSpacing(theme.GAP_PX)
        names = QWidget()
        rail = QVBoxLayout(names)
        rail.setContentsMargins(0, 0, 0, 0)
        rail.setSpacing(2)
        for place, (name, page) in enumerate(self._build_pages()):
            self.pages.addWidget(Scroll(page))
            choose = button(name, "page", checkable=True)
            choose.clicked.connect(lambda _, place=place: self.show_page(place))
            if place < 9:
                choose.setToolTip(f"Alt {place + 1}")
                QShortcut(QKeySequence(f"Alt+{place + 1}"), self).activated.connect(
                    lambda place=place: self.show_page(place)
                )
            bold = choose.font()
            bold.setBold(True)
            choose.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(name.replace("&", "")) + 32)
            self.page_buttons.append(choose)
            rail.addWidget(choose)
        rail.addStretch(1)
        live = QWidget()
        column = QVBoxLayout(live)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        column.addWidget(self.preview, 1)
        column.addWidget(self.hearing)
        self.live = Scroll(live)
        self.live.setMaximumWidth(MOST_LIVE_PX)
        grid.addWidget(self.top, 0, 0, 1, 3)
        self._rail = Scroll(names)
        grid.addWidget(self._rail, 1, 0)
        grid.addWidget(self.pages, 1, 1)
        grid.addWidget(self.live, 1, 2)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 1)
        grid.setRowStretch(1, 1)
        self.setCentralWidget(ground)
        ground.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(self.minimumSizeHint().expandedTo(QSize(0, LEAST_HEIGHT_PX)))
        ground.setFocus()  # no button, where Enter would press it

    def _build_pages(self) -> list[tuple[str, QWidget]]:
        return [
            ("&Input", self.inputs),
            ("&Models", self.models),
            ("C&ontent", self.contents),
            ("&Presets", self.presets),
            ("Set &list", self.setlist),
            ("T&räumer", self._sliders("traumer")),
            ("&Era", self._sliders("era")),
            ("E&ffects", self.effects),
            ("Mod&ulation", self.modulation),
            ("&Show", self._build_show()),
            ("&Wall", self.wall),
            ("Ou&tput", self.output),
            ("MIDI, OS&C", self.remote),
            ("&Health", self.health),
        ]

    def _build_show(self) -> QWidget:
        page = self._sliders("show", "display")
        column = page.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, self.safety)
        return page

    def _sliders(self, *prefixes: str) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        for prefix in prefixes:
            for group in groups_of(prefix):
                column.addWidget(self.controls.card(group, _ELSEWHERE.get(group, ())))
        column.addStretch(1)
        return page

    def _buttons_by_target(self) -> dict[QWidget, str]:
        """Buttons that have a place of their own, which a key of a controller may press as well."""
        return {
            self.top.blackout: "output.blackout",
            self.top.freeze: "output.freeze",
            self.top.panic: "do:panic",
            self.preview.take: "do:take",
            self.hearing.tap: "do:tap",
        }

    def _refresh_midi(self) -> None:
        """What the control process tells; badges follow when there is something to see."""
        told = self._feed.control()
        if told is not None:
            self._model.midi = midi_state.read(told)
        if self.remote.isVisible():
            self.remote.refresh()
        state = self._model.midi
        is_lit = bool(state.learning) and self._n // BLINK % 2 == 0
        shown = (state.bindings, state.learning, self.remote.is_learning, is_lit)
        if shown != self._shown_midi:
            self._shown_midi = shown
            self.controls.follow_midi(state, self.remote.is_learning, is_lit)

    def open(self) -> None:
        """As it was left, if that place is there and free; else as large as is usual where there is room, on
        another screen than the show's, if there is one."""
        kept, screens = self._memory.kept, self._free_screens()
        if kept is not None:
            self.show_page(self._names.index(kept.page) if kept.page in self._names else 0)
        if kept is None or not layout.put(self, kept, screens):
            room = screens[0].availableGeometry()
            self.resize(min(room.width(), USUAL_PX[0]), min(room.height() - TITLE_PX, USUAL_PX[1]))
            self.move(room.center() - self.rect().center())
        self.show()

    def _free_screens(self) -> list[QScreen]:
        """All but the show's, the primary one first; the show's own where there is no other."""
        primary, wanted = QGuiApplication.primaryScreen(), str(self._model["display.monitor"]).casefold()
        usual = primary if self._model["display.fullscreen"] else None
        screens = sorted(QGuiApplication.screens(), key=lambda s: s is not primary)
        of_show = next((s for s in screens if wanted and wanted in s.name().casefold()), usual)
        return [s for s in screens if s is not of_show] or screens

    @property
    def _names(self) -> list[str]:
        return [page.text().replace("&", "") for page in self.page_buttons]

    def _layout(self) -> layout.Layout:
        return layout.of(self, self._names[self.pages.currentIndex()])

    def show_page(self, place: int) -> None:
        """Turns to a page, counted from 0."""
        self.pages.setCurrentIndex(place)
        for number, page in enumerate(self.page_buttons):
            page.setChecked(number == place)
        self._rail.ensureWidgetVisible(self.page_buttons[place], 0, 0)

    def focusNextPrevChild(self, next: bool) -> bool:
        page = self.pages.currentWidget()
        inner = page.widget() if isinstance(page, Scroll) else None
        if inner is not None:
            order_tabs(self.page_buttons[-1], inner)  # its rows may have come in any order
        return super().focusNextPrevChild(next)

    def show_widget(self, widget: QWidget) -> None:
        """Turns to the page that a widget is on."""
        pages = (self.pages.widget(place) for place in range(self.pages.count()))
        place = next((n for n, page in enumerate(pages) if page and page.isAncestorOf(widget)), None)
        if place is not None:
            self.show_page(place)

    def follow(self, changed: Iterable[str]) -> None:
        """Values changed, here or elsewhere."""
        changed = set(changed)
        if changed:
            self.controls.follow(changed)
            self.top.follow(self._feed.features())
            self.models.follow()
            self.contents.follow()
            self.modulation.follow(changed)
            self.safety.follow()
            self.effects.follow(changed)
            self.wall.follow(changed)

    def refresh(self) -> None:
        """Everything that moves and is seen; to be called twenty times a second."""
        self._n += 1
        features = self._feed.features()
        is_seen = self.isVisible() and not self.isMinimized()
        page = self.pages.currentIndex()
        if self._n % 2 == 0:
            self.inputs.refresh(is_seen and page == 0, features)
        if not is_seen:
            return
        self.top.refresh(features)
        self.modulation.refresh(features)
        self.hearing.refresh(features)
        self.inputs.tempo.refresh(features)
        if self._n % 2 == 0:
            self.preview.refresh()
            self.output.refresh()
            self._refresh_midi()
        else:
            self.hearing.refresh_mel(features)
        if self._n % 5 == 0:
            self._refresh_slowly(features)
        if self._n % LOOK_EVERY == 0:
            self._memory.look(self._layout())

    def _refresh_slowly(self, features: Features | None) -> None:
        self.top.follow(features)
        self.preview.follow()
        self.hearing.follow(features)
        self.inputs.tempo.follow(features)
        followers = {
            self.models: self.models.refresh,
            self.contents: self.contents.refresh,
            self.presets: self.presets.follow,
            self.setlist: self.setlist.follow,
            self.effects: self.effects.refresh,
            self.wall: self.wall.refresh,
            self.health: self.health.follow,
        }
        for shown, follow in followers.items():
            if shown.isVisible():
                follow()

    def close_work(self) -> None:
        """Keeps the layout; ends threads and processes."""
        if self.isVisible() and not self.isMinimized():
            self._memory.keep(self._layout())
        self.inputs.close_work()
        self.models.close_work()
        self.contents.close_work()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        focused = self.focusWidget()
        if focused is not None:
            focused.clearFocus()  # a click beside a text field gives the show its keys back

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._on_close()
