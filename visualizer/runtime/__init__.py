"""One protocol for loaded networks, and the runtimes behind it."""

from visualizer.runtime.base import Precision, Runtime, Unavailable
from visualizer.runtime.choose import ORDER, installed, load

__all__ = ["ORDER", "Precision", "Runtime", "Unavailable", "installed", "load"]
