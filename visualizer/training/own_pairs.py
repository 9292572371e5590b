"""Pairs of a person's own taste: which picture of `klangbild models sample` suits which place of which song.

    {"pairs": [{"music": "song.mp3", "start_s": 30, "picture": "generator-paintings-7-0012.png"}, …]}

Files of music are looked for beside the list. A picture is known by the name that `sample` gave it: the
generator, the seed and the number say which style it was painted from.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.checkpoints import styles, weights
from visualizer.checkpoints.cards import WEIGHTS, load_card
from visualizer.training.music import CLIP, Samples
from visualizer.training.own_music import read_mono
from visualizer.training.sounds import RATE_HZ
from visualizer.types import UserError

LEAST_PAIRS = 8
_NAME = re.compile(r"(?P<id>[a-z0-9-]+)-(?P<seed>\d+)-(?P<index>\d{4,})")


@dataclass(frozen=True)
class OwnPair:
    """A place of a song, and the seed and number of the picture that suits it."""

    music: Path
    start_s: float
    generator: str
    seed: int
    index: int


def read_pairs(path: Path) -> list[OwnPair]:
    """The pairs of a list; UserError that names what is wrong with it."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); name a list of pairs") from error
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); see docs/training.md for what it holds") from error
    entries = value.get("pairs") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise UserError(f'{path} holds no list "pairs"; see docs/training.md for what it holds')
    pairs = [_read_pair(path, number, entry) for number, entry in enumerate(entries, 1)]
    if len(pairs) < LEAST_PAIRS:
        raise UserError(f"{path} holds {len(pairs)} pairs, not {LEAST_PAIRS} or more; pair some more")
    return pairs


def _read_pair(path: Path, number: int, entry: Any) -> OwnPair:
    if not isinstance(entry, dict) or not {"music", "picture"} <= set(entry):
        raise UserError(f'pair {number} of {path} should have "music" and "picture"')
    name = _NAME.fullmatch(Path(str(entry["picture"])).stem)
    if name is None:
        raise UserError(
            f"pair {number} of {path}: the picture {entry['picture']!r} is not named as "
            "`klangbild models sample` names them"
        )
    start_s = entry.get("start_s", 0.0)
    if isinstance(start_s, bool) or not isinstance(start_s, int | float) or not 0 <= start_s < 1e6:
        raise UserError(f"pair {number} of {path}: start_s should be a number of seconds from 0")
    music = path.parent / Path(str(entry["music"])).expanduser()
    return OwnPair(music, float(start_s), name["id"], int(name["seed"]), int(name["index"]))


def clips_of(pairs: list[OwnPair]) -> list[Samples]:
    """The clip of each pair, (CLIP,) float32 at 16 kHz; the end of a song comes again where it is short."""
    sounds: dict[Path, Samples] = {}
    found = []
    for pair in pairs:
        if pair.music not in sounds:
            sounds[pair.music] = read_mono(pair.music)
        rest = sounds[pair.music][round(pair.start_s * RATE_HZ) :]
        if len(rest) < RATE_HZ:
            raise UserError(f"{pair.music} ends before {pair.start_s + 1:g} s; choose an earlier start_s")
        found.append(np.resize(rest, CLIP).astype(np.float32))
    return found


def styles_of(pairs: list[OwnPair], generator: Path) -> NDArray[np.float64]:
    """The style (n, n_w) of each pair's picture; UserError where a picture is another generator's."""
    own = load_card(generator).id
    others = sorted({pair.generator for pair in pairs} - {own})
    if others:
        raise UserError(f"there are pictures of {others[0]} among the pairs; name it with --generator")
    stored = weights.load_state(generator / WEIGHTS)
    n_w = stored["mapping.layers.0.weight"].shape[1]
    z = np.stack([styles.draw_z(n_w, pair.seed, pair.index) for pair in pairs])
    return styles.map_styles(stored, z).astype(np.float64)
