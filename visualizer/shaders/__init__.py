"""Shader files as every process knows them: their headers, without a GPU; see docs/shaders.md."""

from visualizer.shaders.header import Header, Import, Input, Pass, read_header, split
from visualizer.shaders.library import Found, Library, folders, name_of, read_text, scan

__all__ = [
    "Found",
    "Header",
    "Import",
    "Input",
    "Library",
    "Pass",
    "folders",
    "name_of",
    "read_header",
    "read_text",
    "scan",
    "split",
]
