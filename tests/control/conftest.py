"""Fixtures of the tests of OSC, cues and starts."""

from __future__ import annotations

from tests.control.cue_stage import stage
from tests.control.osc_desk import desk, regions, target, telling

__all__ = ["desk", "regions", "stage", "target", "telling"]
