"""The head-up display's readings, gathered from what the other processes tell of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from visualizer import clock
from visualizer.display.hud import Readings
from visualizer.display.shown import Shown
from visualizer.types import Features, Image

SILENT_AFTER_S = 3.0
"""A process that has not told its health for so long is named."""


_NAMES = {
    "capture": "Input",
    "deck_a": "Images",
    "deck_b": "Next images",
    "output": "Recording",
    "control": "OSC",
    "panel": "Panel",
}


class HealthSlot(Protocol):
    """What is needed of `ipc.slots.JsonSlot`."""

    def read(self) -> dict[str, Any] | None:
        """The newest state."""


def read(
    slots: Mapping[str, HealthSlot],
    shown: Shown,
    image: Image | None,
    features: Features,
    sentence: str,
    on_air: str = "a",
    coming: str = "",
) -> Readings:
    """Readings now; a process that tells nothing yet leaves gaps. `on_air`: the deck that is seen, a or b.

    `coming` is what begins next.
    """
    states = {name: slot.read() or {} for name, slot in slots.items()}
    capture = states.get("capture", {}).get("health", {})
    deck = states.get(f"deck_{on_air}", {}).get("health", {})
    now_ns = clock.now_ns()
    light_s, image_s = shown.latency_s
    is_heard = features.time_ns > 0 and now_ns - features.time_ns < clock.NS_PER_S
    ages_s = None
    if image and image.heard_ns:
        coarse_s, middle_s, fine_s = image.ages_s
        heard_s = clock.seconds(now_ns - image.heard_ns)
        ages_s = (coarse_s + heard_s, middle_s + heard_s, fine_s + heard_s)
    return Readings(
        words=tuple((str(word), float(p)) for word, p in deck.get("words", ())),
        era=_era(deck.get("era")),
        painted=" · ".join(str(deck[key]) for key in ("content", "network") if deck.get(key)),
        shown_fps=shown.fps,
        images_per_s=deck.get("images_per_s"),
        features_ms=None if light_s is None else 1e3 * light_s,
        picture_ms=None if image_s is None else 1e3 * image_s,
        ages_s=ages_s,
        level_dbfs=features.level_dbfs if is_heard else None,
        gain_db=features.gain_db,
        tempo_bpm=features.tempo_bpm if is_heard else 0.0,
        tempo_from=_tempo_from(capture.get("tempo_from")),
        input=str(capture.get("input", "")),
        runtime=" · ".join(
            str(text) for text in (deck.get("runtime"), *deck.get("runtime_reasons", ())) if text
        ),
        coming=coming,
        warnings=_warnings(states, now_ns, sentence, on_air),
    )


def _tempo_from(told: object) -> str:
    """Whence the tempo is, where that is worth a word."""
    return str(told) if told in ("tapped", "locked", "midi", "link") else ""


def _era(told: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """What era mode says of the years it hears; None in the other modes."""
    return None if told is None else (str(told.get("label", "")), int(told.get("spread", 0)))


def _warnings(
    states: Mapping[str, Mapping[str, Any]], now_ns: int, sentence: str, on_air: str
) -> tuple[str, ...]:
    lines = [sentence] if sentence else []
    names = _NAMES | {"deck_b": "Images", "deck_a": "Next images"} if on_air == "b" else _NAMES
    for name, state in states.items():
        if name == "display" or not state:
            continue
        said = state.get("sentence", "")
        age_s = clock.seconds(now_ns - int(state.get("beat_ns", now_ns)))
        if said and state.get("state") == "failed":
            lines.append(f"{names.get(name, name)}: {said}")
        elif age_s > max(SILENT_AFTER_S, float(state.get("limit_s", 0.0))):
            lines.append(f"{names.get(name, name)} does not answer; it is being started again.")
        elif said:
            lines.append(f"{names.get(name, name)}: {said}")
        elif name == "capture" and state.get("health", {}).get("waiting_for"):
            lines.append(f"{names.get(name, name)}: {state['health']['waiting_for']}")
    return tuple(lines)
