"""`klangbild train NAME`: one linear, resumable script a network."""

from __future__ import annotations

import argparse
import importlib

SCRIPTS = {
    "tagger": "distil the tagger from published teachers on rendered and recorded music",
    "generator": "train StyleGAN2 on a folder of pictures",
    "mvnet": "learn to show music as a style image of its era",
    "style": "distil the encoder of style transfer and train its four networks",
    "transfer": "pair music with pictures and fit the map from embedding to style",
    "tempo": "learn from scores what tells a beat, for the tempo that is heard",
    "report": "measure the networks that ship and write docs/models.md",
}


def main(arguments: list[str]) -> int:
    """Runs one script with its own options; its exit code."""
    listing = "\n".join(f"  {name:<12}{purpose}" for name, purpose in SCRIPTS.items())
    parser = argparse.ArgumentParser(
        prog="klangbild train",
        description="Train a network.",
        epilog=f"networks:\n{listing}\n\n`klangbild train NAME --help` tells the rest.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=SCRIPTS, metavar="NAME", help="one of those below")
    name = parser.parse_args(arguments[:1]).name
    code: int = importlib.import_module(f"visualizer.training.{name}").main(arguments[1:])
    return code
