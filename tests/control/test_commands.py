"""What keys and knobs may ask: values reach every process, nonsense is refused, recordings run."""

from collections.abc import Mapping
from typing import Any

import pytest

from visualizer.control.commands import Commands
from visualizer.parameters import ParameterState
from visualizer.types import UserError


class Processes:
    """Remembers what was asked of the supervisor."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.running: set[str] = set()
        self.heard = ""

    def send_settings(self, changed: Mapping[str, Any]) -> None:
        self.settings |= changed

    def status(self) -> dict[str, dict[str, Any]]:
        return {"capture": {"health": {"input": self.heard}}}

    def start_worker(self, name: str) -> None:
        self.running.add(name)

    def stop_worker(self, name: str) -> None:
        self.running.discard(name)


def _commands(values: ParameterState, inputs: list[str] | None = None) -> tuple[Commands, Processes]:
    commands, processes = Commands(values, lambda: inputs or []), Processes()
    commands.begin(processes)
    return commands, processes


def test_a_key_sets_values_everywhere() -> None:
    values = ParameterState()
    commands, processes = _commands(values)
    commands.obey("display", {"set": {"output.blackout": True, "effects.bloom": 7}})
    assert processes.settings == {"output.blackout": True, "effects.bloom": 1.0}
    assert values.change("output.blackout").source == "key"


@pytest.mark.parametrize(
    "command", [{}, {"do": "explode"}, {"set": 3}, {"do": ["quit"]}, {"set": {"no.such": 1}}]
)
def test_nonsense_is_refused(command: dict[str, Any]) -> None:
    commands, processes = _commands(ParameterState())
    with pytest.raises(UserError):
        commands.obey("display", command)
    assert processes.settings == {} and not commands.wants_end


def test_next_previous_and_lock() -> None:
    values = ParameterState({"traumer.seed": 0})
    commands, _ = _commands(values)
    commands.obey("display", {"do": "next"})
    assert values["traumer.seed"] == 1
    commands.obey("display", {"do": "lock"})
    commands.obey("display", {"do": "random_seed"})
    commands.obey("display", {"set": {"traumer.seed": 99}})
    assert values["traumer.seed"] == 1
    commands.obey("display", {"do": "lock"})
    commands.obey("display", {"do": "previous"})
    assert values["traumer.seed"] == 0


def test_a_recording_starts_and_ends_its_process() -> None:
    commands, processes = _commands(ParameterState({"output.record": "show.mp4"}))
    assert processes.running == {"output"}
    commands.set("output.record", "", "key")
    assert processes.running == set()


def test_inputs_are_cycled_by_name() -> None:
    values = ParameterState({"audio.input": "Mic"})
    commands, processes = _commands(values, ["Mic", "Line"])
    for wanted in ("Line", "demo", "Mic"):
        commands.obey("display", {"do": "next_input"})
        listing = commands._listing
        assert listing is not None
        listing.join(5)
        commands.look_after()
        assert processes.settings["audio.input"] == wanted


def test_an_input_chosen_by_a_part_of_its_name_is_stepped_on_from() -> None:
    commands, processes = _commands(ParameterState({"audio.input": "scar"}), ["Mic", "Scarlett 2i2", "Line"])
    processes.heard = "Scarlett 2i2"
    commands.obey("display", {"do": "next_input"})
    assert commands._listing is not None
    commands._listing.join(5)
    commands.look_after()
    assert processes.settings["audio.input"] == "Line"


def test_closing_the_window_ends_the_show() -> None:
    commands, _ = _commands(ParameterState())
    commands.obey("display", {"do": "quit"})
    assert commands.wants_end
