"""Sound as ISF's shaders take it: images one sample or one frequency wide a column, one channel a row."""

from __future__ import annotations

from collections.abc import Mapping

import moderngl
import numpy as np

from visualizer.display.isf.shader import Shader
from visualizer.types import Float32

N_FFT = 2048
LEAST_DB, MOST_DB = -72.0, -6.0
"""What an FFT shows as 0 and as 1: a full-scale sine peaks at 0 dB."""
N_SAMPLES = 8192
"""So many of the newest samples are needed."""


def sound_images(samples: Float32, is_fft: bool, columns: int) -> Float32:
    """(n, 2) of the newest sound → (2, columns, 4) float32 in [0, 1], grey; a wave rests at 0.5.

    The wave shows its newest `columns` samples (few columns: their mean levels above 0.5), an FFT its linear
    bins up to half the rate, gathered into as many columns.
    """
    samples = _padded(np.nan_to_num(samples), max(columns, N_FFT))
    rows = _spectrum(samples, columns) if is_fft else _wave(samples, columns)
    image = np.empty((2, columns, 4), np.float32)
    image[..., :3] = rows[..., None]
    image[..., 3] = 1.0
    return image


def _padded(samples: Float32, least: int) -> Float32:
    if len(samples) >= least:
        return samples
    return np.concatenate([np.zeros((least - len(samples), 2), np.float32), samples])


def _wave(samples: Float32, columns: int) -> Float32:
    if columns < 16:  # so few can only mean how loud it is
        blocks = np.array_split(samples[-512:], columns)
        rows = np.stack([np.sqrt(np.mean(block**2, axis=0)) for block in blocks], axis=1)
        return np.clip(0.5 + 0.5 * rows, 0.0, 1.0).astype(np.float32)
    return np.clip(0.5 + 0.5 * samples[-columns:].T, 0.0, 1.0).astype(np.float32)


def _spectrum(samples: Float32, columns: int) -> Float32:
    n_fft = max(N_FFT, 2 * columns)
    window = np.hanning(n_fft)[:, None]
    heard = _padded(samples, n_fft)[-n_fft:] * window
    magnitude = np.abs(np.fft.rfft(heard, axis=0))[:-1] / (window.sum() / 2)
    edges = np.linspace(0, len(magnitude), columns + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(magnitude, edges, axis=0).T
    level_db = 20.0 * np.log10(np.maximum(peaks, 1e-9))
    return np.clip((level_db - LEAST_DB) / (MOST_DB - LEAST_DB), 0.0, 1.0).astype(np.float32)


class SoundTextures:
    """The textures of one context, filled with the newest sound; each width and kind once a frame."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._textures: dict[tuple[bool, int], moderngl.Texture] = {}
        self._filled: set[tuple[bool, int]] = set()
        self._samples: Float32 = np.zeros((N_SAMPLES, 2), np.float32)

    def hear(self, samples: Float32) -> None:
        """The sound that came since the last call, (n, 2) float32."""
        self._samples = np.concatenate([self._samples, samples])[-N_SAMPLES:]
        self._filled.clear()

    def of(self, shader: Shader) -> Mapping[str, moderngl.Texture]:
        """The textures of a shader's audio inputs, by name."""
        heard = [i for i in shader.inputs if i.kind in ("audio", "audioFFT")]
        return {i.name: self._texture(i.kind == "audioFFT", i.columns) for i in heard}

    def _texture(self, is_fft: bool, columns: int) -> moderngl.Texture:
        key = is_fft, columns
        if key not in self._textures:
            texture = self._textures[key] = self._context.texture((columns, 2), 4, dtype="f4")
            texture.repeat_x = texture.repeat_y = False
        if key not in self._filled:
            self._textures[key].write(sound_images(self._samples, is_fft, columns).tobytes())
            self._filled.add(key)
        return self._textures[key]

    def release(self) -> None:
        """Frees the textures."""
        for texture in self._textures.values():
            texture.release()
        self._textures.clear()
        self._filled.clear()
