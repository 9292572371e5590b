"""The published taggers fit the networks written for them, and say sensible things of known recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch

from visualizer.networks.tagger import TAGS
from visualizer.training.music import WINDOW
from visualizer.training.teachers import Ensemble
from visualizer.types import UserError

SHARED = Path(__file__).resolve().parents[3] / "shared"
WEIGHTS = SHARED / "weights" / "tagger"
needs_shared = pytest.mark.skipif(
    not WEIGHTS.is_dir(), reason="the teachers' weights are not on this machine"
)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    torch.set_num_threads(1)
    return Ensemble(WEIGHTS)


def recording(number: int) -> torch.Tensor:
    sound, rate_hz = soundfile.read(
        SHARED / "data" / "audio" / f"{number:03d}.ogg", dtype="float32", always_2d=True
    )
    mono = soxr.resample(sound.mean(axis=1), rate_hz, 16_000)
    return torch.from_numpy(np.ascontiguousarray(mono[5 * 16_000 :][:WINDOW]))


@needs_shared
def test_tags_are_in_the_order_of_the_teachers() -> None:
    assert tuple((WEIGHTS / "mtat-tags.txt").read_text("utf-8").split("\n"))[:50] == TAGS


@needs_shared
def test_ensemble_knows_ambient_strings_techno_and_piano(ensemble: Ensemble) -> None:
    wanted = {6: "ambient", 33: "classical", 56: "techno", 134: "piano"}
    said = ensemble(torch.stack([recording(number) for number in wanted]))
    assert said.shape == (4, 50)
    assert [TAGS[i] for i in said.argmax(dim=1)] == list(wanted.values())


def test_missing_weights_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--teachers"):
        Ensemble(tmp_path)
