"""The shown picture for other programs on the same GPU: Spout on Windows, Syphon on macOS."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import moderngl

from visualizer.types import UserError

NAME = "Klangbild"
_GL_TEXTURE_2D = 0x0DE1


class TextureSharing(Protocol):
    """Publishes a texture. Owner: the thread of the GL context."""

    def publish(self, texture: moderngl.Texture) -> None:
        """Shows this texture, rows from the bottom, to whoever receives."""

    def close(self) -> None:
        """The source disappears."""


def open_sharing(platform: str = sys.platform) -> TextureSharing:
    """What this system has; UserError where it has none, or its package is missing."""
    if platform not in _KINDS:
        raise UserError("Spout is for Windows and Syphon for macOS: here, use NDI (output.ndi).")
    try:
        return _KINDS[platform]()
    except ImportError as error:
        raise UserError(
            f"{error.name or 'A package'} is not installed here: pip install 'klangbild[texture]'."
        ) from error


class Spout:
    """A Spout sender, by SpoutGL. Written by its documentation, not tried on a Windows machine yet."""

    def __init__(self) -> None:
        import SpoutGL

        self._sender: Any = SpoutGL.SpoutSender()
        self._sender.setSenderName(NAME)

    def publish(self, texture: moderngl.Texture) -> None:
        """See `TextureSharing`."""
        self._sender.sendTexture(texture.glo, _GL_TEXTURE_2D, *texture.size, True, 0)

    def close(self) -> None:
        """See `TextureSharing`."""
        self._sender.releaseSender()


class Syphon:
    """A Syphon server, by syphon-python. Written by its documentation, not tried on a Mac yet."""

    def __init__(self) -> None:
        import syphon

        self._server: Any = syphon.SyphonOpenGLServer(NAME)

    def publish(self, texture: moderngl.Texture) -> None:
        """See `TextureSharing`."""
        self._server.publish_frame_texture(texture.glo, size=texture.size)

    def close(self) -> None:
        """See `TextureSharing`."""
        self._server.stop()


_KINDS: dict[str, type[Spout] | type[Syphon]] = {"win32": Spout, "darwin": Syphon}
