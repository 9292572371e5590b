"""What a card says of where a model comes from: the commit, and whether it is somebody's own."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from visualizer.checkpoints.cards import Card, is_id
from visualizer.paths import MODELS
from visualizer.types import UserError

OWN_RIGHTS = "Those of the person who trained it."


def current_commit() -> str:
    """The short hash of the checkout, or "unknown" outside of one."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=MODELS.parent)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def check_name(folder: Path, option: str) -> None:
    """UserError where no model can have this folder's name, which becomes its id; before hours of work."""
    if not is_id(folder.name):
        raise UserError(
            f"{option} {folder} cannot name a model: end it with small letters, digits and hyphens, "
            "as in tagger-mine"
        )


def as_own(card: Card, learned_from: str, id: str = "") -> Card:
    """The card of a house model for one that somebody trained on other data; `id` is its own, if any.

    What ours says of its data, rights and limits does not hold for it.
    """
    named = replace(card, id=id, title=id.replace("-", " ").capitalize()) if id else card
    return replace(
        named,
        data=f"{learned_from} of the person who trained it.",
        rights=OWN_RIGHTS,
        command=f"klangbild train {card.kind.removesuffix('_transfer')} --data FOLDER",
        limits="As good as what it learned from; nothing was measured but the figures.",
    )
