"""Names for shared memory that must be gone after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from visualizer.ipc import memory
from visualizer.ipc.spec import make_prefix


@pytest.fixture
def prefix() -> Iterator[str]:
    """A prefix for region names; whatever a test makes under it, it must unlink."""
    name = make_prefix()
    yield name
    left = memory.leftovers(name)
    memory.remove(left)
    assert not left
