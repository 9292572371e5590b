"""The registry: every declaration is sound, every value is clamped and validated in one place."""

import json

import pytest

from visualizer import cli, parameters, settings
from visualizer.parameters import PARAMETERS, ParameterState
from visualizer.types import UserError


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.id)
def test_declarations_are_sound(parameter: parameters.Parameter) -> None:
    assert parameter.validate(parameter.default) == parameter.default
    assert parameter.min < parameter.max and parameter.help.endswith(".")
    assert parameter.osc == "/klangbild/" + "/".join(parameter.id.split("."))
    if parameter.curve == "log":
        assert parameter.min > 0


def test_values_are_clamped_and_typed() -> None:
    state = ParameterState()
    assert state.set("traumer.truncation", "9", "test") == {"traumer.truncation": 1.5}
    assert state.set("traumer.seed", 3.7, "test") == {"traumer.seed": 4}
    assert state.set("display.hud", "on", "test") == {"display.hud": True}
    assert state.set("display.hud", True, "test") == {}


@pytest.mark.parametrize(
    ("assignment", "names"),
    [
        ("traumer.truncaton=1", "traumer.truncation"),
        ("traumer.truncation", "id=value"),
        ("traumer.truncation=nan", "0 to 1.5"),
        ("traumer.seed=1" + 400 * "0", "0 to 2.14748e"),
        ("display.hud=perhaps", "on or off"),
        ("show.mode=sleep", "traumer"),
    ],
)
def test_bad_assignments_get_a_sentence_with_the_fix(assignment: str, names: str) -> None:
    with pytest.raises(UserError, match=names):
        parameters.parse_assignment(assignment)


def test_the_newest_change_wins_and_knows_its_source() -> None:
    state = ParameterState()
    state.set("effects.bloom", 0.9, "midi", time_ns=20)
    assert state.set("effects.bloom", 0.1, "osc", time_ns=10) == {}
    assert state["effects.bloom"] == 0.9
    assert state.change("effects.bloom").source == "midi"


def test_panic_calms_effects_and_lights_the_picture() -> None:
    state = ParameterState({"effects.feedback": 1.0, "output.blackout": True, "traumer.bend.gain": 2.0})
    changed = state.set("output.panic", True, "key")
    assert changed == {
        "output.blackout": False,
        "effects.feedback": PARAMETERS["effects.feedback"].default,
        "traumer.bend.gain": 1.0,
        "show.modulation": False,
    }


def test_settings_survive_a_round_trip_and_skip_what_is_wrong(tmp_path) -> None:
    file = tmp_path / "deep" / "settings.toml"
    chosen = ParameterState({"audio.input": "Scarlett", "traumer.smoothing.coarse_s": 5.0}).snapshot()
    settings.save(chosen, file)
    assert settings.load(file) == ({"audio.input": "Scarlett", "traumer.smoothing.coarse_s": 5.0}, [])
    file.write_text("[traumer]\ntruncation = 'much'\nseed = 5\nunknown = 1\n")
    values, skipped = settings.load(file)
    assert values == {"traumer.seed": 5} and len(skipped) == 2
    file.write_text(f"[traumer]\nseed = 1{400 * '0'}\n")  # a whole number that no float holds
    assert settings.load(file)[0] == {} and "traumer.seed takes a number" in settings.load(file)[1][0]
    file.write_bytes(b"\xff\xfe broken [")
    assert settings.load(file)[0] == {} and "delete or mend" in settings.load(file)[1][0]


def test_the_listing_has_what_a_controller_needs(capsys) -> None:
    assert cli.main(["parameters", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert [entry["id"] for entry in listing] == list(PARAMETERS)
    assert set(listing[0]) >= {"id", "osc", "kind", "min", "max", "default", "unit", "help"}


def test_parameters_are_listed_by_group_and_what_is_alike_once(capsys) -> None:
    assert cli.main(["parameters", "lfo.2"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [f"lfo.2.{part}" for part in ("shape", "period", "period_s", "phase")]
    assert cli.main(["parameters"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("modulation.") for line in lines) == 10  # a route, and that there are more
    assert cli.main(["parameters", "efects"]) == 2
    assert "Near: effects" in capsys.readouterr().err


@pytest.mark.parametrize(
    "parameter", [p for p in PARAMETERS.values() if p.kind == "float"], ids=lambda p: p.id
)
def test_a_curve_leads_from_end_to_end_and_back(parameter: parameters.Parameter) -> None:
    assert parameter.from_share(0.0) == pytest.approx(parameter.min)
    assert parameter.from_share(1.0) == pytest.approx(parameter.max)
    for share in (0.0, 0.2, 0.5, 1.0):
        assert parameter.to_share(parameter.from_share(share)) == pytest.approx(share)


def test_curves_bend_as_their_names_say() -> None:
    log = parameters.Parameter("x.y", "float", 1.0, "", 0.01, 100.0, curve="log")
    square = parameters.Parameter("x.y", "float", 1.0, "", 0.0, 4.0, curve="square")
    assert log.from_share(0.5) == pytest.approx(1.0)
    assert square.from_share(0.5) == pytest.approx(1.0)
    assert log.to_share(-5.0) == 0.0 and square.to_share(99.0) == 1.0
