"""How the panel looks: colours of the head-up display, sizes that read from a metre away, one stylesheet."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication

GROUND, SURFACE, RAISED, LINE = "#0e0e12", "#18181d", "#25252c", "#3a3a43"
TEXT, QUIET, ACCENT, ON_ACCENT = "#f0f0ee", "#a8a8aa", "#ecc98c", "#1b1508"
RED, ORANGE, BLUE, GREEN = "#e5484d", "#ffb05c", "#6cb2eb", "#7fcf8f"

FONT_PX, SMALL_PX, BIG_PX = 17, 15, 23
GAP_PX, EDGE_PX, ROW_PX, CORNER_PX, SCROLL_PX = 12, 16, 36, 10, 12

_FAMILIES = ["Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans"]

STYLE = f"""
QWidget {{ color: {TEXT}; }}
QMainWindow, #ground {{ background: {GROUND}; }}
QToolTip {{ color: {TEXT}; background: {RAISED}; border: 1px solid {LINE}; padding: 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
#card {{ background: {SURFACE}; border-radius: {CORNER_PX}px; }}
#heading {{ font-weight: 600; }}
#big {{ font-size: {BIG_PX}px; font-weight: 600; }}
#quiet {{ color: {QUIET}; font-size: {SMALL_PX}px; }}
#warning {{ color: {ORANGE}; font-size: {SMALL_PX}px; }}

QPushButton {{ background: {RAISED}; border: 2px solid {RAISED}; border-radius: 8px;
    padding: 3px 11px; min-height: 28px; }}
QPushButton:hover {{ border-color: {LINE}; }}
QPushButton:pressed {{ background: {LINE}; }}
QPushButton:checked {{ background: {ACCENT}; border-color: {ACCENT}; color: {ON_ACCENT}; }}
QPushButton:disabled {{ color: #6f6f76; background: {SURFACE}; border-color: {RAISED}; }}
QPushButton:focus {{ border-color: {TEXT}; }}

QPushButton#blackout, QPushButton#freeze, QPushButton#panic, QPushButton#record, QPushButton#take {{
    font-weight: 600; min-height: 34px; padding: 3px 16px; }}
QPushButton#blackout, QPushButton#freeze, QPushButton#panic {{
    font-size: {FONT_PX + 2}px; min-height: 46px; padding: 3px 20px; }}
QPushButton#go {{ font-size: {BIG_PX + 4}px; font-weight: 700; min-height: 56px; min-width: 88px; }}
QPushButton#go:enabled {{ background: {ACCENT}; border-color: {ACCENT}; color: {ON_ACCENT}; }}
QPushButton#go:pressed {{ background: {ORANGE}; border-color: {ORANGE}; }}
QPushButton#go:focus {{ border-color: {TEXT}; }}
#accent {{ color: {ACCENT}; }}
QListWidget#cues {{ background: {GROUND}; border: 2px solid {RAISED}; border-radius: 8px; padding: 4px;
    outline: none; }}
QListWidget#cues:focus {{ border-color: {LINE}; }}
QListWidget#cues::item {{ padding: 6px 6px; border-radius: 6px; }}
QListWidget#cues::item:selected {{ background: {LINE}; color: {TEXT}; }}
QPushButton#blackout {{ background: #4a1d20; border-color: #7c2a2e; }}
QPushButton#blackout:checked {{ background: {RED}; border-color: {RED}; color: #ffffff; }}
QPushButton#freeze {{ background: #17324a; border-color: #27557e; }}
QPushButton#freeze:checked {{ background: {BLUE}; border-color: {BLUE}; color: #06121c; }}
QPushButton#panic {{ background: #4a3213; border-color: #8a5d1e; }}
QPushButton#panic:pressed {{ background: {ORANGE}; border-color: {ORANGE}; color: {ON_ACCENT}; }}
QPushButton#record:checked {{ background: {RED}; border-color: {RED}; color: #ffffff; }}
QPushButton#take:enabled {{ background: {ACCENT}; border-color: {ACCENT}; color: {ON_ACCENT}; }}
QPushButton#blackout:focus, QPushButton#freeze:focus, QPushButton#panic:focus, QPushButton#record:focus,
QPushButton#take:focus {{ border-color: {TEXT}; }}

QPushButton#page {{ text-align: left; background: transparent; border-color: transparent;
    min-height: 22px; padding: 3px 12px; color: {QUIET}; }}
QPushButton#page:hover {{ color: {TEXT}; }}
QPushButton#page:checked {{ background: {RAISED}; color: {ACCENT}; font-weight: 600; }}
QPushButton#page:focus {{ border-color: {TEXT}; }}

QToolButton#reset {{ background: transparent; border: 2px solid transparent; border-radius: 6px;
    color: {QUIET}; }}
QToolButton#reset:hover {{ color: {ACCENT}; }}
QToolButton#reset:focus {{ border-color: {TEXT}; }}

QAbstractSpinBox, QLineEdit, QComboBox {{ background: {RAISED}; border: 2px solid {RAISED};
    border-radius: 8px; padding: 2px 8px; min-height: 28px;
    selection-background-color: {ACCENT}; selection-color: {ON_ACCENT}; }}
QAbstractSpinBox:focus, QLineEdit:focus, QComboBox:focus {{ border-color: {TEXT}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox QAbstractItemView {{ background: {RAISED}; selection-background-color: {ACCENT};
    selection-color: {ON_ACCENT}; outline: none; }}

QPlainTextEdit#monitor, QTableWidget {{ background: {GROUND}; border: 2px solid {RAISED}; border-radius: 8px;
    font-size: {SMALL_PX}px; selection-background-color: {ACCENT}; selection-color: {ON_ACCENT}; }}
QPlainTextEdit#monitor {{ font-family: "DejaVu Sans Mono", "Menlo", "Consolas", monospace; }}
QPlainTextEdit#monitor:focus, QTableWidget:focus {{ border-color: {TEXT}; }}
QTableWidget {{ outline: none; }}
QTableWidget::item {{ padding: 4px 6px; }}
QHeaderView {{ background: {GROUND}; }}
QHeaderView::section {{ background: {GROUND}; color: {QUIET}; border: none; padding: 4px 6px;
    font-size: {SMALL_PX}px; }}
QTableCornerButton::section {{ background: {GROUND}; border: none; }}
QMenu {{ background: {RAISED}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 6px 22px; border-radius: 6px; }}
QMenu::item:selected {{ background: {ACCENT}; color: {ON_ACCENT}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}

QScrollBar:vertical {{ background: transparent; width: {SCROLL_PX}px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {LINE}; border-radius: 4px; min-height: 40px; }}
QScrollBar::handle:vertical:hover {{ background: {QUIET}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: none; width: 0; height: 0; }}
"""


def apply(application: QApplication) -> None:
    """Dark by Qt's own scheme, then our palette, font and stylesheet."""
    hints = application.styleHints()
    if hints is not None and hasattr(hints, "setColorScheme"):  # Qt 6.8
        hints.setColorScheme(Qt.ColorScheme.Dark)
    application.setStyle("Fusion")
    application.setPalette(_palette())
    font = QFont()
    font.setFamilies(_FAMILIES)
    font.setPixelSize(FONT_PX)
    application.setFont(font)
    application.setStyleSheet(STYLE)


def _palette() -> QPalette:
    """For what the stylesheet leaves to Fusion: dialogs, menus, lists."""
    palette, role = QPalette(), QPalette.ColorRole
    colours = {
        role.Window: GROUND,
        role.Base: SURFACE,
        role.AlternateBase: RAISED,
        role.Button: RAISED,
        role.ToolTipBase: RAISED,
        role.WindowText: TEXT,
        role.Text: TEXT,
        role.ButtonText: TEXT,
        role.ToolTipText: TEXT,
        role.PlaceholderText: QUIET,
        role.Highlight: ACCENT,
        role.HighlightedText: ON_ACCENT,
        role.Link: ACCENT,
    }
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    return palette
