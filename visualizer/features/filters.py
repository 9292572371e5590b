"""Recursive filters on a stream, computed a part of a hop at a time by matrices.

scipy.signal does the same, but takes most of a second and 50 MB to import, in a process that has to come
back fast when it is restarted.
"""

import math

import numpy as np

# Below this a filter's memory is inaudible, but subnormal numbers would make the arithmetic much slower.
NEGLIGIBLE = 1e-30
DC_CORNER_HZ = 5.0


def k_weighting(rate_hz: float) -> np.ndarray:
    """The two biquads of K-weighting for any rate: rows b0 b1 b2 a0 a1 a2, (2, 6) float64.

    ITU-R BS.1770 tabulates them for 48 kHz only; these are the analogue prototypes behind that table (a high
    shelf for the head, then a high-pass), mapped by the bilinear transform, and give it back at 48 kHz.
    """
    shelf_hz, shelf_q, shelf_gain = 1681.974450955533, 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle_gain = shelf_gain**0.4996667741545416
    k = math.tan(math.pi * shelf_hz / rate_hz)
    scale = 1 + k / shelf_q + k * k
    shelf = [
        (shelf_gain + middle_gain * k / shelf_q + k * k) / scale,
        2 * (k * k - shelf_gain) / scale,
        (shelf_gain - middle_gain * k / shelf_q + k * k) / scale,
        1.0,
        2 * (k * k - 1) / scale,
        (1 - k / shelf_q + k * k) / scale,
    ]
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / rate_hz)
    scale = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / scale, (1 - k / pass_q + k * k) / scale]
    return np.array([shelf, high_pass])


def dc_blocker(rate_hz: float) -> np.ndarray:
    """First-order high-pass at 5 Hz, (1, 6): an offset of the sound card is no sound."""
    k = math.tan(math.pi * DC_CORNER_HZ / rate_hz)
    return np.array([[1.0, -1.0, 0.0, 1.0 + k, k - 1.0, 0.0]]) / (1.0 + k)


class StreamFilter:
    """A cascade of biquads with memory, fed with hops of a fixed length. Owner: the thread that pushes.

    With state s, one part x of n samples gives y = T·x + O·s and the next state Aⁿ·s + R·x.
    """

    def __init__(self, sections: np.ndarray, n_channels: int, hop: int, n_parts: int) -> None:
        n = hop // n_parts
        a, b, c, d = _state_space(sections)
        powers = [np.eye(len(b))]
        for _ in range(n):
            powers.append(a @ powers[-1])
        self._observe = np.array([c @ power for power in powers[:n]])
        impulse = np.concatenate([[d], self._observe[:-1] @ b])
        delay = np.arange(n)[:, None] - np.arange(n)[None, :]
        self._from_input = np.where(delay >= 0, impulse[delay], 0.0)
        self._reach = np.array([power @ b for power in reversed(powers[:n])]).T
        self._advance = powers[n]
        self._n_parts = n_parts
        self._state = np.zeros((len(b), n_channels))

    def push(self, hop: np.ndarray) -> np.ndarray:
        """Samples (n_channels, hop) → filtered (n, n_parts, n_channels) float64, n = hop // n_parts."""
        n_channels = len(hop)
        parts = hop.astype(np.float64).reshape(n_channels * self._n_parts, -1).T
        filtered = (self._from_input @ parts).reshape(-1, n_channels, self._n_parts)
        reached = (self._reach @ parts).reshape(-1, n_channels, self._n_parts)
        states = np.empty_like(reached)
        for i in range(self._n_parts):
            states[:, :, i] = self._state
            self._state = self._advance @ self._state + reached[:, :, i]
        filtered += (self._observe @ states.reshape(len(states), -1)).reshape(filtered.shape)
        if np.abs(self._state).max() < NEGLIGIBLE:
            self._state[:] = 0.0
        return filtered


def _state_space(sections: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """A (d, d), B (d,), C (d,), D of the cascade: its answers to unit states and to a unit input."""
    n_states = 2 * len(sections)
    transitions, outputs = np.zeros((n_states, n_states + 1)), np.zeros(n_states + 1)
    for column in range(n_states + 1):
        state = np.eye(n_states + 1)[column]
        signal = state[n_states]
        for i, (b0, b1, b2, _, a1, a2) in enumerate(sections):
            out = b0 * signal + state[2 * i]
            transitions[2 * i, column] = b1 * signal - a1 * out + state[2 * i + 1]
            transitions[2 * i + 1, column] = b2 * signal - a2 * out
            signal = out
        outputs[column] = signal
    return transitions[:, :-1], transitions[:, -1], outputs[:-1], float(outputs[-1])
