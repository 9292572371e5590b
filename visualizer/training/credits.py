"""What a card says of where a model comes from: the commit, and that it is somebody's own."""

from __future__ import annotations

import subprocess
from dataclasses import replace

from visualizer.checkpoints.cards import Card
from visualizer.paths import MODELS


def current_commit() -> str:
    """The short hash of the checkout, or "unknown" outside of one."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=MODELS.parent)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def as_own(card: Card, learned_from: str, id: str = "") -> Card:
    """The card of a house model for one that somebody trained on other data; `id` is its own, if any.

    What ours says of its data, rights and limits does not hold for it.
    """
    named = replace(card, id=id, title=id.replace("-", " ").capitalize()) if id else card
    return replace(
        named,
        data=f"{learned_from} of the person who trained it.",
        rights="Those of the person who trained it.",
        command=f"klangbild train {card.kind.removesuffix('_transfer')} --data FOLDER",
        limits="As good as what it learned from; nothing was measured but the figures.",
    )
