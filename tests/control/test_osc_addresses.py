"""The OSC addresses: every control has one, values arrive in the widget's curve, patterns reach values."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer import cli
from visualizer.control import commands, osc_addresses
from visualizer.control.osc_addresses import ROOT, TABLE, TOLD, is_pressed, match
from visualizer.parameters import PARAMETERS, Parameter
from visualizer.types import UserError


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.id)
def test_every_control_has_its_address_there_and_back(parameter: Parameter) -> None:
    address = TABLE[parameter.osc]
    assert address.id == parameter.id and address.help == parameter.help
    if parameter.kind == "trigger":
        assert address.form == "action"
        return
    forms = [address, *([TABLE[f"{parameter.osc}/raw"]] if parameter.kind != "text" else [])]
    texts = ["", "Ö 1"] if parameter.check is None else [""]
    values = {"bool": [True, False], "choice": parameter.choices, "text": texts}.get(
        parameter.kind, [parameter.min, parameter.default, parameter.max]
    )
    for form in forms:
        for value in values:
            (argument,) = form.arguments_of(value)
            if form.is_writable:
                assert form.value_of(argument) == pytest.approx(value)
            else:
                with pytest.raises(UserError):
                    form.value_of(argument)


@given(st.sampled_from([p for p in PARAMETERS.values() if p.kind != "text"]), st.floats(0.0, 1.0))
def test_a_place_of_the_widget_is_a_value_in_its_curve(parameter: Parameter, unit: float) -> None:
    value = parameter.from_unit(unit)
    assert parameter.validate(value) == value
    if parameter.kind == "float":
        assert parameter.to_unit(value) == pytest.approx(unit, abs=1e-9)
    else:
        assert parameter.from_unit(parameter.to_unit(value)) == value


def test_a_logarithmic_control_is_at_its_geometric_mean_half_way() -> None:
    coarse = PARAMETERS["traumer.smoothing.coarse_s"]
    assert coarse.from_unit(0.5) == pytest.approx(math.sqrt(coarse.min * coarse.max))
    assert PARAMETERS["effects.hue"].from_unit(0.5) == 0.0


@pytest.mark.parametrize(
    ("path", "argument", "value"),
    [
        ("traumer/truncation", 0.5, 0.75),
        ("traumer/truncation", 1, 1.5),
        ("traumer/truncation", 7.0, 1.5),
        ("traumer/truncation/raw", 0.5, 0.5),
        ("traumer/truncation/raw", 99.0, 1.5),
        ("era/year", 1.0, 2030),
        ("era/year", 1880, 1880),
        ("era/year/raw", 1879.6, 1880),
        ("output/blackout", 1.0, True),
        ("output/blackout", 0.2, False),
        ("output/blackout", True, True),
        ("output/blackout/raw", "off", False),
        ("era/network", 2, "wct"),
        ("era/network", 1.0, "adain"),
        ("era/network", "avatar", "avatar"),
        ("era/network/raw", "linear", "linear"),
        ("display/monitor", "HDMI-1", "HDMI-1"),
    ],
)
def test_arguments_mean_what_the_guide_says(path: str, argument: object, value: object) -> None:
    assert TABLE[f"{ROOT}/{path}"].value_of(argument) == value


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("traumer/truncation", "much"),
        ("traumer/truncation", math.nan),
        ("traumer/truncation", None),
        ("traumer/truncation/raw", math.inf),
        ("era/year", "now"),
        ("era/network", 4),
        ("era/network", -1),
        ("era/network", math.nan),
        ("era/network", "gan"),
        ("output/blackout", None),
        ("output/blackout", math.nan),
        ("display/monitor", 1),
        ("display/monitor", "x" * 1001),
        ("control/osc_port", 0.5),
        ("control/osc_host", "0.0.0.0"),
    ],
)
def test_nonsense_is_refused(path: str, argument: object) -> None:
    with pytest.raises(UserError):
        TABLE[f"{ROOT}/{path}"].value_of(argument)


def test_everything_that_is_done_by_name_has_a_button_but_the_end() -> None:
    buttons = {a.id for a in TABLE.values() if a.path.startswith(f"{ROOT}/do/")}
    assert buttons == {*commands.ACTIONS, "preset", "cue"} - {"quit"}
    assert {"blackout", "freeze", "panic", "next", "previous", "tap", "take", "preset_1"} <= buttons


@pytest.mark.parametrize(
    ("arguments", "pressed"), [((), True), ((1.0,), True), ((True,), True), ((0.0,), False), ((0,), False)]
)
def test_letting_a_button_go_means_nothing(arguments: tuple, pressed: bool) -> None:
    assert is_pressed(arguments) == pressed


def test_no_name_is_taken_twice() -> None:
    groups = {p.id.partition(".")[0] for p in PARAMETERS.values()}
    others = {a.path.split("/")[2] for a in TABLE.values() if not a.id or a.path.startswith(f"{ROOT}/do/")}
    assert not groups & others
    assert all(path.isascii() and not osc_addresses.is_pattern(path) for path in TABLE)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("/klangbild/era/{year,dial}", {"era/year", "era/dial"}),
        ("/klangbild/effects/b*", {"effects/bloom"}),
        ("/klangbild/effects/*oo*", {"effects/bloom", "effects/zoom"}),
        ("/klangbild/era/ye?r/raw", {"era/year/raw"}),
        ("/klangbild/effects/[a-cz]*m", {"effects/bloom", "effects/zoom"}),
        ("/klangbild/effects/[!a-yq]*", {"effects/zoom"}),
        ("/*/state/de?k", {"state/deck"}),
        ("/klangbild/e*", set()),
        ("/klangbild/do/*", set()),
        ("/klangbild/*/panic", set()),
        ("/klangbild/effects/{bloom", set()),
        ("/klangbild/effects/[bloom", set()),
        ("/klangbild/effects/" + "*?" * 40, set()),
        ("/" + "*" * 300, set()),
    ],
)
def test_patterns_reach_values_as_osc_says_and_nothing_that_is_done(pattern: str, paths: set[str]) -> None:
    assert {address.path.removeprefix(f"{ROOT}/") for address in match(pattern)} == paths


@given(st.text(st.sampled_from("ab*?[]{}!-,/"), max_size=60))
def test_any_pattern_has_an_answer(pattern: str) -> None:
    match(pattern)


def test_the_listing_has_every_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["osc", "--json"]) == 0
    listing = {entry["address"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert list(listing) == list(TABLE)
    assert listing["/klangbild/era/slide_s/raw"] | {"help": ""} == {
        "address": "/klangbild/era/slide_s/raw",
        "kind": "float",
        "types": "f",
        "low": 2.0,
        "high": 600.0,
        "choices": [],
        "unit": "s",
        "id": "era.slide_s",
        "is_readable": True,
        "is_writable": True,
        "help": "",
    }
    assert cli.main(["osc"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == len(TABLE) + 1
    assert any(line.split()[:3] == ["/klangbild/era/network", "choice", "0|1|2|3"] for line in table)
    assert {a.path for a in TOLD} <= {line.split()[0] for line in table}
