"""Trains style transfer: an encoder that learns from a reference VGG, then decoders and four networks on it.

Stages, each on what the ones before left: encoder (features like the teacher's), decoders (pictures back
from the features of each level), adain, linear, wct, avatar; then publish and sheet. One state file holds
them all.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks import style_transforms as transforms
from visualizer.networks.style_transfer import AvatarDecoder, Decoder, Encoder, LinearTransfer, StyleShape
from visualizer.training import house
from visualizer.training import style_teacher as teacher
from visualizer.training.style_pictures import DEFAULT_DATA, STYLE_PX, Pictures
from visualizer.training.style_wct import learn_wct
from visualizer.types import UserError

MINUTES = {"encoder": 15.0, "decoders": 20.0, "adain": 8.0, "linear": 20.0, "wct": 20.0, "avatar": 12.0}
STAGES = tuple(MINUTES)
RATES = {"encoder": 2e-3, "decoders": 1e-3, "adain": 5e-4, "linear": 7e-4, "wct": 5e-4, "avatar": 7e-4}
STYLE_WEIGHTS = {"adain": 2.0, "linear": 3.0}
CROP_PX = 128
N_FIRST_BATCHES = 8
MODELS_DIR = Path("models")
SHAPE = StyleShape()
RUN_DIR = house.RUNS_DIR / "style"
AVATAR_EPSILON = 1e-2
AVATAR_SHARE = 0.5
"""Of what Avatar-Net mixes, how much is patches: with patches alone, contents blur (docs/decisions/0011)."""


@dataclass
class Settings:
    """What a run was started with (kept in its state; --resume goes on with it)."""

    n_batch: int = 4
    crop_px: int = CROP_PX
    seed: int = 7


class Run:
    """All progress in one object: networks, the optimiser of the stage at work, counters of each stage."""

    def __init__(self, shape: StyleShape, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.shape, self.settings = shape, settings
        self.encoder = Encoder(shape)
        self.decoders = nn.ModuleList(Decoder(shape, level) for level in (1, 2, 3))
        self.adain = Decoder(shape, 3)
        self.linear = LinearTransfer(shape)
        self.wct = nn.ModuleList(Decoder(shape, level) for level in (1, 2, 3))
        self.avatar = AvatarDecoder(shape)
        self.counters = {stage: house.Counters() for stage in STAGES}
        self.optimizer: torch.optim.Adam | None = None
        self.optimizer_stage = ""
        for module in self.modules().values():
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def modules(self) -> dict[str, nn.Module]:
        names = ("encoder", "decoders", "adain", "linear", "wct", "avatar")
        return {name: getattr(self, name) for name in names}

    def start(self, stage: str) -> torch.optim.Adam:
        """The optimiser of a stage, which begins (when it is new) with what the stages before left."""
        if self.counters[stage].n_steps == 0:
            self.inherit(stage)
        if self.optimizer is None or self.optimizer_stage != stage:
            self.optimizer = self._make_optimizer(stage)
            self.optimizer_stage = stage
        return self.optimizer

    def _make_optimizer(self, stage: str) -> torch.optim.Adam:
        """The first layer of the encoder has a long way to go to weights as large as its teacher's."""
        module = self.modules()[stage]
        first = list(self.encoder.level1.parameters()) if stage == "encoder" else []
        rest = [p for p in module.parameters() if all(p is not other for other in first)]
        groups = [{"params": rest, "factor": 1.0}, {"params": first, "factor": 5.0}]
        groups = [group for group in groups if group["params"]]
        return torch.optim.Adam(groups, RATES[stage], (0.9, 0.99), fused=True)

    @torch.no_grad()
    def inherit(self, stage: str) -> None:
        """Weights of the stages before, for a stage that has none of its own yet."""
        if stage == "adain":
            self.adain.load_state_dict(self.decoders[2].state_dict())
        elif stage == "linear":
            best = self.adain if self.counters["adain"].n_steps else self.decoders[2]
            self.linear.decoder.load_state_dict(best.state_dict())
        elif stage == "wct":
            self.wct.load_state_dict(self.decoders.state_dict())
            if self.counters["linear"].n_steps:  # taught on coloured features too
                self.wct[2].load_state_dict(self.linear.decoder.state_dict())
        elif stage == "avatar":
            names = ("quarter", "half0", "half1", "full0", "full1")
            deepest = self.decoders[2]
            assert isinstance(deepest, Decoder)
            kept = [layer for layer in deepest.layers if not isinstance(layer, nn.Upsample)]
            self.avatar.mix.load_state_dict(deepest.mix.state_dict())
            for name, layer in zip(names, kept, strict=True):
                getattr(self.avatar, name).load_state_dict(layer.state_dict())

    def state(self) -> dict[str, Any]:
        return {
            **{name: module.state_dict() for name, module in self.modules().items()},
            "shape": self.shape.to_json(),
            "settings": asdict(self.settings),
            "counters": {stage: asdict(counters) for stage, counters in self.counters.items()},
            "optimizer": self.optimizer.state_dict() if self.optimizer else {},
            "optimizer_stage": self.optimizer_stage,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Run:
        with house.reading_state():
            run = cls(StyleShape.from_json(state["shape"]), Settings(**state["settings"]))
            for name, module in run.modules().items():
                house.load_part(module, state, name)
            run.counters = {stage: house.Counters(**values) for stage, values in state["counters"].items()}
            if state["optimizer_stage"]:
                run.optimizer_stage = state["optimizer_stage"]
                run.optimizer = run._make_optimizer(run.optimizer_stage)
                house.load_part(run.optimizer, state, "optimizer")
        return run


@dataclass
class Lesson:
    """What a step of any stage works with."""

    run: Run
    vgg: teacher.ReferenceVGG
    pictures: Pictures

    def features(self, picture: Tensor, n_levels: int = 3) -> list[Tensor]:
        with torch.no_grad():
            return self.run.encoder(picture, n_levels)  # type: ignore[no-any-return]

    def wanted(self, picture: Tensor) -> list[Tensor]:
        with torch.no_grad():
            return self.vgg(picture)

    def contents(self) -> Tensor:
        return self.pictures.contents(self.run.settings.n_batch, self.run.settings.crop_px)

    def styles(self) -> Tensor:
        """Half of the batches as small as MVNet's pictures, half as large as the contents."""
        n_steps = self.run.counters[self.run.optimizer_stage].n_steps
        px = STYLE_PX if n_steps % 2 else self.run.settings.crop_px
        return self.pictures.styles(self.run.settings.n_batch, px)


def learn_encoder(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """Features of every level like the teacher's, on contents and on small whole paintings."""
    n_steps = lesson.run.counters["encoder"].n_steps
    picture = lesson.pictures.styles(3 * lesson.run.settings.n_batch, STYLE_PX)
    if n_steps % 3:
        picture = lesson.contents()
    wanted = lesson.wanted(picture)
    got = lesson.run.encoder(picture)
    errors = [teacher.relative_error(a, b) for a, b in zip(got, wanted, strict=True)]
    return sum(errors, torch.zeros(())), {f"level{i + 1}": float(e.detach()) for i, e in enumerate(errors)}


def rebuild_error(lesson: Lesson, got: Tensor, picture: Tensor, wanted: list[Tensor]) -> Tensor:
    """Pixels and the teacher's features of a picture that was decoded again."""
    error = 20 * F.mse_loss(got.float(), picture)
    for a, b in zip(lesson.vgg(got), wanted, strict=True):
        error = error + 0.5 * teacher.relative_error(a, b)
    return error


def learn_decoders(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """Pictures back from each level (Li et al. 2017, equation 1); the shallow two by pixels alone."""
    picture = lesson.contents()
    levels = lesson.features(picture)
    pictures = [decoder(level) for decoder, level in zip(lesson.run.decoders, levels, strict=True)]
    errors = [F.mse_loss(got.float(), picture) for got in pictures]
    loss = rebuild_error(lesson, pictures[2], picture, lesson.wanted(picture))
    loss = loss + 20 * (errors[0] + errors[1])
    return loss, {f"psnr{i + 1}": psnr(float(e.detach())) for i, e in enumerate(errors)}


def learn_adain(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """AdaIN's decoder: the style's statistics and the content's forms; each third step a plain picture."""
    return _learn_affine(lesson, lesson.run.adain, transforms.adain, STYLE_WEIGHTS["adain"])


def learn_linear(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """The linear network with its decoder: as AdaIN, through T."""
    linear = lesson.run.linear
    return _learn_affine(lesson, linear.decoder, linear.affine, STYLE_WEIGHTS["linear"])


def _learn_affine(
    lesson: Lesson, decoder: Decoder, affine: Any, weight: float
) -> tuple[Tensor, dict[str, float]]:
    content = lesson.contents()
    content_levels = lesson.wanted(content)
    features = lesson.features(content)[2]
    if lesson.run.counters[lesson.run.optimizer_stage].n_steps % 3 == 0:
        got = decoder(features)
        loss = rebuild_error(lesson, got, content, content_levels)
        return loss, {"psnr": psnr(float(F.mse_loss(got.detach().float(), content)))}
    style = lesson.styles()
    with torch.autocast("cpu", enabled=False):
        matrix, offset = affine(features.float(), lesson.features(style)[2].float())
        folded = decoder.fold(matrix, offset)
    got = lesson.vgg(decoder(features, *folded))
    forms = teacher.content_distance(got, content_levels)
    manner = teacher.style_distance(got, lesson.wanted(style))
    return forms + weight * manner, {"content": float(forms.detach()), "style": float(manner.detach())}


def learn_avatar(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """Avatar-Net's decoder: a picture back from its features and the statistics of its own shallow levels.

    Every second step the features are those the style decorator lays (no gradient through the swap), and the
    picture should have the style's statistics.
    """
    avatar = lesson.run.avatar
    content = lesson.contents()
    levels = lesson.features(content)
    if lesson.run.counters["avatar"].n_steps % 2 == 0:
        got = avatar(avatar.mix(levels[2]), *avatar.project(levels))
        loss = rebuild_error(lesson, got, content, lesson.wanted(content))
        return loss, {"psnr": psnr(float(F.mse_loss(got.detach().float(), content)))}
    style = lesson.styles()
    style_levels = lesson.features(style)
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        pairs = zip(levels[2].float().split(1), style_levels[2].float().split(1), strict=True)
        laid = torch.cat([transforms.decorate(c, s, AVATAR_EPSILON) for c, s in pairs])
    dressed = transforms.dress(avatar.mix(levels[2]), avatar.mix(style_levels[2]))
    mixed = torch.lerp(dressed, avatar.mix(laid).float(), AVATAR_SHARE)
    got = avatar(mixed, *avatar.project(style_levels))
    seen = lesson.vgg(got)
    manner = teacher.style_distance(seen, lesson.wanted(style))
    forms = teacher.content_distance(seen, lesson.wanted(content))
    return manner + 0.3 * forms, {"style": float(manner.detach()), "content": float(forms.detach())}


LEARN = {
    "encoder": learn_encoder,
    "decoders": learn_decoders,
    "adain": learn_adain,
    "linear": learn_linear,
    "wct": learn_wct,
    "avatar": learn_avatar,
}


def psnr(squared_error: float) -> float:
    """dB of a mean squared error of pixels in [0, 1]."""
    return -10 * math.log10(max(squared_error, 1e-10))


def train_stage(run: Run, stage: str, minutes: float, lesson: Lesson, folder: Path, keep: bool) -> None:
    """One stage for so many minutes, its rate falling to a fiftieth along a cosine."""
    optimizer, counters = run.start(stage), run.counters[stage]
    end_s = counters.seconds + minutes * 60
    if stage == "linear" and counters.n_steps == 0:
        seen = [lesson.features(lesson.contents())[2] for _ in range(N_FIRST_BATCHES)]
        run.linear.begin_with(torch.cat(seen))

    def step() -> dict[str, float]:
        done = 1 - max(0.0, end_s - counters.seconds) / (minutes * 60)
        rate = RATES[stage] * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        rate *= min(1.0, (counters.n_steps + 1) / 50)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        with torch.autocast("cpu", torch.bfloat16):
            loss, figures = LEARN[stage](lesson)
        optimizer.zero_grad(set_to_none=True)
        if not torch.isfinite(loss):
            return {"loss": math.nan}  # before the weights are touched: the loop stops here
        loss.backward()
        nn.utils.clip_grad_norm_(run.modules()[stage].parameters(), 5.0)
        optimizer.step()
        counters.n_steps += 1
        counters.n_images += run.settings.n_batch
        return {"loss": float(loss.detach()), **figures}

    def save() -> None:
        house.save_atomic(folder / "state.pt", run.state())

    stats = house.Stats(folder / f"{stage}.jsonl", keep)
    house.train_loop(step, counters, save, stats, house.Progress(minutes * 60), save_s=90.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="paintings/, pictures/, affect/, or any pictures"
    )
    parser.add_argument("--vgg", type=Path, default=teacher.DEFAULT_VGG, help="folder of the reference VGG")
    parser.add_argument("--folder", type=Path, default=RUN_DIR, help="where the state is kept")
    parser.add_argument("--models", type=Path, default=MODELS_DIR, help="where models are published")
    parser.add_argument(
        "--music", type=Path, default=house.RUNS_DIR / "mvnet", help="MVNet's music, for the sheet"
    )
    parser.add_argument(
        "--stage",
        default="all",
        choices=["all", *STAGES, "publish", "sheet"],
        help="all trains every stage and publishes",
    )
    parser.add_argument("--minutes", type=float, help="of the stage, or of all stages together (default 95)")
    parser.add_argument("--batch", type=int, default=4, help="pictures a step")
    parser.add_argument("--crop", type=int, default=CROP_PX, help="side of the contents, px")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--device", default="cpu", choices=["cpu"], help="the networks are small")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--resume", action="store_true", help="go on from the state of an earlier run")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def plan(stage: str, minutes: float | None) -> dict[str, float]:
    """Minutes of each stage that trains."""
    if stage in STAGES:
        return {stage: MINUTES[stage] if minutes is None else minutes}
    if stage != "all":
        return {}
    factor = 1.0 if minutes is None else minutes / sum(MINUTES.values())
    return {name: value * factor for name, value in MINUTES.items()}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="klangbild train style", description=(__doc__ or "").splitlines()[0]
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    for name in ("batch", "crop", "threads"):
        if getattr(args, name) < 1:
            raise UserError(f"--{name} should be 1 or more, not {getattr(args, name)}")
    if args.crop % 16:
        raise UserError(f"--crop should be a multiple of 16, not {args.crop}")
    todo = plan(args.stage, args.minutes)
    if args.dry_run:
        for stage, minutes in todo.items():
            print(f"would train {stage} for {minutes:.1f} min in {args.folder}")
        if args.stage not in STAGES:
            print(f"would write models to {args.models}")
        return 0
    torch.set_num_threads(args.threads)
    house.stop_on_signal()
    state_path = args.folder / "state.pt"
    is_first = args.stage in ("all", "encoder") and not args.resume
    run = Run(SHAPE, Settings(args.batch, args.crop, args.seed))
    if not is_first:
        run = Run.from_state(house.load_state(state_path))
    if todo:
        vgg = teacher.ReferenceVGG(args.vgg)
        lesson = Lesson(
            run, vgg, Pictures(args.data, args.seed + sum(c.n_steps for c in run.counters.values()))
        )
        for stage, minutes in todo.items():
            print(f"{stage}, {minutes:.1f} min", flush=True)
            train_stage(run, stage, minutes, lesson, args.folder, args.resume)
    if args.stage in ("all", "publish"):
        from visualizer.training.style_publish import publish_all

        publish_all(run, args.models, args.vgg, args.data)
    if args.stage == "sheet":
        from visualizer.training.style_sheet import make_sheet

        make_sheet(args.models, args.music)
    return 0
