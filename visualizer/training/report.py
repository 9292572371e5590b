"""`klangbild train report`: measures the shipped networks and writes docs/models.md with sheets and tables.

Each part keeps its figures in docs/models.json with the sums of the weights that they were measured with, so
that parts can be made anew one by one, and the page says where weights have changed since.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch

from visualizer.checkpoints.cards import CARD
from visualizer.training import (
    provenance,
    report_chain,
    report_generator,
    report_map,
    report_mvnet,
    report_style,
    report_tagger,
    report_words,
)
from visualizer.training.report_pages import Desk, Figures, Part, table
from visualizer.types import UserError

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        report_tagger.PART,
        report_generator.PART,
        report_map.PART,
        report_mvnet.PART,
        report_style.PART,
        report_words.PART,
        report_chain.PART,
    )
}
INTRODUCTION = """# The networks, and what they can do

Every network that ships with Klangbild was trained by this project's own scripts. This page is written by
`klangbild train report` from the weights in `models/`; do not edit it by hand. `klangbild train report PART`
measures one part anew, `klangbild models info ID` shows a whole card. Music and pictures that figures are
taken from are validation material (other composers, other artists than were trained on) or our own, where
nothing else is said.
"""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="klangbild train report",
        description=(__doc__ or "").splitlines()[0],
        epilog=f"parts: {', '.join(PARTS)}",
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    unknown = [name for name in args.parts if name not in PARTS]
    if unknown:
        raise UserError(f"there is no part {unknown[0]!r}: choose from {', '.join(PARTS)}")
    chosen = args.parts or list(PARTS)
    desk = Desk(data=args.data, weights=args.weights, tools=args.tools)
    if args.dry_run:
        for name in chosen:
            print(f"{name}: {obstacle(desk, PARTS[name]) or 'would be measured'}")
        return 0
    torch.set_num_threads(args.threads)
    if args.seen is not None:
        note_seen(desk, chosen, args.seen)
    elif not args.page_only:
        for name in chosen:
            measure(desk, PARTS[name])
    write(desk)
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("parts", nargs="*", metavar="PART", help="which; all without")
    parser.add_argument("--data", type=Path, default=Desk.data, help="folder with midi/, audio/, paintings/")
    parser.add_argument("--weights", type=Path, default=Desk.weights, help="folder with the reference vgg/")
    parser.add_argument("--tools", type=Path, default=Desk.tools, help="folder with paint_score.py")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default 1)")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page anew")
    parser.add_argument("--seen", metavar="TEXT", help="note what the pictures of one part show to the eye")
    parser.add_argument("--dry-run", action="store_true", help="say what would be measured")


def obstacle(desk: Desk, part: Part) -> str:
    """Why a part is left as it is; "" where it can be measured."""
    if part.measure is None:
        return "written from cards and logs"
    folders = {name: getattr(desk, name) for name in part.needs}
    missing = [folder for folder in folders.values() if not folder.is_dir()]
    if missing:
        return f"left as it is, since there is no {missing[0]}"
    lacking = absent(desk, part)
    return f"left as it is, since there is no model {lacking[0]}" if lacking else ""


def absent(desk: Desk, part: Part) -> list[str]:
    """The models that a part is about and that are not there."""
    return [id for id in part.ids(desk) if not (desk.models / id / CARD).is_file()]


def measure(desk: Desk, part: Part) -> None:
    """Measures a part and keeps its figures at once; says so where it cannot."""
    reason = obstacle(desk, part)
    if reason or part.measure is None:
        print(f"{part.name}: {reason}", flush=True)
        return
    print(f"{part.name}: measuring", flush=True)
    figures = part.measure(desk)
    kept = read(desk)
    sums = desk.sums(part.ids(desk))
    seen = kept.get(part.name, {}).get("seen", {})
    kept[part.name] = {
        "measured": date.today().isoformat(),
        "commit": provenance.current_commit(),
        "weights": sums,
        **({"seen": seen} if seen.get("weights") == sums else {}),
        "figures": figures,
    }
    keep(desk, kept)


def note_seen(desk: Desk, names: list[str], text: str) -> None:
    """Keeps what a person saw in the pictures of one part, for as long as its weights stay."""
    if len(names) != 1:
        raise UserError("--seen is said of one part: klangbild train report PART --seen TEXT")
    kept = read(desk)
    entry = kept.setdefault(names[0], {"figures": {}})
    entry["seen"] = {"weights": desk.sums(PARTS[names[0]].ids(desk)), "text": text}
    keep(desk, kept)


def read(desk: Desk) -> dict[str, Any]:
    """What earlier runs kept, by part."""
    try:
        kept = json.loads(desk.figures.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{desk.figures} cannot be read: delete it and measure anew") from error
    if not isinstance(kept, dict):
        raise UserError(f"{desk.figures} is not a report's: delete it and measure anew")
    return kept


def keep(desk: Desk, kept: Mapping[str, Any]) -> None:
    put(desk.figures, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def put(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): free some space.") from error


def write(desk: Desk) -> None:
    """The page, from what is kept, the cards and the logs."""
    kept = read(desk)
    chapters, overview = [], []
    for part in PARTS.values():
        entry = kept.get(part.name, {})
        figures: Figures = entry.get("figures", {})
        if lacking := absent(desk, part):
            chapters.append(f"## {part.title}\n\nThere is no model {lacking[0]} here.\n")
            continue
        targets = part.targets(desk, figures)
        overview += [(f"[{part.title}](#{anchor(part.title)})", *target.row()) for target in targets]
        chapters.append(f"## {part.title}\n\n{part.page(desk, figures).strip()}\n{origin(desk, part, entry)}")
    n_met = sum(row[-1] == "met" for row in overview)
    head = (
        f"{INTRODUCTION}\n{n_met} of {len(overview)} targets are met.\n\n"
        f"{table(('network', 'what', 'wanted', 'measured', ''), overview)}\n"
    )
    put(desk.out, "\n".join((head, *chapters)))
    print(f"{desk.out}: {n_met} of {len(overview)} targets met", flush=True)


def anchor(title: str) -> str:
    """How a heading is linked to."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c == "-")


def origin(desk: Desk, part: Part, entry: Mapping[str, Any]) -> str:
    """What was seen, and when, at which commit and with which weights a part was measured."""
    lines = []
    now = desk.sums(part.ids(desk))
    seen = entry.get("seen", {})
    if seen.get("text"):
        since = "" if seen.get("weights") == now else " (said of earlier weights)"
        lines.append(f"\nLooked at{since}: {seen['text']}\n")
    if part.measure is not None and entry.get("measured"):
        old = entry.get("weights") != now
        warning = f"; **the weights are newer: `klangbild train report {part.name}`**" if old else ""
        lines.append(f"\n*Measured on {entry['measured']} at commit {entry['commit']}{warning}.*\n")
    elif part.measure is not None:
        lines.append(f"\n*Not measured yet: `klangbild train report {part.name}`.*\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
