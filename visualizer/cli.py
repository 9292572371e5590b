"""The commands of Klangbild. Imports nothing heavy: each command's module is imported when it is called."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

COMMANDS: dict[str, tuple[str, str]] = {
    "live": ("visualizer.ahead", "start the show (also without any command)"),
    "render": ("visualizer.offline.render", "make a video of a piece of music"),
    "listen": ("visualizer.offline.listen", "tell what is heard in a piece of music"),
    "models": ("visualizer.checkpoints.cli", "list, explain, check and sample the networks"),
    "train": ("visualizer.training.cli", "train a network"),
    "devices": ("visualizer.devices_cli", "list the inputs and cameras there are"),
    "parameters": ("visualizer.parameters.cli", "list every control"),
    "presets": ("visualizer.control.presets_cli", "list, export and import presets"),
    "show": ("visualizer.control.show_cli", "carry a whole show to another machine as one file"),
    "shaders": ("visualizer.shaders_cli", "list and check ISF shaders"),
    "midi": ("visualizer.control.midi_cli", "list controllers and what they play, monitor, export, import"),
    "osc": ("visualizer.control.osc_cli", "list every OSC address"),
    "bench": ("benchmarks.cli", "measure speed against a reference run beside it"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code: 0 done, 2 bad input, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "live")
    parser = _parser()
    command = parser.parse_args(given[:1]).command
    return _run(COMMANDS[command][0], given[1:])


def _parser() -> argparse.ArgumentParser:
    from visualizer import __version__

    listing = "\n".join(f"  {name:<12}{purpose}" for name, (_, purpose) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="klangbild",
        description="Neural networks hear the music and paint what it is.",
        epilog=f"commands:\n{listing}\n\n`klangbild COMMAND --help` tells the rest.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"klangbild {__version__}")
    parser.add_argument(
        "command", choices=COMMANDS, metavar="command", help="one of those below; default: live"
    )
    return parser


def _run(module_name: str, arguments: list[str]) -> int:
    # NumPy's products are small here: threads for them cost more than they give, most on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from visualizer.types import UserError

    if module_name.startswith("benchmarks"):  # they stay in the checkout, beside the package
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    try:
        command: Callable[[list[str]], int] = importlib.import_module(module_name).main
        return command(arguments)
    except UserError as error:
        print(f"klangbild: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        extra = {"torch": "train", "librosa": "train", "onnx": "train", "benchmarks": ""}.get(missing)
        if extra is None:
            raise
        fix = f"install it with pip install 'klangbild[{extra}]'" if extra else "run it from a checkout"
        print(f"klangbild: this command needs {missing}, which is not here: {fix}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
