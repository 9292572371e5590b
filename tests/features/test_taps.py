"""A series of taps: tempo, beat and how sure they are."""

import numpy as np
import pytest

from visualizer.features.taps import MOST_TOLERANCE, TapLead, TapSeries


def series(times_s: list[float]) -> TapSeries:
    taps = TapSeries()
    for time_s in times_s:
        taps.add(time_s)
    return taps


@pytest.mark.parametrize("bpm", [40.0, 63.0, 120.0, 240.0])
def test_even_taps_are_the_tempo_and_the_last_is_the_beat(bpm: float) -> None:
    times_s = [7.0 + 60.0 / bpm * k for k in range(5)]
    assert series(times_s).fit() == pytest.approx((60.0 / bpm, times_s[-1]))


def test_a_single_tap_is_a_beat_without_a_tempo() -> None:
    assert series([3.5]).fit() == (0.0, 3.5)


def test_a_missed_tap_and_a_bounce_change_nothing() -> None:
    times_s = [0.0, 0.5, 1.0, 2.0, 2.5, 2.53]
    assert series(times_s).fit() == pytest.approx((0.5, 2.5))


def test_a_pause_begins_a_new_series() -> None:
    assert series([0.0, 0.5, 1.0, 3.1]).fit() == (0.0, 3.1)
    assert series([0.0, 0.5, 1.0, 3.1, 4.1]).fit() == pytest.approx((1.0, 4.1))


@pytest.mark.parametrize("interval_s", [0.2, 1.8])
def test_what_is_no_tempo_is_a_beat(interval_s: float) -> None:
    assert series([0.0, interval_s, 2 * interval_s]).fit() == (0.0, 2 * interval_s)


def test_more_taps_even_out_the_hand_and_are_trusted_more() -> None:
    off_bpm, tolerances = [], []
    for n in (2, 4, 12):
        found = []
        for seed in range(40):
            jitter_s = np.random.default_rng(seed).uniform(-0.025, 0.025, n)
            taps = series([0.6 * k + float(j) for k, j in enumerate(jitter_s)])
            found.append(60.0 / taps.fit()[0])
        off_bpm.append(np.std(found))
        tolerances.append(taps.tolerance)
    assert off_bpm == sorted(off_bpm, reverse=True)
    assert tolerances == sorted(tolerances, reverse=True)
    assert tolerances[0] <= MOST_TOLERANCE
    assert off_bpm[-1] < 0.5


def tapped(bpm: float) -> TapLead:
    lead = TapLead()
    for k in range(4):
        lead.tap(60.0 / bpm * k)
    return lead


def test_the_lead_ends_with_a_lasting_other_tempo_alone() -> None:
    for other_bpm, holds in ((120.0, False), (160.0, True), (40.0, True), (80.0, True)):
        lead = tapped(80.0)
        for _ in range(40):
            if lead.bpm == 0.0:
                break
            lead.follow(near=(80.0, 0.0), free=(other_bpm, 0.9), dt_s=0.25)
        assert (lead.bpm > 0.0) is holds, other_bpm


def test_a_moment_of_another_tempo_does_not_end_the_lead() -> None:
    lead = tapped(80.0)
    for n in range(200):
        is_fill = n % 20 < 8
        lead.follow(near=(80.0, 0.1 if is_fill else 0.8), free=(120.0 if is_fill else 80.0, 0.8), dt_s=0.25)
    assert lead.bpm == pytest.approx(80.0)


def test_the_lead_outlasts_a_rest_and_ends_in_silence() -> None:
    lead = tapped(80.0)
    lead.rest(0.0, 5.0)
    lead.rest(1.0, 0.01)
    lead.rest(0.0, 5.0)
    assert lead.bpm == pytest.approx(80.0) and lead.holds_beat
    lead.rest(0.0, 2.0)
    assert lead.bpm == 0.0 and not lead.holds_beat
