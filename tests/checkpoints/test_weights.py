"""Weights come back from the file as they went in, within the error that their precision allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visualizer.checkpoints import weights
from visualizer.types import UserError


def _state() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "conv.weight": random.standard_normal((32, 16, 3, 3)).astype(np.float32),
        "conv.bias": random.standard_normal(32).astype(np.float32),
        "norm.n_seen": np.array(7, np.int64),
        "strength": np.array(0.25, np.float32),
    }


@pytest.mark.parametrize(("precision", "error"), [("fp32", 0.0), ("fp16", 2.0**-11), ("int8", 0.5 / 127)])
def test_a_file_gives_back_what_was_packed(
    tmp_path: Path, precision: weights.Precision, error: float
) -> None:
    state = _state()
    path = tmp_path / "weights.safetensors"
    weights.save(path, weights.pack(state, precision))
    got = weights.load_state(path)
    assert got.keys() == state.keys()
    for name, values in state.items():
        assert got[name].shape == values.shape and got[name].dtype == values.dtype
    top = np.abs(state["conv.weight"]).max()
    assert np.abs(got["conv.weight"] - state["conv.weight"]).max() <= error * top
    for name in ("conv.bias", "norm.n_seen", "strength"):
        assert np.array_equal(got[name], state[name]), "small tensors keep every bit"


def test_int8_takes_a_quarter_and_fp16_a_half(tmp_path: Path) -> None:
    state = {"w": np.random.default_rng(0).standard_normal((64, 4096)).astype(np.float32)}
    sizes = {}
    for precision in ("fp32", "fp16", "int8"):
        weights.save(tmp_path / precision, weights.pack(state, precision))
        sizes[precision] = (tmp_path / precision).stat().st_size
    assert sizes["fp16"] < 0.51 * sizes["fp32"]
    assert sizes["int8"] < 0.26 * sizes["fp32"]


@given(
    values=hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=2, max_dims=4), elements=st.floats(-1e4, 1e4, width=32)
    ),
    axis=st.integers(0, 1),
)
def test_int8_is_within_half_a_step_of_its_channel(values: np.ndarray, axis: int) -> None:
    integers, scale = weights.quantize(values, axis)
    assert scale.ndim == values.ndim and scale.shape[axis] == values.shape[axis]
    assert np.all(np.abs(integers * scale - values) <= scale * 0.5001)


def test_kept_tensors_and_large_values_stay_exact() -> None:
    state = {"kept": np.full((64, 128), 0.1, np.float32), "large": np.full((64, 128), 1e6, np.float32)}
    stored = weights.pack(state, "fp16", keep=["kept"])
    assert stored["kept"].dtype == np.float32
    assert stored["large"].dtype == np.float32, "fp16 ends at 65504"


def test_weights_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match=r"conv\.weight"):
        weights.pack({"conv.weight": np.array([[np.nan]], np.float32)}, "fp16")


def test_the_header_says_where_the_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    weights.save(path, weights.pack(_state(), "fp16"))
    entry = weights.read_header(path)["conv.weight"]
    data = path.read_bytes()[entry.offset : entry.offset + entry.n_bytes]
    assert np.array_equal(
        np.frombuffer(data, np.float16).reshape(entry.shape), weights.load(path)["conv.weight"]
    )


@pytest.mark.parametrize("n_left", [0, 4, 8, 100, -1])
def test_a_file_cut_short_is_one_sentence(tmp_path: Path, n_left: int) -> None:
    path = tmp_path / "weights.safetensors"
    weights.save(path, weights.pack(_state(), "fp16"))
    path.write_bytes(path.read_bytes()[:n_left])
    with pytest.raises(UserError, match=r"damaged.*again") as caught:
        weights.load_state(path)
    assert "\n" not in str(caught.value)


def test_a_header_of_nonsense_or_no_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    for header in (b"[]", b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', b'{"a":{"dtype":"Q9"}}'):
        path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
        with pytest.raises(UserError, match="damaged"):
            weights.load(path)
    with pytest.raises(UserError, match="There is no"):
        weights.load(tmp_path / "absent.safetensors")
