"""Parameter values by id, the declared one where somebody hands only a few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer.parameters import PARAMETERS


def get(settings: Mapping[str, Any], id: str) -> Any:
    """The value of that id."""
    value = settings.get(id)
    return PARAMETERS[id].default if value is None else value
