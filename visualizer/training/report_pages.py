"""What a page of the report is made of: targets met or short, tables, pictures that are small enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from visualizer.checkpoints.cards import CARD, WEIGHTS, Card, load_card
from visualizer.paths import MODELS, ROOT
from visualizer.types import UserError

MAX_PICTURE_BYTES = 200_000

Figures = dict[str, Any]
"""JSON values by name."""


@dataclass(frozen=True)
class Desk:
    """Where a report finds what it needs and puts what it makes, and how much it measures."""

    data: Path = Path("../shared/data")
    weights: Path = Path("../shared/weights")
    tools: Path = Path("../shared/tools")
    """Folder of paint_score.py."""
    models: Path = MODELS
    out: Path = ROOT / "docs" / "models.md"
    figures: Path = ROOT / "docs" / "models.json"
    pictures: Path = ROOT / "docs" / "pictures" / "models"
    benches: Path = ROOT / "benchmarks" / "results"
    runs: Path = Path("runs/report")
    """What can be made again: medleys, samples, videos."""
    n_medleys: int = 20
    n_samples: int = 1000
    """Pictures of the generator that are scored."""
    tagger: str = "tagger-house"
    transfer: str = "transfer-house"
    generator: str = "generator-paintings"
    mvnet: str = "mvnet-house"

    def card(self, id: str) -> Card:
        """The card of a model in `models`; UserError where there is none."""
        return load_card(self.models / id)

    def settings(self) -> dict[str, str]:
        """The values that make the modes take these models."""
        return {
            "traumer.tagger": str(self.models / self.tagger),
            "traumer.map": str(self.models / self.transfer),
            "traumer.generator": str(self.models / self.generator),
            "era.mvnet": str(self.models / self.mvnet),
        }

    def sums(self, ids: Iterable[str]) -> dict[str, str]:
        """The first figures of the checksum of each model's weights, by id; a missing model has none."""
        folders = {id: self.models / id for id in ids}
        cards = {id: load_card(folder) for id, folder in folders.items() if (folder / CARD).is_file()}
        return {id: card.files[WEIGHTS].sha256[:10] for id, card in cards.items() if WEIGHTS in card.files}


@dataclass(frozen=True)
class Target:
    """What was asked for and what was measured; None where nothing was measured yet."""

    what: str
    wanted: str
    got: float | None
    is_met: bool
    digits: int = 2

    def row(self) -> tuple[str, str, str, str]:
        if self.got is None:
            return self.what, self.wanted, "–", "not measured"
        return self.what, self.wanted, f"{self.got:.{self.digits}f}", "met" if self.is_met else "**short**"


@dataclass(frozen=True)
class Part:
    """One chapter of the report."""

    name: str
    title: str
    models: tuple[str, ...]
    """Fields of `Desk` that name the models it is about."""
    measure: Callable[[Desk], Figures] | None
    """Measures, draws, and returns figures to be kept; None where card and logs say it all."""
    page: Callable[[Desk, Figures], str]
    """Its text in Markdown, from the kept figures, the cards and the logs."""
    targets: Callable[[Desk, Figures], list[Target]]
    needs: tuple[str, ...] = ("data",)
    """Fields of `Desk` that name folders without which nothing can be measured."""

    def ids(self, desk: Desk) -> tuple[str, ...]:
        return tuple(getattr(desk, field, field) for field in self.models)


def at_least(what: str, least: float, got: float | None, digits: int = 2) -> Target:
    return Target(what, f"≥ {least:g}", got, got is not None and got >= least, digits)


def at_most(what: str, most: float, got: float | None, digits: int = 2) -> Target:
    return Target(what, f"≤ {most:g}", got, got is not None and got <= most, digits)


def within(what: str, least: float, most: float, got: float | None, digits: int = 2) -> Target:
    met = got is not None and least <= got <= most
    return Target(what, f"{least:g} to {most:g}", got, met, digits)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def targets_table(targets: Iterable[Target]) -> str:
    return table(("what", "wanted", "measured", ""), [target.row() for target in targets])


def picture(desk: Desk, name: str, alt: str) -> str:
    """The Markdown of a picture of `pictures`, "" where it is not there."""
    path = desk.pictures / name
    return f"![{alt}]({link(desk, path)})\n" if path.is_file() else ""


def link(desk: Desk, path: Path) -> str:
    """How the page refers to a file of the project."""
    return Path(os.path.relpath(path, desk.out.parent)).as_posix()


def save_picture(image: Image.Image, path: Path) -> None:
    """A JPEG of at most MAX_PICTURE_BYTES, as good as fits; UserError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for quality in (90, 84, 76, 66, 54, 40):
            image.convert("RGB").save(path, quality=quality, optimize=True)
            if path.stat().st_size <= MAX_PICTURE_BYTES:
                return
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): free some space.") from error


def figure(figures: Mapping[str, Any], name: str) -> float | None:
    """A number of that name, or None."""
    value = figures.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
