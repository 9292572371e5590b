"""The tiny models, for this folder."""

from tests.tiny_models import tiny_generator, tiny_tagger

__all__ = ["tiny_generator", "tiny_tagger"]
