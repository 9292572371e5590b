"""MVNet, loaded by the id in the settings and called with plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import cards, weights
from visualizer.modes import era_encoder
from visualizer.modes.era_encoder import Encoder
from visualizer.modes.eras import Eras, find_lasts
from visualizer.modes.networks import find_of_kind
from visualizer.modes.style_transfer_maths import soften
from visualizer.runtime import Precision, Runtime
from visualizer.types import Float32, UserError

GENERATOR = "generator.onnx"
_EXTRAS = ("decade_years", "decade_v", "year_weight", "year_bias")


@dataclass(frozen=True, slots=True)
class EraNetworks:
    """Encoder and generator of an MVNet with the eras it knows. Owned by one thread."""

    id: str
    encoder: Encoder
    generator: Runtime
    v_shape: tuple[int, ...]
    z_shape: tuple[int, ...]
    eras: Eras

    def see(self, window: Float32) -> Float32:
        """(3, 128, 256) mel power of mean 1 → v (n_v,), flat; a copy. The paper's E."""
        return self.encoder.see(window)

    def even(self, v: Float32, share: float) -> Float32:
        """v (n_v,) with each number leaned by `share` [0, 1] toward its mean over the moments of the window.

        E sees in v *when* in the window something sounds. The window slides, so an average over time comes
        to the same; this one is there at once.
        """
        moments = v.reshape(-1, self.v_shape[-1])
        lean = moments.mean(axis=1, keepdims=True) - moments
        return v + np.float32(share) * lean.ravel()

    def paint(self, v: Float32, z: Float32) -> Float32:
        """v (n_v,) and z (n_z,) → the style image (64, 64, 3) float32 in [0, 1]; a copy. The paper's G.

        Its transposed convolutions leave a pattern at the pitch of pixels, which is taken out.
        """
        given = {"v": v.reshape(self.v_shape), "z": z.reshape(self.z_shape)}
        image = np.nan_to_num(self.generator.run(given)["image"][0].transpose(1, 2, 0))
        image *= np.float32(0.5)
        image += np.float32(0.5)
        return soften(image)

    @property
    def n_z(self) -> int:
        """How many numbers z has."""
        return int(np.prod(self.z_shape))

    def close(self) -> None:
        """Gives the networks back."""
        self.encoder.close()
        self.generator.close()


def load(settings: Mapping[str, Any], threads: int = 1, precision: Precision = "auto") -> EraNetworks:
    """The model of `era.mvnet`; UserError where it is missing, damaged or of another kind."""
    model = find_of_kind(str(settings["era.mvnet"]), "mvnet", "era.mvnet")
    inputs = {spec.name: spec.shape for spec in model.card.graph(GENERATOR).inputs}
    if inputs.keys() != {"v", "z"}:
        raise UserError(f"The model {model.card.id} paints from other inputs than v and z: publish it again.")
    encoder = era_encoder.load(model, threads, precision)
    generator = runtime.load(model.folder / GENERATOR, threads=threads, precision=precision)
    return EraNetworks(
        id=model.card.id,
        encoder=encoder,
        generator=generator,
        v_shape=_fixed(inputs["v"]),
        z_shape=_fixed(inputs["z"]),
        eras=read_eras(model),
    )


def _fixed(shape: tuple[int | str, ...]) -> tuple[int, ...]:
    return tuple(n if isinstance(n, int) else 1 for n in shape)


def read_eras(model: cards.Model) -> Eras:
    """The eras that an MVNet knows, with their centres and the reading of years; or UserError."""
    stored = weights.load_state(model.folder / cards.WEIGHTS)
    missing = [name for name in _EXTRAS if name not in stored]
    if missing:
        raise UserError(
            f"The model {model.card.id} lacks {', '.join(missing)}: publish it again with its script."
        )
    firsts = tuple(round(float(year)) for year in np.asarray(stored["decade_years"]))
    labels = model.card.labels
    if len(labels) != len(firsts):
        labels = tuple(f"{first}s" for first in firsts)
    return Eras(
        labels=labels,
        firsts=firsts,
        lasts=find_lasts(firsts, labels),
        centres=np.asarray(stored["decade_v"], np.float32).reshape(len(firsts), -1),
        weight=np.asarray(stored["year_weight"], np.float32),
        bias=np.asarray(stored["year_bias"], np.float32),
    )
