"""`klangbild live`: the parent of the show. It starts the processes, holds the values, and watches."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visualizer import clock, parameters, paths, settings
from visualizer.ahead import DISPLAY
from visualizer.control.commands import PANEL, Commands
from visualizer.control.decks import Decks
from visualizer.control.preset_files import Preset
from visualizer.control.presets import Presets
from visualizer.ipc.loop import EXIT_USER_ERROR
from visualizer.ipc.process import Process
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor
from visualizer.ipc.throttle import Throttle
from visualizer.metrics import StatusWriter
from visualizer.parameters import PARAMETERS, ParameterState, Value
from visualizer.types import UserError

_POLL_S = 0.1
_FIGURES_S = 0.5
"""How often processes are measured for the panel; the status line is written every second time."""
_NO_PICTURE_LIMIT_S = 60.0
"""A display that has shown nothing until then will not; one that has is started again for ever."""

_NICE = 3
"""Of decks and panel: half of the display's share where cores are short, so that frames come evenly
while one of them starts."""
_BY_HAND = ("key", "panel")


def main(
    arguments: Sequence[str], prefix: str | None = None, begun: Mapping[str, Process] | None = None
) -> int:
    """Runs the show until it is closed, ended by a signal, or its duration is over; the exit code.

    `begun` are processes that wait for their workers already, for regions with that prefix.
    """
    options = _parse(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    kept = _kept()
    values = _values(kept, options)
    _check_output(values)
    _check_input(options, values)
    if options.content is not None:
        values.set("era.content", _check_content(options.content), "command line")
    cues = parse_cues(options.at)
    decks = Decks(values)
    commands = Commands(values, decks, Lists())
    regions = Regions.create(prefix=prefix)
    commands.cues.grid.listen(regions.features.read_newer)
    with (
        closing(StatusWriter(options.status)) as status,
        Supervisor(_specs(_has_panel(options)), regions, commands, commands.obey, begun) as supervisor,
    ):
        supervisor.pin("deck_a", decks.pinned(on_air=True))
        supervisor.start()
        commands.begin(supervisor)
        code = Parent(supervisor, commands, decks, status, cues).run(options.duration)
    _keep(kept, values)
    return code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="klangbild live", description="Start the show.")
    parser.add_argument("--input", metavar="NAME", help="device name or part of it, system, file:PATH, demo")
    parser.add_argument(
        "--channels", metavar="L,R", help="channel pair of the device, from 1; for example 3,4"
    )
    parser.add_argument("--mode", help=f"what paints: {' or '.join(PARAMETERS['show.mode'].choices)}")
    parser.add_argument(
        "--content",
        metavar="PATH",
        help="what era mode paints over: a picture, folder, video, camera or traumer",
    )
    parser.add_argument("--preset", metavar="KEY", help="start with a preset, by its key 1 to 9 or its name")
    parser.add_argument("--fullscreen", action="store_true", help="start in full screen")
    parser.add_argument("--monitor", metavar="NAME", help="the monitor by name or part of it")
    parser.add_argument("--record", metavar="FILE", help="record the shown picture with the heard sound")
    parser.add_argument("--status", metavar="FILE", type=Path, help="write a JSON line a second")
    parser.add_argument("--duration", metavar="S", type=float, help="end after so many seconds")
    parser.add_argument(
        "--at",
        metavar="S:ID=VALUE",
        action="append",
        default=[],
        help="set a parameter so many seconds into the show; for example 15:show.mode=era",
    )
    parser.add_argument("--no-panel", action="store_true", help="only the window; D opens the panel")
    parser.add_argument("--set", metavar="ID=VALUE", action="append", default=[], help="set any parameter")
    options = parser.parse_args(list(arguments))
    if options.duration is not None and not options.duration > 0:
        raise UserError("--duration takes a number of seconds above 0.")
    return options


def _kept() -> dict[str, Value]:
    """What the settings file remembers."""
    kept, skipped = settings.load()
    for sentence in skipped:
        logging.warning(sentence)
    return kept


def _values(kept: Mapping[str, Value], options: argparse.Namespace) -> ParameterState:
    """The user's settings, then what the command line says."""
    values = ParameterState(kept, "settings")
    named: dict[str, Value | None] = {
        "audio.input": options.input,
        "audio.channels": options.channels,
        "show.mode": options.mode or ("era" if options.content is not None else None),
        "era.content": options.content,
        "display.fullscreen": options.fullscreen or None,
        "display.monitor": options.monitor,
        "output.record": options.record,
    }
    asked = dict(_preset(options.preset).values) if options.preset is not None else {}
    asked |= {id: value for id, value in named.items() if value is not None}
    asked |= dict(parameters.parse_assignment(text) for text in options.set)
    for id, value in asked.items():
        values.set(id, value, "command line")
    return values


def _preset(wanted: str) -> Preset:
    """The preset that the command line names; UserError where there is none."""
    preset = Presets().find(int(wanted) if len(wanted) == 1 and wanted.isdecimal() else wanted)
    for note in preset.notes:
        logging.warning(note)
    return preset


def _check_output(values: ParameterState) -> None:
    """Fails before anything starts where nothing could be shown or recorded."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError(
            "There is no screen here: start it in a desktop session, or make a video with `klangbild render`."
        )
    if values["output.record"]:
        from visualizer.output.recorder import check_path

        check_path(paths.path_of(str(values["output.record"])))


def _check_input(options: argparse.Namespace, values: ParameterState) -> None:
    """Fails where the command line names an input that is not there.

    What the settings remember may be unplugged and come back: capture waits for it.
    """
    if options.input is None and options.channels is None:
        return
    from visualizer.audio import sources

    wanted, channels = str(values["audio.input"]), sources.parse_channels(str(values["audio.channels"]))
    if wanted not in (sources.DEFAULT, sources.DEMO):
        sources.open_source(wanted, channels)


class Lists:
    """What there is to choose from, for the keys; see `control.commands.Lists`."""

    def inputs(self) -> list[str]:
        """Names of audio inputs; Bluetooth only by name, opening one turns it to call quality."""
        from visualizer.audio import devices

        return [device.name for device in devices.list_devices() if not device.is_bluetooth]

    def contents(self, beside: str) -> list[str]:
        """Our pictures, what lies beside the present content, and TräumerAI's own images."""
        from visualizer.content.content import find_content, find_contents

        def _is_same(path: str, named: str) -> bool:
            try:
                return path == find_content(named)
            except UserError:
                return False

        path = Path(beside).expanduser()
        folder = path if path.is_dir() else path.parent if beside and path.exists() else None
        listed = [*find_contents(folder), "traumer"]
        # The present one is listed as it was named: by its bare name, or from the home folder.
        return [beside if beside and _is_same(path, beside) else path for path in listed]

    def models(self, kind: str) -> list[str]:
        """Ids of the installed models of a kind."""
        from visualizer.checkpoints.cards import find_models

        return [model.card.id for model in find_models(kind=kind)]


def _check_content(wanted: str) -> str:
    """What `--content` names, with a path made whole; UserError where there is no such thing."""
    from visualizer.content.content import find_content

    return wanted if wanted == "traumer" else find_content(wanted)


def _has_panel(options: argparse.Namespace) -> bool:
    """Whether the panel opens with the show."""
    if options.no_panel:
        return False
    if importlib.util.find_spec("PyQt6") is None:
        logging.warning("The panel needs PyQt6 (pip install pyqt6); the keys of the window work without.")
        return False
    return True


def _specs(panel: bool) -> list[WorkerSpec]:
    """The processes; each has as many threads as leave the others room on two cores."""
    n_deck_threads = max(1, (os.cpu_count() or 2) // 2)
    decks = [
        WorkerSpec(
            f"deck_{slot}",
            "visualizer.modes.deck:Deck",
            options={"slot": slot, "threads": n_deck_threads},
            threads=n_deck_threads,
            autostart=slot == "a",
            stop_group=1,
            niceness=_NICE,
        )
        for slot in ("a", "b")
    ]
    return [
        DISPLAY,
        *decks,
        WorkerSpec("capture", "visualizer.audio.capture:Capture", threads=1, stop_group=1),
        WorkerSpec(
            "output", "visualizer.output.outputs:Outputs", threads=1, autostart=False, stop_limit_s=10.0
        ),
        WorkerSpec("control", "visualizer.control.control:Control", threads=1),
        WorkerSpec(
            PANEL,
            "visualizer.panel.panel:Panel",
            threads=1,
            niceness=_NICE,
            autostart=panel,
            restart="never",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Cue:
    """A value to be set so many seconds into the show."""

    time_s: float
    id: str
    value: Value


def parse_cues(texts: Sequence[str]) -> list[Cue]:
    """`S:ID=VALUE` texts in the order of their times; UserError for one that is none."""
    cues = []
    for text in texts:
        time_s, _, assignment = text.partition(":")
        try:
            cue = Cue(float(time_s), *parameters.parse_assignment(assignment))
            if not 0.0 <= cue.time_s < float("inf"):
                raise ValueError(time_s)
            cues.append(cue)
        except ValueError:
            raise UserError(f"--at takes S:id=value, for example 15:show.mode=era, not {text!r}.") from None
    return sorted(cues, key=lambda cue: cue.time_s)


class Parent:
    """The loop of the parent process: commands, decks, figures. Owned by its main thread."""

    def __init__(
        self,
        supervisor: Supervisor,
        commands: Commands,
        decks: Decks,
        status: StatusWriter,
        cues: Sequence[Cue] = (),
    ) -> None:
        self._supervisor = supervisor
        self._commands = commands
        self._decks = decks
        self._status = status
        self._cues = list(cues)
        self._throttle = Throttle(logging.getLogger(__name__))
        self._had_picture = False
        self._start_ns = clock.now_ns()

    @property
    def _elapsed_s(self) -> float:
        return clock.seconds(clock.now_ns() - self._start_ns)

    def run(self, duration_s: float | None) -> int:
        """Runs until somebody asks for the end, or for so many seconds; the exit code."""
        n_figures = 0
        while self._supervisor.stop_signal is None and not self._commands.wants_end:
            self._supervisor.poll(self._commands.wait_s(_POLL_S))
            self._go_on()
            if self._elapsed_s >= n_figures * _FIGURES_S:
                self._tell_figures(with_status=n_figures % 2 == 0)
                n_figures += 1
            if duration_s is not None and self._elapsed_s >= duration_s:
                break
        self._write_status(self._supervisor.status())
        return 0

    def _go_on(self) -> None:
        """Does what is due; no cue, preset or choice, however wrong, ends the show."""
        try:
            while self._cues and self._cues[0].time_s <= self._elapsed_s:
                cue = self._cues.pop(0)
                self._commands.set(cue.id, cue.value, "cue")
            self._commands.look_after()
        except UserError as error:
            logging.warning("%s", error)
        except Exception as error:
            self._throttle.error("what was due", error)

    def _raise_panel(self) -> None:
        """On a single monitor a window that opened later lies over the panel; a full screen is meant to."""
        if not self._decks.snapshot()["display.fullscreen"]:
            self._supervisor.send_command(PANEL, {"do": "raise"})

    def _tell_figures(self, with_status: bool) -> None:
        figures, decks = self._supervisor.status(), self._decks.state()
        if not self._had_picture and _has_picture(figures["display"], self._elapsed_s):
            self._had_picture = True
            self._raise_panel()
        if with_status:
            self._write_status(figures)
        told = {"status": figures, "decks": decks, "values": self._decks.snapshot()}
        self._supervisor.send_command(PANEL, told)
        self._supervisor.send_command(PANEL, self._commands.recalls.state())
        self._supervisor.send_command(PANEL, self._commands.cues.state())

    def _write_status(self, figures: Mapping[str, Mapping[str, Any]]) -> None:
        preset, cues = self._commands.recalls.last, self._commands.cues.summary()
        settings = parameters.fingerprint(self._decks.snapshot())
        self._status.write(self._elapsed_s, figures, self._decks.state(), preset, cues, settings)


def _has_picture(display: Mapping[str, Any], elapsed_s: float) -> bool:
    """Whether the window shows something. If it never will, SystemExit where it said why, or a UserError."""
    if display["health"].get("n_shown"):
        return True
    if display["state"] == "failed":
        raise SystemExit(EXIT_USER_ERROR)
    if elapsed_s > _NO_PICTURE_LIMIT_S:
        raise UserError(display["sentence"] or "The window does not open: update the graphics driver.")
    return False


def _keep(kept: Mapping[str, Value], values: ParameterState) -> None:
    """Remembers what was chosen by hand during the show, beside what was remembered before."""
    chosen = {id: values[id] for id in parameters.PARAMETERS if values.change(id).source in _BY_HAND}
    lasting = {id: value for id, value in chosen.items() if not id.startswith("output.")}
    try:
        settings.save({**kept, **lasting})
    except OSError as error:
        logging.warning("The settings could not be saved in %s (%s).", paths.config_dir(), error)
