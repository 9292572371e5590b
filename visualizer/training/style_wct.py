"""Trains the three decoders of multi-level WCT, each on what the one before painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from visualizer.networks import style_transforms as transforms
from visualizer.networks.style_transfer import Decoder
from visualizer.training import style_teacher as teacher

if TYPE_CHECKING:
    from visualizer.training.style import Lesson

EPSILON = 1e-3
STYLE_WEIGHT = 3.0
PLAIN_EVERY = 4


def learn_wct(lesson: Lesson) -> tuple[Tensor, dict[str, float]]:
    """The style's statistics and the content's forms, behind every level; each fourth step plain pictures.

    From pixels alone (Li et al. 2017) the shallow decoders, narrow as they are, lost a quarter of the style.
    """
    content = lesson.contents()
    content_levels = lesson.wanted(content)
    decoders = list(lesson.run.wct)
    if lesson.run.counters["wct"].n_steps % PLAIN_EVERY == 0:
        return _rebuild(lesson, content, content_levels)
    style = lesson.styles()
    wanted, style_levels = lesson.wanted(style), lesson.features(style)
    image, loss = content, torch.zeros(())
    figures: dict[str, float] = {}
    for level in (3, 2, 1):
        decoder = decoders[level - 1]
        assert isinstance(decoder, Decoder)
        features = lesson.features(image, level)[-1].float()
        with torch.autocast("cpu", enabled=False):
            affine = transforms.wct(features, style_levels[level - 1].float(), EPSILON)
            folded = decoder.fold(*affine)
        painted = decoder(features, *folded)
        got = lesson.vgg(painted)
        forms = teacher.content_distance(got, content_levels)
        manner = teacher.style_distance(got, wanted)
        loss = loss + forms + STYLE_WEIGHT * manner
        figures |= {f"content{level}": float(forms.detach()), f"style{level}": float(manner.detach())}
        image = painted.detach().float().clamp(0, 1)
    return loss, figures


def _rebuild(lesson: Lesson, picture: Tensor, wanted: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Each level's picture back from its own features: pixels, and the teacher's features."""
    levels = lesson.features(picture)
    loss, error = torch.zeros(()), 0.0
    for decoder, features in zip(lesson.run.wct, levels, strict=True):
        got = decoder(features)
        squared = F.mse_loss(got.float(), picture)
        loss, error = loss + 20 * squared, float(squared.detach())
        for a, b in zip(lesson.vgg(got), wanted, strict=True):
            loss = loss + 0.3 * teacher.relative_error(a, b)
    return loss, {"rebuilt": error}
