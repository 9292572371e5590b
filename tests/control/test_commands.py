"""What keys and knobs may ask: values reach every process, nonsense is refused, recordings run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from visualizer import clock
from visualizer.control.commands import Commands
from visualizer.control.decks import Decks
from visualizer.control.presets import Presets
from visualizer.control.set_files import Sets
from visualizer.parameters import PARAMETERS, ParameterState
from visualizer.types import UserError


class Processes:
    """Remembers what was asked of the supervisor."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.running: set[str] = set()
        self.commands: list[tuple[str, Mapping[str, Any]]] = []
        self.restarted: list[str] = []
        self.heard = ""

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        self.settings |= changed

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        return "running", "", {"input": self.heard} if name == "capture" else {}

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        self.running.add(name)

    def stop_worker(self, name: str) -> None:
        self.running.discard(name)

    def is_running(self, name: str) -> bool:
        return name in self.running

    def send_command(self, name: str, command: Mapping[str, Any]) -> None:
        self.commands.append((name, command))

    def restart_worker(self, name: str) -> None:
        if name not in ("capture", "display"):
            raise KeyError(name)
        self.restarted.append(name)


class Lists:
    """What there is to choose from on a small machine."""

    def __init__(self, inputs: list[str]) -> None:
        self._inputs = inputs

    def inputs(self) -> list[str]:
        return self._inputs

    def contents(self, beside: str) -> list[str]:
        return ["lake.jpg", "night.jpg", "traumer"]

    def models(self, kind: str) -> list[str]:
        return [f"{kind}-one", f"{kind}-two"]


def _commands(values: ParameterState, inputs: list[str] | None = None) -> tuple[Commands, Processes]:
    presets, sets = Presets(Path("none"), Path("none")), Sets(Path("none"))
    commands, processes = Commands(values, Decks(values), Lists(inputs or []), presets, sets), Processes()
    commands.begin(processes)
    return commands, processes


def _ask(commands: Commands, name: str) -> None:
    """Does what lists something in a thread, to its end."""
    commands.obey("display", {"do": name})
    assert commands._asking is not None
    commands._asking.join(5)
    commands.look_after()


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
    commands.obey("panel", {"do": "next"})
    commands.obey("display", {"set": {"traumer.seed": 99}})
    assert values["traumer.seed"] == 1
    commands.obey("display", {"do": "lock"})
    commands.obey("display", {"do": "previous"})
    assert values["traumer.seed"] == 0


def test_the_last_seed_is_reached_from_both_sides() -> None:
    last = int(PARAMETERS["traumer.seed"].max)
    values = ParameterState({"traumer.seed": 0})
    commands, _ = _commands(values)
    commands.obey("display", {"do": "previous"})
    assert values["traumer.seed"] == last
    commands.obey("display", {"do": "next"})
    assert values["traumer.seed"] == 0


def test_a_recording_starts_and_ends_its_process() -> None:
    commands, processes = _commands(ParameterState({"output.record": "show.mp4"}))
    assert processes.running == {"output"}
    commands.set("output.record", "", "key")
    assert processes.running == set()


def test_every_output_keeps_the_process_alive(tmp_path: Path) -> None:
    values = ParameterState({"output.folder": str(tmp_path)})
    commands, processes = _commands(values)
    commands.obey("display", {"do": "record"})
    assert Path(str(values["output.record"])).parent == tmp_path and processes.running == {"output"}
    commands.obey("control", {"do": "still"})
    assert str(values["output.still"]).endswith(".png")
    commands.obey("display", {"do": "record"})
    assert values["output.record"] == "" and processes.running == {"output"}
    commands.obey("output", {"set": {"output.still": ""}})
    assert processes.running == set()


def test_inputs_are_cycled_by_name() -> None:
    values = ParameterState({"audio.input": "Mic"})
    commands, processes = _commands(values, ["Mic", "Line"])
    for wanted in ("Line", "demo", "Mic"):
        _ask(commands, "next_input")
        assert processes.settings["audio.input"] == wanted


def test_an_input_chosen_by_a_part_of_its_name_is_stepped_on_from() -> None:
    commands, processes = _commands(ParameterState({"audio.input": "scar"}), ["Mic", "Scarlett 2i2", "Line"])
    processes.heard = "Scarlett 2i2"
    _ask(commands, "next_input")
    assert processes.settings["audio.input"] == "Line"


def test_modes_networks_contents_and_models_are_stepped_through() -> None:
    values = ParameterState()
    commands, _ = _commands(values)
    commands.obey("display", {"do": "next_mode"})
    assert values["show.mode"] == "era"
    commands.obey("display", {"do": "next_network"})
    assert values["era.network"] == "adain"
    for name, wanted in (("next", "lake.jpg"), ("next", "night.jpg"), ("previous", "lake.jpg")):
        _ask(commands, f"{name}_content")
        assert values["era.content"] == wanted
    _ask(commands, "next_model")
    assert values["era.mvnet"] == "mvnet-one"
    _ask(commands, "previous_model")
    assert values["era.mvnet"] == "mvnet-two"
    commands.obey("display", {"do": "next"})
    assert values["era.seed"] == PARAMETERS["era.seed"].default + 1  # the seed of the mode that is chosen


def test_the_panel_opens_once_and_is_raised_after_that() -> None:
    commands, processes = _commands(ParameterState())
    commands.obey("display", {"do": "panel"})
    assert "panel" in processes.running and processes.commands == []
    commands.obey("display", {"do": "panel"})
    assert processes.commands == [("panel", {"do": "raise"})]


def test_a_tap_reaches_the_ear_with_its_time() -> None:
    commands, processes = _commands(ParameterState())
    before_ns = clock.now_ns()
    commands.obey("display", {"do": "tap"})
    ((name, command),) = processes.commands
    assert name == "capture" and before_ns <= command["time_ns"] <= clock.now_ns()


def test_a_process_is_restarted_by_name_and_only_a_known_one() -> None:
    commands, processes = _commands(ParameterState())
    commands.obey("panel", {"restart": "capture"})
    assert processes.restarted == ["capture"]
    with pytest.raises(UserError, match="no process 'audience'"):
        commands.obey("panel", {"restart": "audience"})


def test_closing_the_window_ends_the_show() -> None:
    commands, _ = _commands(ParameterState())
    commands.obey("display", {"do": "quit"})
    assert commands.wants_end


def test_midi_and_clocks_go_on_to_their_processes_and_hands_are_told_apart() -> None:
    values = ParameterState()
    commands, processes = _commands(values)
    commands.obey("panel", {"midi": {"learn": "effects.bloom"}})
    told = {"source": "midi", "bpm": 128.0, "beat_ns": 5, "beat_of_bar": None}
    commands.obey("control", {"clock": told, "by": "midi"})
    assert processes.commands[-2:] == [
        ("control", {"midi": {"learn": "effects.bloom"}}),
        ("capture", {"clock": told}),
    ]
    for by, source in (("midi", "midi"), ("osc", "osc"), ("key", "control")):
        commands.obey("control", {"set": {"effects.bloom": 0.1}, "by": by})
        assert values.change("effects.bloom").source == source
