"""Routes: what they add to a knob, how they follow, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from visualizer import parameters
from visualizer.modulation import Modulator, Moving, asked_of_decks
from visualizer.parameters import PARAMETERS, ParameterState
from visualizer.types import Features, UserError


def settings(*routes: Mapping[str, object], **values: object) -> dict[str, Any]:
    """All values with these routes; without an envelope unless they have one."""
    told: dict[str, Any] = {id.replace("__", "."): value for id, value in values.items()}
    for n, route in enumerate(routes, 1):
        whole = {"attack_s": 0.0, "decay_s": 0.0, "amount": 1.0} | dict(route)
        told |= {f"modulation.{n}.{part}": value for part, value in whole.items()}
    return ParameterState(told).snapshot()


def moved(values: Mapping[str, Any], time_s: float = 1.0, **features: float) -> dict[str, Any]:
    """What routes move at once, from features of that time."""
    moving = Moving()
    moving.settings(time_s, Features(time_ns=round(1e9 * time_s), **features), values)  # type: ignore[arg-type]
    return moving.values


BASS_TO_ZOOM = {"source": "bass", "target": "effects.zoom"}


def test_a_route_pushes_its_knob_by_amount_and_leaves_the_setting() -> None:
    values = settings(BASS_TO_ZOOM | {"amount": 0.5}, effects__zoom=0.2)
    assert moved(values, bass=0.6) == {"effects.zoom": pytest.approx(0.5)}
    assert values["effects.zoom"] == 0.2
    assert moved(settings(BASS_TO_ZOOM | {"amount": -0.5}, effects__zoom=0.2), bass=0.2) == {
        "effects.zoom": pytest.approx(0.1)
    }


def test_routes_of_one_target_add_up_and_stay_in_its_range() -> None:
    both = settings(BASS_TO_ZOOM | {"amount": 0.3}, BASS_TO_ZOOM | {"source": "mid"}, effects__zoom=0.1)
    assert moved(both, bass=1.0, mid=0.2) == {"effects.zoom": pytest.approx(0.6)}
    assert moved(both, bass=1.0, mid=1.0) == {"effects.zoom": 1.0}


def test_low_and_high_bound_the_way_but_never_drag_the_knob() -> None:
    narrow = BASS_TO_ZOOM | {"low": 0.3, "high": 0.6}
    assert moved(settings(narrow, effects__zoom=0.4), bass=1.0) == {"effects.zoom": pytest.approx(0.6)}
    assert moved(settings(narrow, effects__zoom=0.9), bass=0.0) == {"effects.zoom": pytest.approx(0.9)}


def test_what_swings_swings_to_both_sides_of_the_knob() -> None:
    saw = {"lfo.1.shape": "saw", "lfo.1.period": "free", "lfo.1.period_s": 1.0}
    values = settings({"source": "lfo.1", "target": "effects.zoom", "amount": 0.4}, effects__zoom=0.5) | saw
    ends = [moved(values, time_s)["effects.zoom"] for time_s in (3.001, 3.5, 3.999)]
    assert ends == pytest.approx([0.3, 0.5, 0.7], abs=0.001)


def test_pushes_follow_the_curve_of_the_parameter_and_whole_numbers_stay_whole() -> None:
    log = settings({"source": "bass", "target": "traumer.smoothing.fine_s", "amount": 0.25})
    fine = PARAMETERS["traumer.smoothing.fine_s"]
    share = fine.to_share(float(moved(log, bass=1.0)[fine.id])) - fine.to_share(float(fine.default))
    assert share == pytest.approx(0.25)
    year = moved(settings({"source": "bass", "target": "era.year", "amount": 0.1}), bass=0.333)["era.year"]
    assert isinstance(year, int) and year == round(1880 + 0.0333 * 630)


def test_invert_turns_a_source_over() -> None:
    values = settings(BASS_TO_ZOOM | {"invert": True, "amount": 0.5}, effects__zoom=0.0)
    assert moved(values, bass=1.0) == {"effects.zoom": 0.0}
    assert moved(values, bass=0.0) == {"effects.zoom": 0.5}


@pytest.mark.parametrize("fps", [10, 60, 144])
def test_the_envelope_is_the_same_at_any_frame_rate(fps: int) -> None:
    values = settings(BASS_TO_ZOOM | {"attack_s": 0.5, "decay_s": 1.0}, effects__zoom=0.0)
    moving, way = Moving(), []
    for n in range(3 * fps + 1):
        time_s = n / fps
        features = Features(time_ns=round(1e9 * time_s), bass=float(0 < n <= fps))
        moving.settings(time_s, features, values)
        way.append(moving.values["effects.zoom"])
    top = 1.0 - 2.718281828**-2.0
    assert way[fps] == pytest.approx(top, abs=1e-4)
    assert way[2 * fps] == pytest.approx(top / 2.718281828, abs=1e-4)


def test_the_master_switch_and_the_switch_of_a_route() -> None:
    assert moved(settings(BASS_TO_ZOOM, show__modulation=False), bass=1.0) == {}
    assert moved(settings(BASS_TO_ZOOM | {"on": False}), bass=1.0) == {}
    assert moved(parameters.defaults(), bass=1.0) == {}


def test_the_same_calls_give_the_same_values() -> None:
    values = settings(
        {"source": "walk.1", "target": "effects.hue"}, {"source": "lfo.2", "target": "era.dial"}
    )
    ways = []
    for _ in range(2):
        moving = Moving()
        ways.append([dict(moving.settings(n / 30, None, values)) for n in range(40)])
    assert ways[0] == ways[1] and ways[0][0]["effects.hue"] != ways[0][39]["effects.hue"]


def test_only_what_a_deck_knows_is_asked_of_it() -> None:
    values = settings(
        BASS_TO_ZOOM, {"source": "tag.piano", "target": "effects.hue"}, {"source": "era.year", "on": False}
    )
    assert asked_of_decks(values) == {"tag.piano"}


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("modulation.1.source=bas", "Near: bass"),
        ("modulation.1.source=chroma.H", "chroma"),
        ("modulation.1.source=tag.", "tag.piano"),
        ("modulation.2.target=effects.zom", "Near: effects.zoom"),
        ("modulation.2.target=traumer.generator", "moved by routes"),
        ("modulation.2.target=era.size_px", "moved by routes"),
        ("modulation.2.target=display.fps", "moved by routes"),
        ("modulation.2.target=modulation.1.amount", "moved by routes"),
        ("modulation.17.source=bass", "There is no parameter"),
    ],
)
def test_what_is_no_source_or_target_is_refused_with_near_ones(assignment: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        parameters.parse_assignment(assignment)


@pytest.mark.parametrize("assignment", ["modulation.1.source=tag.female vocal", "modulation.3.target="])
def test_tags_and_nothing_are_taken(assignment: str) -> None:
    assert parameters.parse_assignment(assignment)[1] == assignment.partition("=")[2]


def test_a_route_to_what_is_not_there_moves_nothing() -> None:
    values = settings({"source": "bass", "target": "shader.gone.speed"})
    assert Modulator().apply(values, Moving().signals, 0.0) == {}
