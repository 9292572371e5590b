"""One recording of a running show: pictures and sound, each with its own clock time, laid on one time line.

The line begins with the first picture. A picture becomes the frame nearest to what it was the first to show
of the music, not to its showing, which hearing, drawing and the window's swap made later: so a flash stands
beside its click. What nobody showed repeats the frame before. Sound lies where its time says, within a few
milliseconds: gaps become silence, and the slow drift of a sound card against the clock is stretched away.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from visualizer import clock
from visualizer.output.recorder import Codec, Recorder
from visualizer.types import Float32, Image, UInt8

REACH_FRAMES = 0.65
"""A picture this near to the next free frame becomes that frame: steadier than rounding."""
GRACE_S = 0.5
"""How long a picture may take to come before the file goes on without it."""
SOUND_GRACE_S = 2.0
"""The same of sound, which is not lost where a busy machine hands it on late, but comes in one piece."""
JUMP_S = 0.05
"""Sound further than this from its place is moved at once; nearer, it is stretched there."""
LATE_S = 0.4
"""Sound that is too late for so long is moved; for a moment, only the machine was slow to take it."""
DRIFT_S = 0.003
"""Sound nearer than this to its place is left alone."""
MOST_LAG_S = 1.25
"""A picture that heard nothing newer tells not how late pictures are; the show's own offset fits in."""
LAG_SPREAD_S = 0.05
"""So far a single picture's lateness counts, either way from the usual."""
_LAG_SHARE = 0.05
_SMOOTH_S = 2.0
_MAX_STRETCH = 0.002


class Take:
    """Writes one file. Owned by one thread."""

    def __init__(self, path: Path, first: Image, fps: float, rate_hz: int, codec: Codec = "h264") -> None:
        """Begins with the picture `first`, in its size, at what it heard; UserError as for `Recorder`."""
        height, width = first.pixels.shape[:2]
        self._fps = fps
        self._lag_ns: int | None = None
        """How much later than what they hear pictures are shown, smoothed; None while none has heard."""
        self.start_ns = first.made_ns - self._lateness_ns(first)
        self.n_repeated = 0
        """Frames of the file without a picture of their own."""
        self.n_dropped = 0
        """Those of them for which a picture had been shown, but was not fetched in time."""
        self.n_silence = 0
        """Samples of silence put where sound was missing."""
        self.n_cut = 0
        """Samples left out since their place was taken."""
        self._n_audio = 0
        self._n_heard = 0
        self._skews_s: deque[tuple[float, float]] = deque()
        """When sound came, and how much later than the count of its samples says."""
        self._error_s = 0.0
        self._must_place = True
        self._number = first.number
        self.recorder = Recorder(path, width, height, fps, rate_hz, "live", codec)
        self._rate_hz = rate_hz
        self._index = 0
        """Of the newest frame."""
        self._held: UInt8 | None = None
        """Its picture, while a newer one may still take its place."""
        self.recorder.add_frame(first.pixels)

    def show(self, image: Image) -> bool:
        """Lays a shown picture on the line; False where its frame is in the file already.

        A picture whose moment rounds to the newest frame takes that one over. So a flash, drawn at once and
        out of turn, has the frame that a picture before it, within `REACH_FRAMES`, took early.
        """
        following, exact = self._index + 1, self._exact(image.made_ns - self._lateness_ns(image))
        index = following if abs(exact - following) <= REACH_FRAMES else round(exact)
        if index >= following:
            n_repeated = index - following
            self.n_repeated += n_repeated
            self.n_dropped += max(0, min(n_repeated, image.number - self._number - 1))
            self._encode_held()
            self._index = index
        elif self._held is None or index < self._index:
            return False
        self._number = image.number
        self._held = image.pixels
        return True

    def hear(self, samples: Float32, time_ns: int, rate_hz: int, is_new: bool, now_ns: int) -> None:
        """Lays sound (n, 2) float32 on the line, whose newest sample is of `time_ns`.

        `is_new`: it does not follow the sound before (a lost block, another stream).
        """
        if not len(samples):
            return
        ratio = self._rate_hz / rate_hz
        n = round(len(samples) * ratio)
        self._n_heard += n
        end_s = clock.seconds(min(time_ns, now_ns) - self.start_ns)
        error_s = end_s - (self._n_audio + n) / self._rate_hz
        least_s = self._least_skew_s(end_s) + (self._n_heard - self._n_audio - n) / self._rate_hz
        is_away = is_new or self._must_place or error_s < -JUMP_S
        is_late = least_s > JUMP_S and self._skews_s[-1][0] - self._skews_s[0][0] > LATE_S
        if is_away or is_late:
            self._must_place = False
            self._error_s = 0.0
            self._skews_s.clear()
            samples = _stretch(samples, n)
            misplaced = round((error_s if is_away else least_s) * self._rate_hz)
            if misplaced > 0:
                self._pad(misplaced)
            elif misplaced < 0:
                self.n_cut += min(n, -misplaced)
                samples = samples[-misplaced:]
        else:
            n += self._correction(least_s, n)
            samples = _stretch(samples, n)
        self.recorder.add_audio(samples)
        self._n_audio += len(samples)

    def _least_skew_s(self, end_s: float) -> float:
        """Of the last moments: whatever delays a block makes its time later, never earlier."""
        skews = self._skews_s
        skews.append((end_s, end_s - self._n_heard / self._rate_hz))
        while len(skews) > 2 and skews[1][0] < end_s - LATE_S:
            skews.popleft()
        return min(skew_s for _, skew_s in skews)

    def _correction(self, error_s: float, n: int) -> int:
        """How many samples longer than its n a block must become, to follow the clock."""
        share = min(1.0, n / self._rate_hz / _SMOOTH_S)
        self._error_s += share * (error_s - self._error_s)
        if abs(self._error_s) < DRIFT_S:
            return 0
        most = max(1, int(n * _MAX_STRETCH))
        correction = int(np.clip(round(self._error_s * self._rate_hz), -most, most))
        self._error_s -= correction / self._rate_hz
        return correction

    def catch_up(self, now_ns: int) -> None:
        """Goes on without pictures and sound that have not come for too long."""
        at_s = clock.seconds(now_ns - self.start_ns)
        unseen_s = at_s - GRACE_S - clock.seconds(self._lag_ns or 0)
        unseen = int(unseen_s * self._fps)
        if unseen > self._index + 1:
            self._encode_held()
            self.n_repeated += self.recorder.repeat_until(unseen)
            self._index = self.recorder.n_frames - 1
        missing = int((at_s - SOUND_GRACE_S) * self._rate_hz) - self._n_audio
        if missing > 0:
            self._pad(missing)
            self._must_place = True

    def close(self) -> None:
        """Ends the file, both streams equally long. UserError when the disk does not take it."""
        if self.recorder.is_open:
            self._encode_held()
            self.recorder.repeat_until(round(self._n_audio / self._rate_hz * self._fps))
        n_missing = round(self.recorder.seconds * self._rate_hz) - self._n_audio
        if n_missing > 0 and self.recorder.is_open:
            self._pad(n_missing)
        self.recorder.close()

    def _encode_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.recorder.add_frame(held, self._index)

    def _pad(self, n: int) -> None:
        self.n_silence += n
        self._n_audio += n
        self.recorder.add_audio(np.zeros((n, 2), np.float32))

    def _lateness_ns(self, image: Image) -> int:
        """How long after what it heard this picture was shown, as far as that is to be believed."""
        own = image.made_ns - image.heard_ns
        if not image.heard_ns or not 0 <= own <= clock.nanoseconds(MOST_LAG_S):
            return self._lag_ns or 0
        usual = own if self._lag_ns is None else self._lag_ns
        spread = clock.nanoseconds(LAG_SPREAD_S)
        off = max(-spread, min(spread, own - usual))
        self._lag_ns = usual + round(_LAG_SHARE * off)
        return usual + off

    def _exact(self, time_ns: int) -> float:
        return clock.seconds(time_ns - self.start_ns) * self._fps


def _stretch(samples: Float32, n: int) -> Float32:
    """`samples` (m, 2) read at n places; n is within a few in a thousand of m, or another rate."""
    if n == len(samples):
        return samples
    places = np.linspace(0, len(samples) - 1, n)
    there = np.arange(len(samples))
    return np.stack([np.interp(places, there, samples[:, side]) for side in range(2)], axis=1).astype(
        np.float32
    )
