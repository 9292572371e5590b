"""Composes the medley that proves the whole chain: piano, strings, techno, rock and near silence in 60 s.

    python assets/compose_medley.py FOLDER

writes `medley.wav` (stereo, 48 kHz) and `medley.json` (name, start_s and end_s of each section), from the
same composers as the demo.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile as sf

sys.path.insert(0, str(Path(__file__).resolve().parent))

from compose_demo import FADE_S, SEED, Section
from composer import piano, rock, strings, techno, texture
from composer.sound import RATE_HZ, Signal

COMPOSERS: tuple[tuple[str, float | None, Callable[[np.random.Generator], Signal], float, float], ...] = (
    ("piano", piano.BPM, piano.compose, 0.0, 13.0),
    ("strings", strings.BPM, strings.compose, 0.0, 13.0),
    ("techno", techno.BPM, techno.compose, 5.4545, 13.0),
    ("rock", rock.BPM, rock.compose, 0.0, 13.0),
    ("near silence", None, texture.compose_silence, 0.0, 8.0),
)
"""Name, tempo, composer, the second of its piece that the section begins at, and how long it is."""


def compose(seed: int = SEED) -> tuple[Signal, list[Section]]:
    """The medley (n, 2) within ±1 and its sections."""
    parts, sections, start_s = [], [], 0.0
    for index, (name, tempo_bpm, composer, from_s, length_s) in enumerate(COMPOSERS):
        whole = composer(np.random.default_rng((seed, index, 1)))
        first, n = round(from_s * RATE_HZ), round(length_s * RATE_HZ)
        part = whole[first : first + n].copy()
        n_fade = round(FADE_S * RATE_HZ)
        part[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade))[:, None] ** 2
        top = float(np.abs(part).max())
        parts.append(np.tanh(part / top * 1.5) / np.tanh(1.5) * 0.95 if top > 0.95 else part)
        sections.append(Section(name, start_s, start_s + length_s, tempo_bpm))
        start_s += length_s
    return np.concatenate(parts), sections


def main(folder: Path) -> None:
    """Writes `medley.wav` and `medley.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sound, sections = compose()
    sf.write(folder / "medley.wav", sound.astype(np.float32), RATE_HZ, subtype="PCM_16")
    text = json.dumps([asdict(section) for section in sections], indent=2)
    (folder / "medley.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python assets/compose_medley.py FOLDER")
    main(Path(sys.argv[1]))
