"""Choosing what moves and what is moved: buttons with menus in groups, and the names of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QMenu, QPushButton, QSizePolicy

from visualizer.checkpoints.cards import find_models
from visualizer.panel import theme, wording
from visualizer.parameters import PARAMETERS, Parameter
from visualizer.parameters.modulating import N_LFOS, N_WALKS, PITCHES, TAG, is_target

_NAMES = {
    "level": "Level",
    "loudness": "Loudness",
    "bass": "Bass",
    "mid": "Mid",
    "treble": "Treble",
    "onset": "Onset",
    "flux": "Change of spectrum",
    "centroid": "Centroid",
    "brightness": "Brightness",
    "beat": "Beat",
    "beat_phase": "Beat, rising",
    "bar_phase": "Bar, rising",
    "tempo": "Tempo",
    "era.year": "Year heard",
}
_LOUD = ("level", "loudness", "bass", "mid", "treble", "onset")
_TONE = ("centroid", "brightness", "flux")
_BEAT = ("beat", "beat_phase", "bar_phase", "tempo")

Groups = Mapping[str, Sequence[tuple[str, str]]]
"""By heading: (value, words) each."""


def source_name(source: str) -> str:
    """A source for people."""
    kind, _, rest = source.partition(".")
    match kind:
        case "lfo":
            return f"LFO {rest}"
        case "walk":
            return f"Walk {rest}"
        case "chroma":
            return f"Pitch {rest}"
        case "tag":
            return rest
    return _NAMES.get(source, source)


def target_name(target: str) -> str:
    """A parameter with its group."""
    parameter = PARAMETERS.get(target)
    return f"{wording.label(parameter)} · {_group(parameter)}" if parameter else target


def _group(parameter: Parameter) -> str:
    return wording.group(parameter.group)


def sources() -> Groups:
    """All sources; the tags are those of the installed taggers."""
    tags = {label for model in find_models(kind="tagger") for label in model.card.labels}
    own = [f"lfo.{n}" for n in range(1, N_LFOS + 1)] + [f"walk.{n}" for n in range(1, N_WALKS + 1)]
    by_heading = {
        "Loudness": _LOUD,
        "Tone": _TONE,
        "Beat": _BEAT,
        "By itself": own,
        "Words": [TAG + tag for tag in sorted(tags)],
        "Pitch": [f"chroma.{pitch}" for pitch in PITCHES],
        "Heard": ("era.year",),
    }
    return {heading: [(id, source_name(id)) for id in ids] for heading, ids in by_heading.items()}


def targets() -> Groups:
    """All parameters that routes may move."""
    found: dict[str, list[tuple[str, str]]] = {}
    for parameter in PARAMETERS.values():
        if is_target(parameter):
            found.setdefault(_group(parameter), []).append((parameter.id, wording.label(parameter)))
    return found


class Pick(QPushButton):
    """A button that says what is chosen; pressed it opens a menu in groups."""

    def __init__(
        self,
        what: str,
        groups: Callable[[], Groups],
        name: Callable[[str], str],
        choose: Callable[[str], None],
    ) -> None:
        """`what` is written while nothing is chosen."""
        super().__init__()
        self._what, self._groups, self._name, self._choose = what, groups, name, choose
        self.value = ""
        self._words = what
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(96)
        self.setAccessibleName(what)
        self.clicked.connect(self._open)

    def show_value(self, value: str) -> None:
        """Follows the show."""
        self.value = value
        self._words = self._name(value) if value else self._what
        self.setToolTip(f"{self._what}: {self._words}" if value else self._what)
        self.setAccessibleDescription(self._words if value else "")
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(150, theme.ROW_PX)

    def menu_of(self) -> QMenu:
        """The menu, made anew: models and shaders may have come."""
        menu = QMenu(self)
        menu.addAction("None").triggered.connect(lambda _: self._choose(""))  # type: ignore[union-attr]
        for heading, entries in self._groups().items():
            if not entries:
                continue
            part = menu.addMenu(heading) if len(entries) > 1 else menu
            assert part is not None
            for value, words in entries:
                action = part.addAction(words if part is not menu else f"{words} · {heading}")
                assert action is not None
                action.setCheckable(True)
                action.setChecked(value == self.value)
                action.triggered.connect(lambda _, value=value: self._choose(value))
        return menu

    def _open(self) -> None:
        menu = self.menu_of()
        menu.exec(self.mapToGlobal(self.rect().bottomLeft()))
        menu.deleteLater()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 28
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))
