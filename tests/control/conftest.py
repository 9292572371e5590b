"""Fixtures of the tests of OSC."""

from __future__ import annotations

from tests.control.osc_desk import desk, regions, target, telling

__all__ = ["desk", "regions", "target", "telling"]
