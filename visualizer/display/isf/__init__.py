"""ISF 2 (isf.video) on moderngl: `load` or `parse` a file, make an `Effect`, `draw` it."""

from visualizer.display.isf.effect import Effect, read_picture
from visualizer.display.isf.prelude import HEARD
from visualizer.display.isf.shader import Shader, load, load_file, parse
from visualizer.shaders.header import Uniform

__all__ = ["HEARD", "Effect", "Shader", "Uniform", "load", "load_file", "parse", "read_picture"]
