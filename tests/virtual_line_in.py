"""pytest fixture of the virtual line-in: a private PulseAudio for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.virtual import Unavailable, VirtualLineIn


@pytest.fixture(scope="session")
def line_in_server() -> Iterator[VirtualLineIn]:
    """The PulseAudio daemon of this test session, with its sink `vin`; skips where it cannot run."""
    try:
        line = VirtualLineIn().__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield line
    line.close()


@pytest.fixture
def line_in(line_in_server: VirtualLineIn) -> Iterator[VirtualLineIn]:
    """The virtual line-in with its environment in os.environ for the length of one test."""
    with line_in_server.applied():
        yield line_in_server
    line_in_server.hush()
    line_in_server.plug()
