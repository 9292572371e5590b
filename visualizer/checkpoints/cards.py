"""Model cards: what a model is, what it learned from, what it takes and gives, and the sums of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from visualizer.paths import models_dirs
from visualizer.types import UserError

CARD = "card.json"
WEIGHTS = "weights.safetensors"
MODEL = "model.onnx"
TICK, CATCH_UP = "model-tick.onnx", "model-catch-up.onnx"
LOW, HIGH = "low.onnx", "high.onnx"
"""A generator in two parts, of which the first can be more precise."""
COLUMNS = "columns"
"""The free size of a generator's graphs: how wide its constant is stretched."""
SQUARE, WIDE = {COLUMNS: 4}, {COLUMNS: 7}
"""Sizes for `runtime.load`: the picture as it was learned, and nearly 16:9."""
STAGES = tuple(f"stage{i}.onnx" for i in (1, 2, 3, 4))
ENDS = tuple(f"stage{i}-ends.onnx" for i in (1, 2, 3, 4))
"""An MVNet's encoder in parts, for windows that slide: each whole, and at the ends of the window alone."""
STYLE_LEVELS = {3: MODEL, 2: "level2.onnx", 1: "level1.onnx"}
"""Graphs of style transfer by the level of the features that they give or take."""
"""A tagger's graphs for windows that slide (modes/incremental.py)."""
FORMAT = 1
KINDS = ("tagger", "transfer", "generator", "mvnet", "style_transfer", "other")
_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a graph: its axes (a name where the size is free, such as "batch") and dtype."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """One ONNX file of a model and what goes in and out."""

    file: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class FileSum:
    """SHA-256 (hex) and size of a file beside the card."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Card:
    """A model's card. A trainer fills the upper part; publishing fills `graphs` and `files`."""

    id: str
    kind: str
    title: str
    summary: str
    """What it is, in a sentence or two."""
    paper: str
    data: str
    """What it was trained on."""
    rights: str
    """Under which terms that data and these weights may be used."""
    command: str
    """The command that trains it."""
    commit: str
    """The commit it was trained at."""
    architecture: Mapping[str, Any]
    """What the torch module needs to be built again, such as size and channels; JSON values."""
    figures: Mapping[str, float] = field(default_factory=dict)
    limits: str = ""
    preview: str = ""
    """A picture beside the card, or nothing."""
    labels: tuple[str, ...] = ()
    """Names of the outputs where they have names (the tagger's words)."""
    graphs: tuple[GraphSpec, ...] = ()
    files: Mapping[str, FileSum] = field(default_factory=dict)

    def graph(self, file: str = MODEL) -> GraphSpec:
        """The description of one ONNX file; raises UserError where the model has none of that name."""
        for graph in self.graphs:
            if graph.file == file:
                return graph
        raise UserError(f"The model {self.id} has no {file}: fetch its folder again, whole.")


@dataclass(frozen=True, slots=True)
class Model:
    """A model on disk: its folder and its card."""

    folder: Path
    card: Card

    @property
    def onnx_path(self) -> Path:
        """The full-size graph."""
        return self.folder / MODEL


def load_card(path: Path) -> Card:
    """Read and validate a card (its file or its folder); raises UserError in one sentence."""
    path = path / CARD if path.is_dir() else path
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"There is no model card {path}: fetch the model's folder again, whole.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"The model card {path} cannot be read: fetch the model's folder again.") from error
    try:
        return parse_card(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"The model card {path} is not valid ({error}): fetch the model's folder again."
        ) from error


def parse_card(value: Any) -> Card:
    """A card from its JSON value; raises ValueError that says which field is wrong."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError(f'"format" should be {FORMAT}')
    known = {f.name: f for f in fields(Card)}
    unknown = sorted(set(value) - set(known) - {"format"})
    if unknown:
        raise ValueError(f"unknown field {unknown[0]}")
    texts = ("id", "kind", "title", "summary", "paper", "data", "rights", "command", "commit")
    for name in (*texts, "limits", "preview"):
        if not isinstance(value.get(name, None if name in texts else ""), str):
            raise ValueError(f"{name} should be text")
    if value["kind"] not in KINDS:
        raise ValueError(f"kind should be one of {', '.join(KINDS)}")
    if not is_id(value["id"]):
        raise ValueError("id should have small letters, digits and hyphens")
    if not isinstance(value.get("architecture"), dict):
        raise ValueError("architecture should be an object")
    for name, figure in value.get("figures", {}).items():
        if isinstance(figure, bool) or not isinstance(figure, int | float):
            raise ValueError(f"the figure {name} should be a number")
    parts = {name: value[name] for name in known if name in value}
    parts["labels"] = tuple(str(label) for label in value.get("labels", ()))
    parts["graphs"] = tuple(_parse_graph(graph) for graph in value.get("graphs", ()))
    parts["files"] = {name: _parse_sum(name, entry) for name, entry in value.get("files", {}).items()}
    return Card(**parts)


def is_id(name: str) -> bool:
    """Whether a model can have this id, and so this name of its folder."""
    return bool(name) and set(name) <= _ID_LETTERS


def dump_card(card: Card) -> str:
    """The card as JSON text, as `load_card` reads it."""
    return json.dumps({"format": FORMAT, **asdict(card)}, indent=2, ensure_ascii=False) + "\n"


def find_models(folder: Path | None = None, kind: str | None = None) -> list[Model]:
    """Every model in `folder` (or in the project's folder and then the user's), sorted by id within each.

    A model whose card cannot be read is left out here; `models check` names it.
    """
    models: list[Model] = []
    for root in [folder] if folder else models_dirs():
        for path in card_folders(root):
            try:
                card = load_card(path)
            except UserError:
                continue
            if kind in (None, card.kind) and all(card.id != other.card.id for other in models):
                models.append(Model(path, card))
    return models


def find_model(wanted: str, folder: Path | None = None) -> Model:
    """The model with this id, or the one in this folder; raises UserError that lists the ids there are."""
    if Path(wanted).is_dir() and (Path(wanted) / CARD).exists():
        return Model(Path(wanted), load_card(Path(wanted)))
    for root in [folder] if folder else models_dirs():
        if wanted and Path(wanted).name == wanted and (root / wanted / CARD).exists():
            return Model(root / wanted, load_card(root / wanted))
    models = find_models(folder)
    for model in models:
        if model.card.id == wanted:
            return model
    ids = ", ".join(model.card.id for model in models) or "none"
    raise UserError(
        f"There is no model {wanted!r}: name one of those installed ({ids}), or fetch the project's folder "
        "models/ again, whole."
    )


def card_folders(root: Path) -> list[Path]:
    """The folders in `root` that hold a card, sorted by name."""
    try:
        return sorted(path for path in root.iterdir() if (path / CARD).is_file())
    except OSError:
        return []


def sum_file(path: Path) -> FileSum:
    """SHA-256 and size of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return FileSum(digest.hexdigest(), path.stat().st_size)


def _parse_graph(value: Any) -> GraphSpec:
    return GraphSpec(
        _plain_name(value["file"]),
        tuple(_parse_tensor(tensor) for tensor in value["inputs"]),
        tuple(_parse_tensor(tensor) for tensor in value["outputs"]),
    )


def _parse_tensor(value: Any) -> TensorSpec:
    shape = tuple(value["shape"])
    if not all(isinstance(n, str) or (isinstance(n, int) and n > 0) for n in shape):
        raise ValueError(f"the shape of {value['name']} should hold sizes and names")
    return TensorSpec(str(value["name"]), shape, str(value.get("dtype", "float32")))


def _parse_sum(name: str, value: Any) -> FileSum:
    sha256, n_bytes = value["sha256"], value["n_bytes"]
    if not isinstance(sha256, str) or len(sha256) != 64 or not isinstance(n_bytes, int) or n_bytes < 0:
        raise ValueError(f"the sum of {name} is not one")
    _plain_name(name)
    return FileSum(sha256, n_bytes)


def _plain_name(name: Any) -> str:
    """A file beside the card, never one elsewhere."""
    if not isinstance(name, str) or not name or name in (".", "..") or "/" in name or "\\" in name:
        raise ValueError(f"{name!r} is not a file name")
    return name
