"""Every runtime gives torch's answer; the first that works runs, and what stood against others is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from visualizer import runtime
from visualizer.types import UserError


def _mel(batch: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    return {"mel": (random.standard_normal((batch, 1, 128, 231)) * 15 - 30).astype(np.float32)}


def _hear(path: Path, batch: int = 1, **how: object) -> tuple[dict[str, np.ndarray], str]:
    with closing(runtime.load(path, threads=1, batch=batch, **how)) as loaded:  # type: ignore[arg-type]
        return {name: value.copy() for name, value in loaded.run(_mel(batch)).items()}, loaded.name


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("batch", [1, 3])
def test_each_runtime_agrees_with_torch(tiny_tagger: Path, name: str, batch: int) -> None:
    if name not in runtime.installed():
        pytest.skip(f"{name} is not installed")
    wanted, _ = _hear(tiny_tagger / "model.onnx", batch, prefer="torch", fallback=False)
    got, used = _hear(tiny_tagger / "model.onnx", batch, prefer=name, fallback=False)
    assert used.startswith(name)
    assert wanted["embedding"].shape == (batch, 32)
    for key, value in wanted.items():
        assert np.abs(got[key] - value).max() <= 1e-3 * np.abs(value).max()


def test_bf16_is_near_and_only_where_allowed(tiny_tagger: Path) -> None:
    if "openvino" not in runtime.installed():
        pytest.skip("openvino is not installed")
    exact, name = _hear(tiny_tagger / "model.onnx", prefer="openvino")
    assert name == "openvino fp32", "the default never loses precision"
    near, _ = _hear(tiny_tagger / "model.onnx", prefer="openvino", precision="auto")
    assert np.abs(near["tags"] - exact["tags"]).max() < 0.05


def test_without_openvino_onnxruntime_runs_and_says_why(
    tiny_tagger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with closing(runtime.load(tiny_tagger / "model.onnx", threads=1)) as loaded:
        assert loaded.name == "onnxruntime"
        assert "openvino is not installed" in loaded.reason


def test_without_both_torch_runs_and_says_why(tiny_tagger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with closing(runtime.load(tiny_tagger / "model.onnx", threads=1)) as loaded:
        assert loaded.name == "torch"
        assert "onnxruntime is not installed" in loaded.reason
        assert loaded.run(_mel())["tags"].shape == (1, 50)


def test_with_nothing_installed_the_fix_is_named(tiny_tagger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("openvino", "onnxruntime", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "visualizer.checkpoints.modules", raising=False)
    with pytest.raises(UserError, match=r"pip install 'klangbild\[cpu\]'"):
        runtime.load(tiny_tagger / "model.onnx", threads=1)


def test_an_asked_for_runtime_that_fails_falls_back_openly(
    tiny_tagger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with closing(runtime.load(tiny_tagger / "model.onnx", threads=1, prefer="onnxruntime")) as loaded:
        assert "onnxruntime" not in loaded.name
        assert "onnxruntime is not installed" in loaded.reason
    with pytest.raises(UserError, match="onnxruntime is not installed"):
        runtime.load(tiny_tagger / "model.onnx", threads=1, prefer="onnxruntime", fallback=False)
    with pytest.raises(UserError, match="choose auto"):
        runtime.load(tiny_tagger / "model.onnx", threads=1, prefer="abacus")


@pytest.mark.parametrize("file", ["model.onnx", "weights.safetensors"])
def test_a_damaged_model_is_one_sentence(tiny_tagger: Path, tmp_path: Path, file: str) -> None:
    for harm in ("cut", "flip", "remove"):
        folder = tmp_path / harm
        shutil.copytree(tiny_tagger, folder)
        data = bytearray((folder / file).read_bytes())
        data[len(data) // 2] ^= 0xFF
        (folder / file).write_bytes(data[: len(data) // 2] if harm == "cut" else data)
        if harm == "remove":
            (folder / file).unlink()
        with pytest.raises(UserError, match="again") as caught:
            runtime.load(folder / "model.onnx", threads=1)
        assert "\n" not in str(caught.value)


def test_a_graph_of_nonsense_without_a_card_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph at all" * 50)
    with pytest.raises(UserError, match="cannot be loaded") as caught:
        runtime.load(tmp_path / "model.onnx", threads=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "torch"])
def test_buffers_are_made_once_and_inputs_are_checked(tiny_tagger: Path, name: str) -> None:
    if name not in runtime.installed():
        pytest.skip(f"{name} is not installed")
    path = tiny_tagger / "model.onnx"
    with closing(runtime.load(path, threads=1, prefer=name, fallback=False)) as loaded:
        assert loaded.inputs == {"mel": (1, 1, 128, 231)}
        assert loaded.outputs == {"embedding": (1, 32), "tags": (1, 50)}
        first = loaded.run(_mel())
        kept = first["tags"].copy()
        again = loaded.run({"mel": _mel()["mel"] * 0 - 100})
        assert again["tags"] is first["tags"], "the same array every time"
        assert not np.array_equal(again["tags"], kept)
        with pytest.raises(ValueError, match="mel"):
            loaded.run({})
        with pytest.raises(ValueError, match="shape"):
            loaded.run({"mel": np.zeros((1, 1, 128, 230), np.float32)})


def test_no_telemetry_and_no_torch_come_with_a_model(tiny_tagger: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from visualizer import runtime\n"
        "loaded = runtime.load(Path(sys.argv[1]), threads=1)\n"
        "print(loaded.name, 'torch' in sys.modules, sys.modules.get('openvino_telemetry'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tiny_tagger / "model.onnx")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert run.stdout.strip().endswith("False None")


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_a_card_that_is_not_there_is_said_and_another_runtime_taken(tiny_tagger: Path, name: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    if {"CUDAExecutionProvider", "TensorrtExecutionProvider"} & set(onnxruntime.get_available_providers()):
        pytest.skip("this onnxruntime may have a card")
    with pytest.raises(UserError, match="was built without"):
        runtime.load(tiny_tagger / "model.onnx", threads=1, prefer=name, fallback=False)
    with closing(runtime.load(tiny_tagger / "model.onnx", threads=1, prefer=name)) as loaded:
        assert "was built without" in loaded.reason


def test_half_precision_for_a_card_is_near(tiny_tagger: Path) -> None:
    pytest.importorskip("onnx", reason="converting needs the extra `train`")
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from visualizer.runtime.cuda import in_half_precision

    half = in_half_precision(tiny_tagger / "model.onnx")
    assert half is not None
    session = onnxruntime.InferenceSession(half, providers=["CPUExecutionProvider"])
    exact, _ = _hear(tiny_tagger / "model.onnx", prefer="onnxruntime", fallback=False)
    (tags,) = session.run(["tags"], _mel())
    assert tags.dtype == np.float32 and 0 < np.abs(tags - exact["tags"]).max() < 0.01
