"""Composes and renders the demo track: six sections that a listener, human or network, tells apart at once.

    python assets/compose_demo.py [FOLDER]

writes `demo.ogg` (stereo, 48 kHz) and `demo.json` (name, start_s, end_s and tempo_bpm of each section). All
of it is synthesised from numpy: no samples, no soundfonts. The same seed and library versions give the same
samples.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

sys.path.insert(0, str(Path(__file__).resolve().parent))

from composer import drums, piano, strings, techno, texture
from composer.sound import RATE_HZ, Signal

SEED = 20_061
FADE_S = 0.35
VORBIS_QUALITY = 0.45

COMPOSERS: tuple[tuple[str, float | None, Callable[[np.random.Generator], Signal]], ...] = (
    ("piano", piano.BPM, piano.compose),
    ("strings", strings.BPM, strings.compose),
    ("drums and bass", drums.BPM, drums.compose),
    ("techno", techno.BPM, techno.compose),
    ("noise", None, texture.compose_noise),
    ("near silence", None, texture.compose_silence),
)


@dataclass(frozen=True)
class Section:
    """One part of the track; `tempo_bpm` is None where there is no beat."""

    name: str
    start_s: float
    end_s: float
    tempo_bpm: float | None


def render_section(index: int, seed: int = SEED) -> Signal:
    """Section `index` alone, (n, 2) within ±1; each draws from a generator of its own."""
    part = COMPOSERS[index][2](np.random.default_rng((seed, index)))
    n_fade = round(FADE_S * RATE_HZ)
    part[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade))[:, None] ** 2
    top = np.abs(part).max()
    return np.tanh(part / top * 1.5) / np.tanh(1.5) * 0.95 if top > 0.95 else part


def compose(seed: int = SEED) -> tuple[Signal, list[Section]]:
    """The whole track (n, 2) within ±1, and its sections."""
    parts, sections, start = [], [], 0
    for index, (name, tempo_bpm, _) in enumerate(COMPOSERS):
        part = render_section(index, seed)
        end = start + len(part)
        sections.append(Section(name, round(start / RATE_HZ, 6), round(end / RATE_HZ, 6), tempo_bpm))
        parts.append(part)
        start = end
    return np.concatenate(parts), sections


def main(folder: Path) -> None:
    """Writes `demo.ogg` and `demo.json` into `folder`."""
    track, sections = compose()
    compression = 1 - VORBIS_QUALITY
    with sf.SoundFile(
        folder / "demo.ogg", "w", RATE_HZ, 2, format="OGG", subtype="VORBIS", compression_level=compression
    ) as file:
        for start in range(0, len(track), RATE_HZ):  # one large write overflows the encoder's stack
            file.write(track[start : start + RATE_HZ].astype(np.float32))
    text = json.dumps([asdict(section) for section in sections], indent=2)
    (folder / "demo.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
