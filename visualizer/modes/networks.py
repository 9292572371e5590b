"""The networks of TräumerAI mode, loaded together and called with plain arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import cards, styles, weights
from visualizer.checkpoints.cards import HIGH, LOW
from visualizer.modes import incremental
from visualizer.modes.incremental import Tagger
from visualizer.runtime import Precision, Runtime
from visualizer.runtime.base import fixed_shape
from visualizer.runtime.pair import Pair
from visualizer.types import Float32, UInt8, UserError

TAGGER = "tagger-house"
TRANSFER = "transfer-house"
GENERATOR = "generator-paintings"

_N_SAMPLES = 64
_MOST_PX = 1024 * 1024
"""Of a picture that a deck can hand over (ipc/regions.py)."""
_EXIT = re.compile(r"model-(\d+)\.onnx")


class Exits:
    """A generator's early exits, each loaded when it is first asked for. Owned by one thread."""

    def __init__(
        self,
        generator: cards.Model,
        threads: int,
        precision: Precision,
        sizes: Mapping[str, int] = cards.SQUARE,
    ) -> None:
        self._folder, self._threads, self._precision = generator.folder, threads, precision
        self._sizes = sizes
        names = (_EXIT.fullmatch(graph.file) for graph in generator.card.graphs)
        self.sizes_px = sorted((int(name[1]) for name in names if name), reverse=True)
        """Heights of their pictures, the largest first."""
        self._loaded: dict[int, Runtime] = {}

    def at(self, size_px: int) -> Runtime:
        """The exit whose pictures are so high; UserError where its graph is lost."""
        if size_px not in self._loaded:
            path = self._folder / f"model-{size_px}.onnx"
            self._loaded[size_px] = runtime.load(
                path, threads=self._threads, precision=self._precision, sizes=self._sizes
            )
        return self._loaded[size_px]

    def close(self) -> None:
        """Gives all back."""
        for loaded in self._loaded.values():
            loaded.close()
        self._loaded.clear()


@dataclass(frozen=True, slots=True)
class TraumerNetworks:
    """Tagger, transfer map and generator. Owned by one thread."""

    tagger: Tagger
    transfer_map: Runtime
    generator: Runtime
    tags: tuple[str, ...]
    size_px: int
    """Height of the pictures."""
    n_layers: int
    noise_shapes: Mapping[str, tuple[int, ...]]
    w_mean: Float32
    """(512,) float32: the mean style, the picture of silence."""
    w_samples: Float32
    """(n, 512) float32: styles of random z, for drift and beat."""
    exits: Exits | None = None
    """Of the generator."""
    n_columns: int = cards.SQUARE[cards.COLUMNS]
    """Of its constant: the pictures are a quarter as many times wider than high."""
    problem: str = ""
    """Why the pictures are not as wide as was wanted."""

    def width_px(self, height_px: int) -> int:
        """Of pictures so high."""
        return height_px * self.n_columns // cards.SQUARE[cards.COLUMNS]

    def hear(self, window: Float32) -> tuple[Float32, Float32]:
        """See `Tagger.hear`."""
        return self.tagger.hear(window)

    def transfer(self, embedding: Float32) -> Float32:
        """(512,) → w (512,); a copy. TräumerAI equation 1."""
        return self.transfer_map.run({"embedding": embedding[np.newaxis]})["w"][0].copy()

    def draw_noises(self, seed: int) -> dict[str, Float32]:
        """The generator's noise pictures of a seed, by input name."""
        random = np.random.default_rng(seed)
        return {
            name: random.standard_normal(shape, dtype=np.float32)
            for name, shape in sorted(self.noise_shapes.items())
        }

    def paint(
        self,
        styles: Float32,
        noise_strength: float,
        noises: Mapping[str, Float32],
        gain: Float32,
        offset: Float32,
        pixels: UInt8,
    ) -> None:
        """Styles (n_layers, 512) → the RGB of `pixels` (H, W, 4) uint8; gain and offset (n_layers,) bend.

        H is the full size or that of an early exit, which takes fewer of the noises; W is `width_px(H)`.
        """
        generator = self.generator
        if self.exits is not None and len(pixels) != self.size_px:
            generator = self.exits.at(len(pixels))
            noises = {name: noise for name, noise in noises.items() if name in generator.inputs}
        inputs = {
            "w": styles[np.newaxis],
            "noise_strength": np.full(1, noise_strength, np.float32),
            "gain": gain,
            "offset": offset,
            **noises,
        }
        image = generator.run(inputs)["image"][0]
        if not np.isfinite(image.sum()):
            image = np.nan_to_num(image)
        image *= np.float32(127.5)
        image += np.float32(128.0)
        np.clip(image, 0.0, 255.0, out=image)
        pixels[..., :3] = image.transpose(1, 2, 0)

    def describe(self) -> str:
        """Which runtime runs what, for the HUD."""
        return f"{self.generator.name}, tagger {self.tagger.name}"

    def reasons(self) -> list[str]:
        """Why these runtimes, where there was a choice or a fallback."""
        return sorted({self.tagger.reason, self.generator.reason} - {""})

    def close(self) -> None:
        """Gives the networks back."""
        self.tagger.close()
        self.transfer_map.close()
        self.generator.close()
        if self.exits is not None:
            self.exits.close()


def load(
    threads: int = 1, precision: Precision = "auto", settings: Mapping[str, Any] | None = None
) -> TraumerNetworks:
    """The models named by `traumer.tagger`, `.map` and `.generator`, or those that ship.

    UserError where one is missing, damaged or of another kind, or where the three do not fit together.
    """
    asked = settings or {}
    tagger, transfer, generator = (
        find_of_kind(asked.get(id, shipped), kind, id)
        for id, shipped, kind in (
            ("traumer.tagger", TAGGER, "tagger"),
            ("traumer.map", TRANSFER, "transfer"),
            ("traumer.generator", GENERATOR, "generator"),
        )
    )
    _check_fit(tagger.card, transfer.card, generator.card)
    graph = generator.card.graph()
    problem = _why_not_wide(generator.card) if asked.get("traumer.shape") == "wide" else ""
    sizes = cards.SQUARE if problem or asked.get("traumer.shape") != "wide" else cards.WIDE
    noise_shapes = {
        spec.name: fixed_shape(spec.shape, 1, sizes)
        for spec in graph.inputs
        if spec.name.startswith("noise_") and spec.name != "noise_strength"
    }
    stored = weights.load_state(generator.folder / cards.WEIGHTS)
    n_layers, n_w = _styles_shape(generator.card)
    z = np.random.default_rng(0).standard_normal((_N_SAMPLES, n_w), dtype=np.float32)

    def start(model: cards.Model) -> Runtime:
        return runtime.load(model.onnx_path, threads=threads, precision=precision)

    return TraumerNetworks(
        tagger=incremental.load(tagger, threads, precision),
        transfer_map=start(transfer),
        generator=load_generator(generator, threads, precision, sizes),
        exits=Exits(generator, threads, precision, sizes),
        tags=tagger.card.labels,
        size_px=_size_px(graph),
        n_layers=n_layers,
        noise_shapes=noise_shapes,
        w_mean=styles.mean_style(stored),
        w_samples=styles.map_styles(stored, z),
        n_columns=sizes[cards.COLUMNS],
        problem=problem,
    )


def load_generator(
    model: cards.Model,
    threads: int,
    precision: Precision = "auto",
    sizes: Mapping[str, int] = cards.SQUARE,
) -> Runtime:
    """The full size; in bf16 its low resolutions stay in fp32, where it was published in two parts.

    Rounding them costs more of the picture than all the others (decisions/0005), and fp32 hardly any time.
    """
    if precision != "fp32" and {LOW, HIGH} <= {graph.file for graph in model.card.graphs}:
        high = runtime.load(model.folder / HIGH, threads=threads, precision=precision, sizes=sizes)
        if high.name.endswith("bf16"):
            return Pair(runtime.load(model.folder / LOW, threads=threads, sizes=sizes), high)
        high.close()
    return runtime.load(model.onnx_path, threads=threads, precision=precision, sizes=sizes)


def find_of_kind(wanted: str, kind: str, id: str) -> cards.Model:
    """The model that the parameter `id` names; UserError where it is missing or of another kind."""
    model = cards.find_model(wanted)
    if model.card.kind != kind:
        installed = ", ".join(other.card.id for other in cards.find_models(kind=kind)) or "none"
        raise UserError(
            f"The model {model.card.id} is {_a(model.card.kind)}: {id} takes {_a(kind)} model; "
            f"installed: {installed}."
        )
    return model


def _a(kind: str) -> str:
    name = kind.replace("_", "-")
    return f"an {name}" if name[0] in "aeio" or name == "mvnet" else f"a {name}"


def _check_fit(tagger: cards.Card, transfer: cards.Card, generator: cards.Card) -> None:
    """UserError where what one gives is not what the next takes."""
    embedding, taken = (
        _width(tagger.graph().outputs, "embedding"),
        _width(transfer.graph().inputs, "embedding"),
    )
    style, painted = _width(transfer.graph().outputs, "w"), _styles_shape(generator)[1]
    if embedding != taken:
        raise UserError(
            f"{transfer.id} takes embeddings of {taken} values and {tagger.id} gives {embedding}: choose a "
            "traumer.map that was made for this tagger."
        )
    if style != painted:
        raise UserError(
            f"{transfer.id} makes styles of {style} values and {generator.id} takes {painted}: choose a "
            "traumer.map that was made for this generator."
        )


def _width(specs: tuple[cards.TensorSpec, ...], name: str) -> int | str:
    """The last axis of that input or output; 0 where there is none of that name."""
    return next((spec.shape[-1] for spec in specs if spec.name == name), 0)


def _size_px(graph: cards.GraphSpec) -> int:
    return int(graph.outputs[0].shape[-2])


def _why_not_wide(card: cards.Card) -> str:
    """What keeps a generator from painting wide, with the fix; "" where nothing does."""
    _, _, height, width = fixed_shape(card.graph().outputs[0].shape, 1, cards.WIDE)
    if height == width:
        return (
            f"{card.id} was published for squares only, which fill the wall mirrored: klangbild models "
            f"graphs {card.id} lets it paint wide, or choose square as traumer.shape."
        )
    if height * width > _MOST_PX:
        return (
            f"Wide pictures of {card.id} would have {width}×{height} px, more than a deck hands over: it "
            "paints squares; choose square as traumer.shape."
        )
    return ""


def _styles_shape(card: cards.Card) -> tuple[int, int]:
    """Layers and width of the generator's input `w`, (1, n_layers, n_w)."""
    for spec in card.graph().inputs:
        if spec.name == "w":
            return int(spec.shape[1]), int(spec.shape[2])
    raise UserError(f"The generator {card.id} takes no styles: publish it again with its script.")
