"""Klangbild: neural networks hear the music and paint what it is, live."""

__version__ = "0.1.0"
