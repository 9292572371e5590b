"""The fitted map: it reaches its targets' side of the mean, spreads, and keeps different clips apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.checkpoints.cards import load_card
from visualizer.training import transfer, transfer_material
from visualizer.training.transfer_material import Gallery, Music
from visualizer.types import UserError

N_CLIPS, N_WINDOWS, N_DIM, N_STYLE = 60, 4, 96, 32


@pytest.fixture(scope="module")
def fitted() -> tuple[transfer.Transfer, np.ndarray, np.ndarray, Gallery]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    kind = rng.normal(size=(N_CLIPS, 1, N_DIM)) * np.linspace(2, 0.1, N_DIM)
    z = np.abs(kind + 0.3 * rng.normal(size=(N_CLIPS, N_WINDOWS, N_DIM)))
    styles = rng.normal(size=(40, N_STYLE)) * 0.5 + 3
    gallery = Gallery(styles, np.zeros((40, 5)), styles.mean(axis=0), styles.std(axis=0))
    targets = styles[rng.integers(0, 40, N_CLIPS)]
    return transfer.fit(z, targets, gallery), z, targets, gallery


def styles_of(fitted_map: transfer.Transfer, z: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return fitted_map(torch.from_numpy(z).float().flatten(0, 1)).double().numpy()


def test_styles_spread_as_asked(fitted: tuple) -> None:
    network, z, _, gallery = fitted
    measured = styles_of(network, z).std(axis=0) / gallery.deviation
    assert measured.mean() == pytest.approx(transfer.SPREAD, abs=0.05)


def test_styles_lie_on_the_side_of_their_targets(fitted: tuple) -> None:
    network, z, targets, gallery = fitted
    w = styles_of(network, z) - gallery.mean
    wanted = np.repeat(targets, N_WINDOWS, axis=0) - gallery.mean
    assert np.corrcoef(w.ravel(), wanted.ravel())[0, 1] > 0.4


def test_clips_are_further_apart_than_their_windows(fitted: tuple) -> None:
    network, z, _, gallery = fitted
    clips = np.repeat(np.arange(N_CLIPS), N_WINDOWS)
    assert transfer.separation(styles_of(network, z), clips, gallery.deviation) > 2


def test_separation_of_one_cloud_is_one() -> None:
    cloud = np.random.default_rng(0).normal(size=(200, 16))
    assert transfer.separation(cloud, np.arange(200) % 2, np.ones(16)) == pytest.approx(1, abs=0.02)


def test_clips_of_rare_kinds_are_chosen_first() -> None:
    kinds = ["piano"] * 90 + ["noise"] * 5 + ["techno_synth"] * 5
    chosen = transfer_material.choose_clips(kinds, 15, np.random.default_rng(0))
    counts = {k: sum(kinds[i] == k for i in chosen) for k in set(kinds)}
    assert counts == {"piano": 5, "noise": 5, "techno_synth": 5}
    assert len(set(chosen.tolist())) == 15


def test_missing_music_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--data"):
        transfer.main(["--data", str(tmp_path)])


def test_the_card_of_ones_own_map_speaks_of_ones_own(fitted: tuple, tmp_path: Path) -> None:
    network, z, _, _ = fitted
    music = Music(z, np.zeros((N_CLIPS, 5)), ["song"] * N_CLIPS)
    about = transfer.About("tagger-mine", "generator-mine", "--pairs FILE", "Places of songs.", "Own.")
    transfer.write(network, tmp_path / "map-mine", music, {"pairs": []}, {"n_pairs": 60.0}, about)
    card = load_card(tmp_path / "map-mine")
    assert (card.id, card.title) == ("map-mine", "Map mine")
    assert "tagger-mine" in card.summary and "generator-mine" in card.summary
    assert card.command == "klangbild train transfer --pairs FILE" and "MIT" not in card.rights
