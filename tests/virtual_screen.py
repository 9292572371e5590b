"""pytest fixture of the virtual screen: a private Xvfb for the session."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator

import pytest

from tests.virtual import Unavailable, VirtualScreen


@pytest.fixture(scope="session")
def screen_server() -> Iterator[VirtualScreen]:
    """The Xvfb of this test session, 1920×1080, without a window manager; skips where it cannot run."""
    try:
        screen = VirtualScreen().__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield screen
    screen.close()


def forget_egl() -> None:
    """Lets go of the OpenGL context that an offscreen test left current: GLX refuses to come after it."""
    name = ctypes.util.find_library("EGL")
    if name is not None:
        ctypes.CDLL(name).eglReleaseThread()


@pytest.fixture
def screen(screen_server: VirtualScreen) -> Iterator[VirtualScreen]:
    """The virtual screen with DISPLAY in os.environ for the length of one test."""
    forget_egl()
    with screen_server.applied():
        yield screen_server
