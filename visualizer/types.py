"""The values that cross from stage to stage and from process to process; all frozen."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

N_CHROMA = 12
N_SPECTRUM = 64
LAYER_GROUPS = ("coarse", "middle", "fine")

_FEATURE_HEAD = struct.Struct("<4q14d")
_FEATURE_BYTES = _FEATURE_HEAD.size + 4 * (N_CHROMA + N_SPECTRUM)


class UserError(Exception):
    """Something the user can mend: one clear sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the fast analysis heard in one hop (at least 80 a second)."""

    time_ns: int = 0
    """Time of the newest sample heard."""
    sample: int = 0
    """Index one past the newest sample heard, at the capture rate."""
    onset_ns: int = 0
    """Time of the newest onset, the middle of its hop; 0 before the first."""
    beat: int = 0
    """Beats since the start: rises by 1 when `beat_phase` wraps; falls only when capture begins anew."""
    level_dbfs: float = -120.0
    """RMS of the hop, after the input gain."""
    loudness_lufs: float = -120.0
    """Momentary loudness, K-weighted over 400 ms (ITU-R BS.1770)."""
    peak: float = 0.0
    """Largest absolute sample of the hop, 1 = full scale; after the input gain, so it may exceed 1."""
    bass: float = 0.0
    """20 to 150 Hz, [0, 1]."""
    mid: float = 0.0
    """150 Hz to 2 kHz, [0, 1]."""
    treble: float = 0.0
    """2 to 16 kHz, [0, 1]."""
    onset: float = 0.0
    """A flash of 1 at each onset that decays, [0, 1]."""
    flux: float = 0.0
    """Spectral flux of this hop, not normalised."""
    tempo_bpm: float = 0.0
    """0 while unknown."""
    beat_phase: float = 0.0
    """0 on the beat, rising to 1 at the next, [0, 1)."""
    bar_phase: float = 0.0
    """0 on the first beat of a bar of `tempo.beats_per_bar`, rising to 1 at the next, [0, 1)."""
    beat_confidence: float = 0.0
    """[0, 1]."""
    centroid_hz: float = 0.0
    """Spectral centroid; 0 in silence."""
    gain_db: float = 0.0
    """The input gain these features were heard with; decks apply the same."""
    chroma: Float32 = field(default_factory=lambda: np.zeros(N_CHROMA, np.float32))
    """Pitch classes from C, (12,) float32, largest = 1, [0, 1]; zero in silence."""
    spectrum: Float32 = field(default_factory=lambda: np.zeros(N_SPECTRUM, np.float32))
    """Log-spaced bands from 40 Hz to 16 kHz, (64,) float32, [0, 1]."""

    def to_bytes(self) -> bytes:
        """Fixed layout of `Features.n_bytes()` bytes, little endian."""
        head = _FEATURE_HEAD.pack(*(getattr(self, name) for name in _SCALARS))
        return head + self.chroma.astype("<f4").tobytes() + self.spectrum.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Features:
        """The inverse of `to_bytes`; raises ValueError for a wrong length."""
        if len(data) != _FEATURE_BYTES:
            raise ValueError(f"a feature record has {_FEATURE_BYTES} bytes, not {len(data)}")
        vectors = np.frombuffer(data, "<f4", offset=_FEATURE_HEAD.size).astype(np.float32)
        head = dict(zip(_SCALARS, _FEATURE_HEAD.unpack_from(data), strict=True))
        return cls(**head, chroma=vectors[:N_CHROMA], spectrum=vectors[N_CHROMA:])

    @staticmethod
    def n_bytes() -> int:
        """Length of `to_bytes`."""
        return _FEATURE_BYTES


_SCALARS = tuple(f.name for f in fields(Features) if f.name not in ("chroma", "spectrum"))


@dataclass(frozen=True, slots=True)
class Image:
    """One painted picture and what it heard."""

    pixels: UInt8
    """(H, W, 4) RGBA uint8, C-contiguous."""
    number: int
    """Counts the images of its maker from 1."""
    heard_ns: int
    """Time of the newest sample it heard (in the rendered slot: of what it was the first to show, see
    `Readback.take`); 0 while it heard nothing."""
    made_ns: int
    """When it was finished (in the rendered slot: when it was shown)."""
    ages_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Centre of mass of what coarse, middle and fine layers heard, in seconds before `heard_ns`."""
