"""MVNet of "Crossing You in Style": what 8.91 s of music look like, as a 64×64 style image.

Encoder, generator and discriminator follow table 1 of the paper, the era classifier the size of the released
one (table 1 has none). Where paper and released code differ, design.md decides: linear power mel, v made
8×8 by a bilinear (never a random) resize, z drawn once and kept. Ours, with figures in docs/decisions/0010:
the encoder may hear a root of the power, and v reaches the generator standardised and past its norms.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

N_THIRDS = 3
N_MELS = 128
N_COLUMNS = 256
V_SHAPE = (1, 8, 16)
Z_SHAPE = (256, 8, 8)
IMAGE_PX = 64

SILENCE_POWER = 1e-7
"""Mean mel power that counts as silence, about -80 dBFS: windows of that level and below fade to nothing."""

V_GAIN = 16.0
"""How loud G hears the standardised v beside 256 channels of z of 1: half of what it hears is music."""
LOUDEST = 4.0
"""Deviations from the mean at which v ends, so that sounds never heard before stay in range."""
RESIDUAL = 0.5
"""How much of v itself G hears beside how late it sounds."""

ENCODER_CHANNELS = (32, 64, 128, 256, 256)
GENERATOR_CHANNELS = (256, 128)
DISCRIMINATOR_CHANNELS = (64, 128, 256, 256)
CLASSIFIER_CHANNELS = (32, 64, 64, 64)
LEAK = 0.2
HEAD_SCALE = 0.2
"""v begins this small, so that distances begin near the triplet's margin: far above it, E makes all v one."""


class Encoder(nn.Module):
    """E: mel (B, 3, 128, 256) float32 linear power, as `EraMel.window()` → v (B, 1, 8, 16). Table 1 (a).

    Five times Conv3×3-BN-ReLU with a max-pool between two, then Conv1×1.
    """

    def __init__(self, power: float = 1.0) -> None:
        super().__init__()
        self.power = power
        layers: list[nn.Module] = []
        n_in = N_THIRDS
        for i, n_out in enumerate(ENCODER_CHANNELS):
            layers += [nn.MaxPool2d(2)] if i else []
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in = n_out
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(n_in, V_SHAPE[0], 1)
        with torch.no_grad():
            self.head.weight.mul_(HEAD_SCALE)

    def forward(self, mel: Tensor) -> Tensor:
        v: Tensor = self.head(self.features(mel))
        return v

    def features(self, mel: Tensor) -> Tensor:
        """What v is made of, (B, 256, 8, 16); any width that 16 divides gives a sixteenth of it."""
        features: Tensor = self.layers(self.level(mel))
        return features

    def level(self, mel: Tensor) -> Tensor:
        """Power over its mean in the window (B, 3, 128, 256), to the power `self.power`; 0 in silence."""
        mel = mel.clamp(min=0.0)
        return self.compress(mel / (mel.mean((1, 2, 3), keepdim=True) + SILENCE_POWER))

    def compress(self, relative: Tensor) -> Tensor:
        """Power over its mean, to the power `self.power`."""
        return relative if self.power == 1.0 else (relative + 1e-8) ** self.power


class SelfAttention(nn.Module):
    """Every place asks every 2×2 of places: x + strength · attention(x), (B, C, H, W); strength begins at 0.

    Source: Zhang et al., Self-Attention GAN, 2019, section 3; keys and values max-pooled as in their released
    code, which takes a quarter of the time.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(n_channels, n_channels // 8, 1)
        self.key = nn.Conv2d(n_channels, n_channels // 8, 1)
        self.value = nn.Conv2d(n_channels, n_channels, 1)
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x).flatten(2)
        key, value = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
        heard = value @ weights.transpose(1, 2)
        return x + self.strength * heard.reshape(x.shape)


class Standardise(nn.Module):
    """v (B, 1, 8, 16) → what G hears of it (B, 1, 8, 8): the same all over, how late it sounds, and v itself.

    v is squared bilinearly, each number brought to mean 0 and deviation 1 over the music of training, and a
    fitted reading of the order of eras added everywhere; all times V_GAIN. The triplet's margin leaves the
    numbers of v at about 0.1, and what era they tell lies in all 128 of them together, which a deconvolution,
    seeing 2×2 of them, cannot read. `n_readings` is how many such readings there are: the first is the order,
    the others are what tells eras apart best (discriminants), each in a channel of its own.
    """

    def __init__(self, n_readings: int = 1) -> None:
        super().__init__()
        shape = (V_SHAPE[0], *Z_SHAPE[1:])
        self.mean = nn.Buffer(torch.zeros(shape))
        self.gain = nn.Buffer(torch.ones(shape))
        self.reading = nn.Buffer(torch.zeros(n_readings, *shape[1:]))

    @property
    def n_channels(self) -> int:
        return len(self.reading)

    def forward(self, v: Tensor) -> Tensor:
        x = ((square(v) - self.mean) * self.gain).clamp(-LOUDEST, LOUDEST)
        told = (x * self.reading).sum((2, 3), keepdim=True).clamp(-LOUDEST, LOUDEST)
        late = told[:, :1] + RESIDUAL * x
        if self.n_channels == 1:
            return V_GAIN * late
        return V_GAIN * torch.cat((late, told[:, 1:].expand(-1, -1, *Z_SHAPE[1:])), 1)

    @torch.no_grad()
    def fit(self, v: Tensor, order: Tensor, ridge: float = 0.1) -> None:
        """From v (n, 1, 8, 16) of training music and the order of its era (n,), any unit."""
        x = square(v.float())
        self.mean.copy_(x.mean(0))
        self.gain.copy_(1 / x.std(0).clamp(min=1e-4))
        flat = ((x - self.mean) * self.gain).flatten(1)
        wanted = (order - order.mean()) / order.std()
        inner = flat.T @ flat / len(flat) + ridge * torch.eye(flat.shape[1], device=flat.device)
        weight = torch.linalg.solve(inner, flat.T @ wanted / len(flat))
        weights = torch.cat((weight[None], discriminants(flat, order, self.n_channels - 1)))
        weights = weights / (flat @ weights.T).std(0)[:, None].clamp(min=1e-6)
        self.reading.copy_(weights.reshape(self.reading.shape))


def discriminants(flat: Tensor, groups: Tensor, n: int, ridge: float = 0.1) -> Tensor:
    """(n, d): the directions in which groups (m,) of points (m, d) differ most beside what differs within.

    Fisher's, with the spread within leaned towards a sphere. Missing ones (few groups) are 0.
    """
    means = torch.stack([flat[groups == g].mean(0) for g in groups.unique()])
    own = torch.cat([flat[groups == g] - flat[groups == g].mean(0) for g in groups.unique()])
    within = own.T @ own / len(own)
    within = within + ridge * within.diagonal().mean() * torch.eye(flat.shape[1], device=flat.device)
    values, vectors = torch.linalg.eigh(within)
    white = vectors * values.clamp(min=1e-12).rsqrt()
    centred = (means - means.mean(0)) @ white
    found = torch.linalg.svd(centred, full_matrices=False)[2][: min(n, len(means) - 1)]
    directions = flat.new_zeros(n, flat.shape[1])
    directions[: len(found)] = found @ white.T
    return directions


class Generator(nn.Module):
    """G: v (B, 1, 8, 16) and z (B, 256, 8, 8) of N(0, 1) → image (B, 3, 64, 64) in [-1, 1]. Table 1 (b).

    Deconvolutions are spectrally normalised; `fold` leaves plain weights.
    """

    def __init__(self, n_readings: int = 1) -> None:
        super().__init__()
        first, second = GENERATOR_CHANNELS
        self.standardise = Standardise(n_readings)
        self.deconv1 = spectral_norm(nn.ConvTranspose2d(Z_SHAPE[0] + n_readings, first, 4, 2, 1))
        self.norm1 = nn.InstanceNorm2d(first, affine=True)
        self.deconv2 = spectral_norm(nn.ConvTranspose2d(first, second, 4, 2, 1))
        self.norm2 = nn.InstanceNorm2d(second, affine=True)
        self.attention1 = SelfAttention(second)
        self.attention2 = SelfAttention(second)
        self.deconv3 = spectral_norm(nn.ConvTranspose2d(second, 3, 4, 2, 1))

    def forward(self, v: Tensor, z: Tensor) -> Tensor:
        weight, bias = cast(Tensor, self.deconv1.weight), cast(Tensor, self.deconv1.bias)
        n = self.standardise.n_channels
        silent = F.conv_transpose2d(z, weight[n:], bias, stride=2, padding=1)
        heard = F.conv_transpose2d(self.standardise(v), weight[:n], stride=2, padding=1)
        both = F.relu(norm_by(silent, silent + heard, self.norm1))
        silent = F.relu(self.norm1(silent))
        x = F.relu(norm_by(self.deconv2(silent), self.deconv2(both), self.norm2))
        x = self.attention2(self.attention1(x))
        return torch.tanh(self.deconv3(x))


def norm_by(silent: Tensor, both: Tensor, norm: nn.InstanceNorm2d) -> Tensor:
    """The instance norm of `both` (B, C, H, W), with the mean and deviation of `silent`: what z alone gives.

    By its own, a norm takes away what v says all over the image: in training, every era had one mean colour.
    """
    deviation = (silent.var((2, 3), correction=0, keepdim=True) + norm.eps).sqrt()
    x = (both - silent.mean((2, 3), keepdim=True)) / deviation
    return x * norm.weight[:, None, None] + norm.bias[:, None, None]


def square(v: Tensor) -> Tensor:
    """v (B, 1, 8, 16) → (B, 1, 8, 8), bilinear: each place the mean of two neighbours in time."""
    return F.interpolate(v, size=Z_SHAPE[1:], mode="bilinear", align_corners=False)


class Discriminator(nn.Module):
    """D̄: image (B, 3, 64, 64) → how real its patches look, unbounded, (B, 256, 4, 4). Table 1 (c)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 3
        for n_out in DISCRIMINATOR_CHANNELS:
            layers += [nn.Conv2d(n_in, n_out, 4, 2, 1), nn.LeakyReLU(LEAK)]
            n_in = n_out
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        patches: Tensor = self.layers(image)
        return patches


class Classifier(nn.Module):
    """C: image (B, 3, 64, 64) → logits of its era (B, n_eras). About 94,000 parameters with 20 eras."""

    def __init__(self, n_eras: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 3
        for n_out in CLASSIFIER_CHANNELS:
            layers += [nn.Conv2d(n_in, n_out, 3, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.LeakyReLU(LEAK)]
            n_in = n_out
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(n_in, n_eras)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.layers(image).mean((2, 3))))
        return logits


class MVNet(nn.Module):
    """The trained pair {E, G}: mel (B, 3, 128, 256), z (B, 256, 8, 8) → image (B, 3, 64, 64) in [-1, 1]."""

    def __init__(self, power: float = 1.0, n_readings: int = 1) -> None:
        super().__init__()
        self.encoder = Encoder(power)
        self.generator = Generator(n_readings)

    def forward(self, mel: Tensor, z: Tensor) -> Tensor:
        image: Tensor = self.generator(self.encoder(mel), z)
        return image

    @torch.no_grad()
    def fold(self) -> MVNet:
        """Make the spectrally normalised weights plain ones, in place; evaluation mode; the same answers."""
        self.eval()
        for module in self.modules():
            if parametrize.is_parametrized(module, "weight"):
                parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
        for parameter in self.parameters():
            parameter.requires_grad_(True)
        return self


def example_inputs(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A mel, a v and a z of batch 1, for export and for parity."""
    random = torch.Generator().manual_seed(seed)
    mel = torch.rand(1, N_THIRDS, N_MELS, N_COLUMNS, generator=random) ** 8
    v, z = (torch.randn(1, *shape, generator=random) for shape in (V_SHAPE, Z_SHAPE))
    return mel, v, z
