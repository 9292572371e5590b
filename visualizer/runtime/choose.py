"""Which runtime a network gets: CUDA, OpenVINO, ONNX Runtime, torch last; falling back openly."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

from visualizer.checkpoints.cards import CARD, WEIGHTS, Card, load_card, sum_file
from visualizer.runtime.base import Precision, Runtime, Unavailable
from visualizer.types import UserError

ORDER = ("cuda", "openvino", "onnxruntime", "torch")
"""The runtimes, as `prefer` names them, the fastest first (measured: benchmarks/results).

TensorRT is tried only when it is asked for: it compiles a network for minutes."""

Sizes = Mapping[str, int]

_PACKAGES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "torch": "torch"}


def installed() -> list[str]:
    """Which of the CPU runtimes can be imported here, in `ORDER`; imports none of them."""
    return [name for name in ORDER if name in _PACKAGES and importlib.util.find_spec(_PACKAGES[name])]


def load(
    path: Path,
    *,
    threads: int,
    prefer: str = "auto",
    precision: Precision = "fp32",
    batch: int = 1,
    sizes: Mapping[str, int] | None = None,
    fallback: bool = True,
    verify: bool = True,
) -> Runtime:
    """Load an ONNX graph with the first runtime of `ORDER` that works here.

    `threads` is kept to by every runtime. `prefer` names the one to try first. `precision` "auto" takes bf16
    where the processor computes in it (about 1 % off; faster by 1.7), "fp32" never does. Free axes are set
    by name to `sizes` ("4*height" is four times "height"), those not in it to `batch`. With `fallback` false
    only `prefer` is tried. `verify` compares the files with the sums in the card beside them. Raises
    UserError for a missing or damaged model, or where no runtime is there.
    """
    path = Path(path)
    if prefer not in ("auto", *_OPENERS):
        raise UserError(f"There is no runtime {prefer!r}: choose auto, {', '.join(_OPENERS)}.")
    if verify:
        verify_files(path)
    order = [name for name in ORDER if name != prefer]
    if prefer != "auto":
        order = [prefer, *order] if fallback else [prefer]
    missing: list[str] = []
    failed: list[str] = []
    for name in order:
        try:
            runtime = _OPENERS[name](path, threads, batch, sizes or {}, precision)
        except Unavailable as error:
            missing.append(f"{name}: {error}")
        except UserError:
            raise
        except Exception as error:  # each runtime raises kinds of its own for a file it cannot read
            failed.append(f"{name}: {_first_line(error)}")
        else:
            why = "asked for" if name == prefer else "the first that works here"
            runtime.reason = "; ".join([f"{name}: {why}", *missing, *failed])
            return runtime
    if failed:
        raise UserError(
            f"The model {path} cannot be loaded ({'; '.join(failed)}): fetch its folder again, whole."
        )
    raise UserError(
        f"Nothing here can run {path.name} ({'; '.join(missing)}): "
        "install a runtime with pip install 'klangbild[cpu]'."
    )


def verify_files(path: Path) -> Card | None:
    """Compare a graph and its weights with the sums in the card beside them, where there is one.

    Returns that card; raises UserError for a file that is missing, cut short or changed.
    """
    if not path.is_file():
        raise UserError(
            f"There is no model {path}: fetch its folder again, or choose another with `models list`."
        )
    if not (path.parent / CARD).exists():
        return None
    card = load_card(path.parent)
    for name in (path.name, WEIGHTS):
        wanted, file = card.files.get(name), path.with_name(name)
        if wanted is None:
            continue
        if not file.is_file():
            raise UserError(f"The model {card.id} lacks its {name}: fetch its folder again, whole.")
        n_bytes = file.stat().st_size
        if n_bytes != wanted.n_bytes:
            raise UserError(
                f"The model {card.id} is damaged ({name} has {n_bytes} bytes, not {wanted.n_bytes}): "
                "fetch its folder again, whole."
            )
        try:
            is_whole = sum_file(file) == wanted
        except OSError as error:
            raise UserError(f"{file} cannot be read ({error.strerror}): check its permissions.") from error
        if not is_whole:
            raise UserError(
                f"The model {card.id} is damaged ({name} does not have its checksum): "
                "fetch its folder again, whole."
            )
    return card


def _open_cuda(path: Path, threads: int, batch: int, sizes: Sizes, precision: Precision) -> Runtime:
    from visualizer.runtime.cuda import Cuda

    return Cuda(path, threads=threads, batch=batch, sizes=sizes, precision=precision)


def _open_tensorrt(path: Path, threads: int, batch: int, sizes: Sizes, precision: Precision) -> Runtime:
    from visualizer.runtime.cuda import Cuda

    return Cuda(path, threads=threads, batch=batch, sizes=sizes, precision=precision, tensorrt=True)


def _open_openvino(path: Path, threads: int, batch: int, sizes: Sizes, precision: Precision) -> Runtime:
    from visualizer.runtime.openvino_cpu import OpenVino

    return OpenVino(path, threads=threads, batch=batch, sizes=sizes, precision=precision)


def _open_onnxruntime(path: Path, threads: int, batch: int, sizes: Sizes, precision: Precision) -> Runtime:
    from visualizer.runtime.onnx_runtime import OnnxRuntime

    return OnnxRuntime(path, threads=threads, batch=batch, sizes=sizes)


def _open_torch(path: Path, threads: int, batch: int, sizes: Sizes, precision: Precision) -> Runtime:
    from visualizer.runtime.torch import Torch

    return Torch(path, threads=threads, batch=batch, sizes=sizes)


_OPENERS: dict[str, Callable[[Path, int, int, Sizes, Precision], Runtime]] = {
    "tensorrt": _open_tensorrt,
    "cuda": _open_cuda,
    "openvino": _open_openvino,
    "onnxruntime": _open_onnxruntime,
    "torch": _open_torch,
}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
