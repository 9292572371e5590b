"""MVNet's training: everything a run holds, and one step of its four networks ("Crossing You in Style")."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.mvnet import Z_SHAPE, Classifier, Discriminator, MVNet
from visualizer.training import house, parallel
from visualizer.training.mvnet_data import Batch, windows
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_losses import StyleVGG, adversarial_losses, style_loss, triplet_loss
from visualizer.training.mvnet_music import Music

ALPHA = 0.1
"""Weight of the triplet loss."""
BETA = 10.0
"""Weight of the style loss."""
GAMMA = 0.1
"""Weight of the era classification loss."""
N_CENTRE = 48
DELTA = 1.0
"""Weight of the variety that z owes (ours, not the paper's)."""
BETAS = (0.5, 0.99)
WEIGHT_DECAY = 1e-4
EMA_IMAGES = 4_000
RATE_C = 2e-3
ROUGHNESS = 0.2
N_READINGS = 6
"""How many readings of v reach every place of an image: the order of eras, and five that tell them apart."""


@dataclass
class Settings:
    """What a run was started with (kept in its state; --resume goes on with it)."""

    n_clips: int = 8
    n_images: int = 2
    """Style images (with a z and a painting each) of a clip."""
    learning_rate: float = 5e-4
    """Of G."""
    rate_e: float = 0.0
    """Of E; 0 leaves it as `--stage hear` taught it, for G's losses make it forget the eras."""
    rate_d: float = 5e-5
    """At G's rate D wins at once, at the paper's 1e-4 after a thousand updates."""
    power: float = 0.25
    n_readings: int = N_READINGS
    gamma: float = GAMMA
    seed: int = 7


class Run:
    """All progress of a run in one object: networks, optimisers, counters."""

    def __init__(self, eras: Eras, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.eras, self.settings, self.device = eras, settings, device
        self.counters = house.Counters()
        self.centres = torch.zeros(0)
        """Mean v of each era (n, 1, 8, 16), or nothing while E moves."""
        self.mvnet = MVNet(settings.power, settings.n_readings).to(device)
        self.average = MVNet(settings.power, settings.n_readings).to(device).requires_grad_(False).eval()
        self.average.load_state_dict(self.mvnet.state_dict())
        self.discriminator = Discriminator().to(device)
        self.classifier = Classifier(len(eras)).to(device)
        rate = settings.learning_rate
        self.optimizer_m = _adam(self.mvnet.generator, rate, BETAS)
        self.optimizer_m.add_param_group({"params": self.mvnet.encoder.parameters(), "lr": settings.rate_e})
        self.optimizer_d = _adam(self.discriminator, settings.rate_d, BETAS)
        self.optimizer_c = _adam(self.classifier, RATE_C, (0.9, 0.999))

    def start_from(self, hearing: Path) -> None:
        """Takes over the ears of `--stage hear`, where there are some."""
        if hearing.is_file():
            heard = house.load_state(hearing)
            house.load_part(self.mvnet.encoder, heard, "encoder")
            house.load_part(self.average.encoder, heard, "encoder")

    def parts(self) -> dict[str, Any]:
        return {
            "mvnet": self.mvnet,
            "average": self.average,
            "discriminator": self.discriminator,
            "classifier": self.classifier,
            "optimizer_m": self.optimizer_m,
            "optimizer_d": self.optimizer_d,
            "optimizer_c": self.optimizer_c,
        }

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {name: part.state_dict() for name, part in self.parts().items()}
        state |= {
            "eras": {"firsts": list(self.eras.firsts), "end": self.eras.end},
            "settings": asdict(self.settings),
            "counters": asdict(self.counters),
            "centres": self.centres,
        }
        return state | {"random": torch.get_rng_state()}

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device) -> Run:
        with house.reading_state():
            run = cls(read_eras(state), Settings(**state["settings"]), device)
            for name, part in run.parts().items():
                house.load_part(part, state, name)
            run.counters = house.Counters(**state["counters"])
            run.centres = state["centres"]
            torch.set_rng_state(state["random"])
        return run


def _adam(module: nn.Module, rate: float, betas: tuple[float, float]) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), rate, betas, weight_decay=WEIGHT_DECAY, fused=True)


def read_eras(state: dict[str, Any]) -> Eras:
    return Eras(tuple(state["eras"]["firsts"]), state["eras"]["end"])


def step(run: Run, batch: Batch, more: Batch, vgg: StyleVGG, dtype: torch.dtype) -> dict[str, float]:
    """One update of D, of C (on the paintings of `more`) and of E and G; returns the losses."""
    s, n_images = run.settings, run.settings.n_images
    mel, real = batch.mel.to(run.device), batch.image.to(run.device)
    era = batch.era.to(run.device)
    era_made = era.repeat_interleave(n_images)
    autocast = torch.autocast(run.device.type, dtype=dtype, enabled=dtype != torch.float32)

    run.mvnet.encoder.train(s.rate_e > 0)
    with autocast:
        with torch.set_grad_enabled(s.rate_e > 0):
            v = run.mvnet.encoder(mel)
        z = torch.randn(len(real), *Z_SHAPE).to(run.device)
        made = run.mvnet.generator(lean(run, v.repeat_interleave(n_images, 0), era_made), z).float()
        patches_real, patches_made = _patches(run.discriminator, real, made.detach())
    loss_d, _ = adversarial_losses(patches_real, patches_made)
    _update(run.optimizer_d, loss_d)

    loss_c = teach(run, more)
    losses = _losses(run, real, made, v, era, era_made, vgg, autocast)
    total = losses["adv"] + ALPHA * losses["tri"] + BETA * losses["sty"]
    total = total + DELTA * losses["var"]
    if s.gamma:
        total = total + s.gamma * losses["cls"]
    _update(run.optimizer_m, total)

    run.counters.n_steps += 1
    n_new = len(real) * parallel.n_workers()
    run.counters.n_images += n_new
    follow(run.average, run.mvnet, n_new, run.counters.n_images)
    figures = {"d": loss_d, "c": loss_c, **losses, "varied": variety(made, n_images)}
    return {name: float(value.detach()) for name, value in figures.items()}


def lean(run: Run, v: Tensor, era: Tensor) -> Tensor:
    """v (B, 1, 8, 16) moved towards the mean v of its era, by anything from not at all to all the way.

    The era dial does the same. What two thirds of windows say of their era is drowned in what else they say;
    from the means the generator learns what an era looks like.
    """
    if not len(run.centres):
        return v
    share = torch.rand(len(v), 1, 1, 1).to(v.device)
    return torch.lerp(v.float(), run.centres.to(v.device)[era], share)


@torch.no_grad()
def tune(run: Run, music: Music, n_per_era: int = N_CENTRE) -> None:
    """Tells G how v lies: its mean, spread and order of eras, and, while E stands still, each era's mean v.

    From up to `n_per_era` training windows of each era.
    """
    numbers = [run.eras.of(int(year)) for year in music.years]
    order = [
        i for era in range(len(run.eras)) for i in [k for k, n in enumerate(numbers) if n == era][:n_per_era]
    ]
    encoder = run.mvnet.encoder.eval()
    v = torch.cat([encoder(windows(music, [i]).to(run.device)) for i in order])
    era = torch.tensor([float(numbers[i] or 0) for i in order], device=run.device)
    for mvnet in (run.mvnet, run.average):
        mvnet.generator.standardise.fit(v, era)
    heard = set(era.tolist())
    if not run.settings.rate_e and len(heard) == len(run.eras):
        run.centres = torch.stack([v[era == i].mean(0) for i in range(len(run.eras))]).cpu()


def teach(run: Run, paintings: Batch) -> Tensor:
    """One update of C, from paintings alone (equation 4)."""
    logits = run.classifier(rough(paintings.image.to(run.device)))
    loss = F.cross_entropy(logits, paintings.era.to(run.device))
    _update(run.optimizer_c, loss)
    return loss


def rough(images: Tensor) -> Tensor:
    """What C sees: noise over the image, or it asks G for invisible patterns instead of colours."""
    return images + ROUGHNESS * torch.randn_like(images)


def _patches(discriminator: nn.Module, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    patches_real, patches_made = discriminator(torch.cat((real, made))).float().chunk(2)
    return patches_real, patches_made


def _losses(
    run: Run,
    real: Tensor,
    made: Tensor,
    v: Tensor,
    era: Tensor,
    era_made: Tensor,
    vgg: StyleVGG,
    autocast: torch.autocast,
) -> dict[str, Tensor]:
    """What E and G are judged by; D and C are only asked."""
    run.discriminator.requires_grad_(False)
    run.classifier.requires_grad_(False).eval()
    with autocast:
        patches_real, patches_made = _patches(run.discriminator, real, made)
        with torch.no_grad():
            wanted = vgg(real)
        seen = vgg(made)
    _, adversarial = adversarial_losses(patches_real, patches_made)
    with torch.set_grad_enabled(bool(run.settings.gamma)):
        classified = F.cross_entropy(run.classifier(rough(made)), era_made)
    run.discriminator.requires_grad_(True)
    run.classifier.requires_grad_(True).train()
    return {
        "adv": adversarial,
        "tri": triplet_loss(v, era),
        "sty": style_loss(seen, wanted),
        "cls": classified,
        "var": F.relu(variety(real, run.settings.n_images) - variety(made, run.settings.n_images)),
    }


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    parallel.share_gradients(optimizer)
    optimizer.step()


def variety(images: Tensor, n_images: int) -> Tensor:
    """Mean distance of the first two images of each clip, in [0, 2]; 0 says that z is not heard."""
    if n_images < 2:
        return images.new_zeros(())
    groups = images.reshape(-1, n_images, *images.shape[1:])
    return (groups[:, 0] - groups[:, 1]).abs().mean()


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, n_new: int, n_images: int) -> None:
    """Moves the average (with the statistics of its norms) towards the model."""
    half_life = max(1.0, min(EMA_IMAGES, n_images * 0.1))
    keep = 0.5 ** (n_new / half_life)
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)
    for kept, new in zip(average.buffers(), model.buffers(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - keep)
        else:
            kept.copy_(new)
