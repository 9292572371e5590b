"""What passes draw into and read from."""

from __future__ import annotations

import moderngl

from visualizer.display.canvas import Canvas
from visualizer.display.isf import prelude

Box = tuple[int, int, int, int]
"""x, y, width, height in px from the lower left."""

_FRAGMENT = f"""#version 330 core
in vec2 {prelude.COORDINATE};
out vec4 colour;
uniform sampler2D image;
void main() {{ colour = texture(image, {prelude.COORDINATE}); }}
"""


class Copier:
    """Copies a texture into a box of any size; compiled when it is first needed. Owner: the GL thread."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._program: moderngl.Program | None = None
        self._vertices: moderngl.VertexArray | None = None

    def copy(self, source: moderngl.Texture, target: moderngl.Framebuffer, box: Box) -> None:
        """Stretches `source` over the box."""
        if self._vertices is None:
            self._program = self._context.program(vertex_shader=prelude.VERTEX, fragment_shader=_FRAGMENT)
            self._vertices = self._context.vertex_array(self._program, [])
        source.use(0)
        target.viewport = box
        target.use()
        self._vertices.render(moderngl.TRIANGLES, vertices=3)

    def release(self) -> None:
        """Frees the program."""
        for member in (self._vertices, self._program):
            if member is not None:
                member.release()
        self._vertices = self._program = None


class Buffer:
    """What a pass draws into, while it may read what was drawn there before."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int], is_float: bool) -> None:
        self._context = context
        self._dtype = "f4" if is_float else "f1"
        self.front, self.back = (Canvas(context, size, self._dtype) for _ in range(2))

    def swap(self) -> None:
        """What was drawn can be read."""
        self.front, self.back = self.back, self.front

    def resize(self, size: tuple[int, int], copier: Copier) -> None:
        """Another size; what is remembered is stretched."""
        self.back.release()
        new = Canvas(self._context, size, self._dtype)
        copier.copy(self.front.texture, new.framebuffer, (0, 0, *size))
        self.front.release()
        self.front, self.back = new, Canvas(self._context, size, self._dtype)

    def release(self) -> None:
        """Frees both."""
        self.front.release()
        self.back.release()
