"""What ships: the tagger names the sections of the demo, and the map tells them apart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
import soxr

from visualizer import runtime
from visualizer.checkpoints.cards import load_card
from visualizer.features.mel import TaggerMel
from visualizer.networks.tagger import TAGS
from visualizer.paths import ASSETS, MODELS

TAGGER, TRANSFER = MODELS / "tagger-house", MODELS / "transfer-house"
WANTED = {
    "piano": {"piano"},
    "strings": {"strings"},
    "drums and bass": {"drums", "beat", "beats"},
    "techno": {"techno"},
}
STEP = 24  # ticks between two looks: 0.77 s
SETTLED_S = 4.0

pytestmark = pytest.mark.skipif(not (TAGGER / "model.onnx").exists(), reason="no tagger ships yet")


@pytest.fixture(scope="module")
def heard() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Section → embeddings (n, 512) and tags (n, 50) once the window lies within it."""
    sections = json.loads((ASSETS / "demo.json").read_text("utf-8"))
    sound, rate_hz = soundfile.read(ASSETS / "demo.ogg", dtype="float32", always_2d=True)
    mono = soxr.resample(sound.mean(axis=1), rate_hz, 16_000)
    tagger = runtime.load(TAGGER / "model.onnx", threads=1)
    try:
        return {s["name"]: _listen(tagger, mono, s["start_s"], s["end_s"]) for s in sections}
    finally:
        tagger.close()


def _listen(tagger: runtime.Runtime, mono: np.ndarray, start_s: float, end_s: float) -> tuple:
    found = [
        tagger.run({"mel": mel[None, None]})
        for mel in _windows(mono[int(start_s * 16_000) :], end_s - start_s)
    ]
    return tuple(np.stack([f[name][0].copy() for f in found]) for name in ("embedding", "tags"))


def _windows(sound: np.ndarray, length_s: float) -> Iterator[np.ndarray]:
    mel = TaggerMel()
    for tick in mel.ticks(sound[: int(length_s * 16_000)]):
        if tick % STEP == 0 and mel.n_samples_at_tick > SETTLED_S * 16_000:
            yield mel.window()


def test_sections_of_the_demo_are_named(heard: dict) -> None:
    for section, names in WANTED.items():
        tags = heard[section][1].mean(axis=0)
        best = [TAGS[i] for i in np.argsort(tags)[::-1][:4]]
        assert names & set(best), f"{section}: {best}"
        assert max(tags[TAGS.index(name)] for name in names) > 0.5


def test_near_silence_is_quiet_and_has_no_instruments(heard: dict) -> None:
    tags = heard["near silence"][1].mean(axis=0)
    assert TAGS[int(tags.argmax())] == "quiet"
    assert max(tags[TAGS.index(name)] for name in ("piano", "strings", "drums", "techno", "guitar")) < 0.3


def test_styles_of_different_sections_lie_further_apart_than_those_of_one(heard: dict) -> None:
    transfer = runtime.load(TRANSFER / "model.onnx", threads=1)
    try:
        styles = [
            np.stack([transfer.run({"embedding": z[None]})["w"][0].copy() for z in heard[name][0]])
            for name in WANTED
        ]
    finally:
        transfer.close()
    everything = np.concatenate(styles)
    deviation = everything.std(axis=0)
    means = [w.mean(axis=0) for w in styles]
    within = np.mean(
        [np.linalg.norm((w - m) / deviation, axis=1).mean() for w, m in zip(styles, means, strict=True)]
    )
    between = np.mean([np.linalg.norm((a - b) / deviation) for i, a in enumerate(means) for b in means[:i]])
    assert between > 2 * within


def test_cards_say_what_was_measured() -> None:
    card = load_card(TAGGER)
    assert card.labels == TAGS
    assert card.figures["auc_teachers"] > 0.8
    assert card.figures["auc_instruments"] > 0.8
    assert sum(entry.n_bytes for entry in card.files.values()) < 13e6
