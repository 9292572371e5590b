"""The mix of both decks."""

import itertools

import pytest

from visualizer.display.fader import BY_HAND_S, Fader


def test_a_fade_takes_its_time_and_ends_exactly() -> None:
    fader = Fader("a")
    assert fader.update(10.0, "a", 2.0) == 0.0 and fader.on_air == "a"
    mixes = [fader.update(10.0 + 0.1 * step, "b", 2.0) for step in range(1, 30)]
    assert mixes[9] == pytest.approx(0.5)
    assert fader.mix == 1.0 and fader.on_air == "b"
    assert all(later >= earlier for earlier, later in itertools.pairwise(mixes))


def test_a_fade_turns_round_where_it_is() -> None:
    fader = Fader("a")
    fader.update(0.0, "b", 1.0)
    fader.update(0.4, "b", 1.0)
    assert fader.on_air == ""
    assert fader.update(0.6, "a", 1.0) == pytest.approx(0.2)
    assert fader.update(5.0, "a", 1.0) == 0.0


def test_no_length_is_a_cut_and_a_restarted_display_begins_where_the_show_is() -> None:
    fader = Fader("b")
    assert fader.mix == 1.0
    assert fader.update(0.0, "a", 0.0) == 0.0


def test_a_hand_moves_the_mix_at_once_but_never_flashes() -> None:
    fader = Fader("a")
    fader.update(0.0, "a", 9.0, by_hand=0.0)
    assert fader.update(0.05, "a", 9.0, by_hand=1.0) == pytest.approx(0.05 / BY_HAND_S)
    assert fader.update(1.0, "a", 9.0, by_hand=0.3) == pytest.approx(0.3)
    assert fader.on_air == ""
    assert fader.update(1.1, "b", 1.0) == pytest.approx(0.4)  # taken: on from where the hand was
    assert fader.update(3.0, "b", 1.0) == 1.0
    assert fader.update(4.0, "b", 9.0, by_hand=0.25) == pytest.approx(0.75)
