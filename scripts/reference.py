"""Writes docs/reference.md from the declarations: `python scripts/reference.py`, or `make reference`.

Keys, actions and parameters as they are declared, with their OSC addresses. A test compares the file with
what this script would write. Only the project's own shaders are in it.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.control.keys import Binding
    from visualizer.parameters import Parameter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FILE = ROOT / "docs" / "reference.md"
_NUMBERED = re.compile(r"^(modulation|lfo|walk|do:\w+?_preset|preset)([._])(\d+)")
_HEAD = """# Reference

Written by `make reference` from the program's own declarations: [keys](#keys), [actions](#actions),
[parameters](#parameters). `klangbild parameters` and `klangbild osc` print the same for your own
shaders too. How they are used: [A first night](guide.md).
"""
_ACTIONS = """
## Actions

A key, a button of the panel, a knob of a controller and an OSC message do the same. The address takes
nothing, or anything but 0.

| action | OSC | key | |
| --- | --- | --- | --- |
"""
_PARAMETERS = """
## Parameters

Set any with `--set ID=VALUE`. An OSC address takes 0 to 1 in the curve of the slider; with `/raw` behind
it takes the value itself ([osc.md](osc.md)). Those marked ∗ are read over OSC, not set. N counts what there
are several of.
"""
_TABLE = "| id | range | default | OSC | |\n| --- | --- | --- | --- | --- |\n"


def write_reference() -> str:
    """The whole file."""
    from visualizer.parameters import PARAMETERS

    groups: dict[str, list[Parameter]] = {}
    for parameter in PARAMETERS.values():
        if _is_first(parameter.id):
            groups.setdefault(_section(parameter), []).append(parameter)
    tables = [f"\n### {name}\n\n{_of_group(members)}" for name, members in groups.items()]
    return _HEAD + _keys() + _ACTIONS + _actions() + _PARAMETERS + "".join(tables)


def _keys() -> str:
    from visualizer.control import keys

    rows = "".join(f"| {labels} | {text} |\n" for labels, text in keys.card())
    return f"\n## Keys\n\nIn the window and in the panel; H shows them.\n\n| key | |\n| --- | --- |\n{rows}"


def _actions() -> str:
    from visualizer.control.keys import BINDINGS
    from visualizer.control.osc_addresses import TABLE
    from visualizer.parameters import PARAMETERS

    rows: dict[str, str] = {}
    for address in TABLE.values():
        if address.form not in ("action", "service") or address.id in PARAMETERS:
            continue
        name = address.path.rpartition("/")[2]
        family = re.sub(r"_\d$", "_1 … 9", name)
        path = re.sub(r"_\d$", "_1 … 9", address.path)
        help = re.sub(r" \d\.$", " of that key.", address.help)
        rows.setdefault(family, _row(f"`{family}`", f"`{path}`", _key_of(name, BINDINGS), help))
    return "".join(rows.values())


def _key_of(action: str, bindings: Iterable[Binding]) -> str:
    labels = [b.label for b in bindings if b.does == action or b.toggles == f"output.{action}"]
    return ", ".join(re.sub(r"\b1$", "1 … 9", label) for label in labels)


def _is_first(id: str) -> bool:
    """Whether it is the only one of its kind, or the first of several that are alike."""
    found = _NUMBERED.match(id)
    return found is None or found[3] == "1"


def _section(parameter: Parameter) -> str:
    from visualizer.panel import wording

    if parameter.id.startswith("shader."):
        return f"Shader {parameter.id.split('.')[1]}"
    first = parameter.id.partition(".")[0]
    n = _n_alike(first)
    if n > 1:
        return f"{wording.group(first)} 1 to {n}" if first == "modulation" else f"{_LONG[first]} 1 to {n}"
    return wording.group(first)


_LONG = {"lfo": "Oscillators", "walk": "Random walks"}


def _n_alike(first: str) -> int:
    from visualizer.parameters import PARAMETERS

    return len({id.split(".")[1] for id in PARAMETERS if id.startswith(f"{first}.") and _NUMBERED.match(id)})


def _of_group(members: Iterable[Parameter]) -> str:
    return _TABLE + "".join(_of_parameter(p) for p in members)


def _of_parameter(parameter: Parameter) -> str:
    from visualizer.control.osc_addresses import TABLE

    id, path = parameter.id, parameter.osc
    address = TABLE.get(path)
    closed = " ∗" if address is not None and address.form != "action" and not address.is_writable else ""
    n = _n_alike(id.partition(".")[0])
    if n > 1:
        id, path = _NUMBERED.sub(r"\1\2N", id), path.replace("/1/", "/N/", 1)
    return _row(f"`{id}`", _range(parameter), _default(parameter), f"`{path}`{closed}", parameter.help)


def _range(parameter: Parameter) -> str:
    match parameter.kind:
        case "float" | "int":
            return f"{parameter.min:g} to {parameter.max:g}{_unit(parameter)}"
        case "choice":
            return ", ".join(parameter.choices)
        case "bool":
            return "on, off"
        case _:
            return parameter.kind


def _default(parameter: Parameter) -> str:
    match parameter.kind:
        case "float" | "int":
            return f"{parameter.default:g}"
        case "bool":
            return "on" if parameter.default else "off"
        case _:
            return str(parameter.default or "")


def _unit(parameter: Parameter) -> str:
    return {"": "", "°": "°"}.get(parameter.unit, f" {parameter.unit}")


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ").strip() for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def main() -> None:
    """Writes the file; with `--print` to the terminal instead."""
    with tempfile.TemporaryDirectory() as nobody:  # a user's own shaders are not the project's
        os.environ["XDG_CONFIG_HOME"] = nobody
        text = write_reference()
    if "--print" in sys.argv[1:]:
        sys.stdout.write(text)
    else:
        FILE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
