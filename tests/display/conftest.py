"""A context of OpenGL without a window, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import pytest

from visualizer.display.offscreen import create_context
from visualizer.types import UserError


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    try:
        made = create_context()
    except UserError as reason:
        pytest.skip(str(reason))
    yield made
    made.release()
