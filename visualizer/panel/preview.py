"""What is on air beside what comes next, and the button that takes it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout

from visualizer.panel import theme, wording
from visualizer.panel.controls import Controls
from visualizer.panel.feed import Feed
from visualizer.panel.model import Decks, Model
from visualizer.panel.painted import Picture
from visualizer.panel.surfaces import Card, Elided, button, text


class Preview(Card):
    """Both decks and the switch between them."""

    def __init__(self, model: Model, controls: Controls, feed: Feed) -> None:
        super().__init__()
        self._model, self._feed = model, feed
        self._shown: tuple[str, str | None] = ("", None)
        self.on_air, self.next = Picture("no picture yet"), Picture("nothing is prepared")
        self.on_air.border = theme.ACCENT
        self.on_air_name, self.next_name = Elided("On air"), Elided("Next")
        pair = QHBoxLayout()
        pair.setSpacing(theme.GAP_PX)
        for picture, name in ((self.on_air, self.on_air_name), (self.next, self.next_name)):
            picture.setMinimumHeight(126)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(name)
            column.addWidget(picture, 1)
            pair.addLayout(column, 1)
        self.column.addLayout(pair, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_PX)
        self.take = button("&Take", "take", tip="Fades to what is prepared (Enter)")
        self.take.setEnabled(False)
        self.take.clicked.connect(lambda: model.do("take"))
        row.addWidget(self.take)
        hold = controls.make("show.hold_next")
        hold.label.setText("Hold")
        row.addStretch(1)
        row.addWidget(hold.label)
        row.addWidget(hold.widget)
        self.column.addLayout(row)
        self.column.addLayout(self._build_fade(controls))
        self.column.addLayout(self._build_crossfader(controls))
        self.sentence = text("", "quiet", wraps=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.column.addWidget(self.sentence)

    def _build_fade(self, controls: Controls) -> QHBoxLayout:
        fade, row = controls.make("show.fade_s"), QHBoxLayout()
        row.setSpacing(theme.GAP_PX)
        row.addWidget(fade.label)
        row.addWidget(fade.widget, 1)
        if fade.number is not None:
            row.addWidget(fade.number)
        return row

    def _build_crossfader(self, controls: Controls) -> QHBoxLayout:
        """By hand from what is on air to what is ready."""
        self.crossfader, row = controls.make("show.crossfader").widget, QHBoxLayout()
        row.setSpacing(theme.GAP_PX)
        row.addWidget(text("On air", "quiet"))
        row.addWidget(self.crossfader, 1)
        row.addWidget(text("Next", "quiet"))
        return row

    def refresh(self) -> None:
        """New pictures, if there are any; to be called ten times a second."""
        decks = self._model.decks
        if (decks.on_air, decks.next) != self._shown:
            for deck in ("a", "b"):
                self._feed.forget_frame(deck)  # a picture changes its place
            if decks.next is None:
                self.next.show_words("nothing is prepared")
            elif decks.next != self._shown[1]:
                self.next.show_words("loading …")
            self._shown = (decks.on_air, decks.next)
        self._show(decks.on_air, self.on_air)
        if decks.next is not None:
            self._show(decks.next, self.next)

    def follow(self) -> None:
        """Names and the state of the switch; twice a second is enough."""
        decks = self._model.decks
        self.on_air_name.setText(f"On air: {self._name(decks.on_air)}")
        self.next_name.setText("Next" if decks.next is None else f"Next: {self._name(decks.next)}")
        self.take.setEnabled(decks.stage == "ready")
        self.crossfader.setEnabled(decks.stage == "ready")
        coming = self._model.cue_line
        self.sentence.setText(decks.sentence or coming[:1].upper() + coming[1:] or self._describe(decks))
        self.sentence.setObjectName("warning" if decks.sentence else "quiet")
        style = self.sentence.style()
        if style is not None:
            style.polish(self.sentence)

    def _show(self, deck: str, picture: Picture) -> None:
        image = self._feed.frame(deck) if self._is_painting(deck) else None
        if image is not None:
            picture.show_pixels(image.pixels)

    def _is_painting(self, deck: str) -> bool:
        """A deck that loads has the last frame of the one before it in its slot."""
        if deck == self._model.decks.on_air:
            return True
        return self._model.decks.stage in ("ready", "fading")

    def _name(self, deck: str) -> str:
        """What a deck paints, by what it tells of itself, or by what is wanted."""
        health = self._model.health(f"deck_{deck}")
        mode = health.get("mode") or self._model["show.mode"]
        return wording.mode(mode)

    def _describe(self, decks: Decks) -> str:
        match decks.stage:
            case "loading":
                return f"Deck {(decks.next or '').upper()} loads; the picture on air goes on."
            case "ready" if decks.is_ahead:
                return "The next cue is loaded."
            case "ready" if self._model["show.hold_next"]:
                return "Ready: press Take, or Enter."
            case "ready":
                return "Ready."
            case "fading":
                return "Fading over."
            case _:
                return "Another mode, model or content is prepared here first."
