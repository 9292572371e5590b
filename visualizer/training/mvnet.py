"""Trains MVNet ("Crossing You in Style"): music of an era to style images that look like its paintings.

Encoder, generator, discriminator and era classifier learn together with the paper's four losses, weighted as
in its equation 6. Stages: `music` renders the corpus, `train` learns, `judge` measures, `publish` ships and
`sheet` draws pieces of four centuries.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.mvnet import Z_SHAPE, Classifier, Discriminator, MVNet
from visualizer.paths import MODELS
from visualizer.training import house, mvnet_hearing, mvnet_music
from visualizer.training.corpus import DEFAULT_DATA
from visualizer.training.mvnet_data import Batch, Paintings, Pairs, painting_rows, read_paintings, windows
from visualizer.training.mvnet_eras import Eras, find_eras
from visualizer.training.mvnet_losses import StyleVGG, adversarial_losses, style_loss, triplet_loss
from visualizer.training.mvnet_music import Library, Music, read_music

ID = "mvnet-house"
RUN_DIR = house.RUNS_DIR / "mvnet"
DEFAULT_VGG = Path("../shared/weights/vgg")
ALPHA = 0.1
"""Weight of the triplet loss."""
BETA = 10.0
"""Weight of the style loss."""
GAMMA = 0.1
"""Weight of the era classification loss."""
N_CENTRE = 24
DELTA = 1.0
"""Weight of the variety that z owes (ours, not the paper's)."""
BETAS = (0.5, 0.99)
WEIGHT_DECAY = 1e-4
EMA_IMAGES = 4_000
RATE_C = 2e-3
N_CLASSIFIED = 64
"""Paintings that C learns from in a step: it costs little, and leads the way for G."""
ROUGHNESS = 0.2
N_LESSONS = 800
"""Updates of C before the others begin, so that it has something to say."""
N_SHEET_MUSIC = 8
N_SHEET_Z = 8


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
        self.mvnet = MVNet(settings.power).to(device)
        self.average = MVNet(settings.power).to(device).requires_grad_(False).eval()
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
            encoder = house.load_state(hearing)["encoder"]
            self.mvnet.encoder.load_state_dict(encoder)
            self.average.encoder.load_state_dict(encoder)

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
        run = cls(read_eras(state), Settings(**state["settings"]), device)
        for name, part in run.parts().items():
            part.load_state_dict(state[name])
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
    run.counters.n_images += len(real)
    follow(run.average, run.mvnet, len(real), run.counters.n_images)
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


@torch.no_grad()
def sample_sheet(mvnet: MVNet, mel: Tensor, n_z: int = N_SHEET_Z) -> Tensor:
    """Style images (n · n_z, 3, 64, 64): a row a piece, a column a z, the same z in all rows."""
    z = torch.randn(n_z, *Z_SHAPE, generator=torch.Generator().manual_seed(1)).to(mel.device)
    rows = [mvnet.generator(v[None].expand(n_z, -1, -1, -1), z) for v in mvnet.encoder(mel)]
    return torch.cat(rows)


def save(run: Run, folder: Path, mel: Tensor) -> None:
    """Keeps the state, the average of this moment (for the judge) and a sheet."""
    house.save_atomic(folder / "state.pt", run.state())
    average = {
        k: v.half() if v.is_floating_point() else v.clone() for k, v in run.average.state_dict().items()
    }
    n = f"{run.counters.n_images:07d}"
    house.save_atomic(folder / "snapshots" / f"{n}.pt", {"average": average, "power": run.settings.power})
    house.save_sheet(sample_sheet(run.average, mel.to(run.device)), folder / "sheets" / f"{n}.jpg", N_SHEET_Z)


def prepare(data: Path, folder: Path, n_per_era: int = mvnet_music.N_TRAIN_PER_ERA) -> tuple[Eras, Paintings]:
    """Paintings and eras of `data`; renders the music that is missing in `folder`."""
    library = Library(data, "train")
    years = [int(float(row["year"])) for row in painting_rows(data, "train")]
    eras = find_eras([piece.year for piece in library.pieces], years)
    mvnet_music.make(data, folder, eras, n_per_era)
    return eras, read_paintings(data, "train", folder)


def sheet_mels(music: Music, eras: Eras, n: int = N_SHEET_MUSIC) -> Tensor:
    """Windows (n, 3, 128, 256) of pieces of eras spread evenly, oldest first."""
    order = sorted(range(len(music)), key=lambda i: (int(music.years[i]), music.names[i]))
    order = [i for i in order if eras.of(int(music.years[i])) is not None]
    return windows(music, [order[(2 * k + 1) * len(order) // (2 * n)] for k in range(n)])


def hear(data: Path, folder: Path, settings: Settings, minutes: float, device: torch.device) -> None:
    """The encoder's first lessons, on music alone; kept in `folder` as the music is."""
    eras, paintings = prepare(data, folder)
    pairs = Pairs(read_music(folder, "train"), paintings, eras, 2, 1, settings.seed)
    mvnet_hearing.train(pairs, eras, folder, settings.power, settings.seed, minutes, device)


def train(
    data: Path,
    folder: Path,
    out: Path,
    vgg: Path,
    settings: Settings,
    minutes: float,
    resume: bool,
    device: torch.device,
) -> None:
    """Trains on the music in `folder` and the paintings of `data`, keeping everything in `out`."""
    eras, paintings = prepare(data, folder)
    music = read_music(folder, "train")
    path = out / "state.pt"
    run = Run.from_state(house.load_state(path), device) if resume else Run(eras, settings, device)
    if not resume:
        run.start_from(folder / "hearing.pt")
    pairs = Pairs(music, paintings, run.eras, run.settings.n_clips, run.settings.n_images, run.settings.seed)
    for i in range(0 if resume else N_LESSONS):
        teach(run, pairs.paintings(-i - 1, N_CLASSIFIED))
    if not resume:
        tune(run, music)
    mel = sheet_mels(music, run.eras)
    style = StyleVGG.load(vgg).to(device)

    def next_step() -> dict[str, float]:
        n = run.counters.n_steps
        return step(run, pairs.batch(n), pairs.paintings(n, N_CLASSIFIED), style, torch.bfloat16)

    house.stop_on_signal()
    house.train_loop(
        next_step,
        run.counters,
        lambda: save(run, out, mel),
        house.Stats(out / "stats.jsonl", resume),
        house.Progress(minutes * 60),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("train", "music", "hear", "judge", "publish", "sheet"),
        default="train",
        help="learn (the default); render the music only; measure; to models/; draw pieces of four centuries",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train (default 60)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="a folder with midi/, paintings/ and perhaps audio/"
    )
    parser.add_argument("--vgg", type=Path, default=DEFAULT_VGG, help="the folder of the normalised VGG")
    parser.add_argument("--music", type=Path, default=RUN_DIR, help="where the rendered music is kept")
    parser.add_argument("--out", type=Path, default=RUN_DIR, help="where the run is kept")
    parser.add_argument("--clips", type=int, default=Settings.n_clips, help="clips a step (default 8)")
    parser.add_argument("--images", type=int, default=Settings.n_images, help="images a clip (default 2)")
    parser.add_argument("--rate", type=float, default=Settings.learning_rate, help="learning rate of G")
    parser.add_argument("--rate-e", type=float, default=Settings.rate_e, help="learning rate of E")
    parser.add_argument("--rate-d", type=float, default=Settings.rate_d, help="learning rate of D")
    parser.add_argument("--power", type=float, default=Settings.power, help="compression of the mel in E")
    parser.add_argument("--gamma", type=float, default=GAMMA, help="weight of the era classification")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and end")
    parser.add_argument("--models", type=Path, default=MODELS / ID, help="where --stage publish writes")
    parser.add_argument(
        "--without", type=Path, default=RUN_DIR / "without", help="a run without the classification loss"
    )
    parser.add_argument(
        "--picture", type=Path, default=Path("era-pieces.jpg"), help="what --stage sheet draws"
    )


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="klangbild train mvnet", description=__doc__)
    add_arguments(parser)
    a = parser.parse_args(argv)
    settings = Settings(a.clips, a.images, a.rate, a.rate_e, a.rate_d, a.power, a.gamma, a.seed)
    if a.dry_run:
        weights = {"alpha": ALPHA, "beta": BETA, "gamma": a.gamma}
        print(
            json.dumps(
                {"stage": a.stage, "settings": asdict(settings), **weights, "data": str(a.data)}, indent=2
            )
        )
        return 0
    if a.threads:
        torch.set_num_threads(a.threads)
    if a.stage == "music":
        prepare(a.data, a.music)
    elif a.stage == "hear":
        hear(a.data, a.music, settings, a.minutes, torch.device(a.device))
    elif a.stage == "train":
        device = torch.device(a.device)
        train(a.data, a.music, a.out, a.vgg, settings, a.minutes, a.resume, device)
    else:
        from visualizer.training import mvnet_publish

        mvnet_publish.main(a)
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
