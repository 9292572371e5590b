"""The published taggers that teach ours: FCN, CRNN and musicnn, built to fit their released state dicts.

Source: Won et al., "Evaluation of CNN-based automatic music tagging models" (2020); weights under MIT.
Each hears the same 3.69 s, tiled (or cut) to the length it was trained on; the ensemble is their mean.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from visualizer.networks.tagger import N_TAGS
from visualizer.types import UserError

RATE_HZ = 16_000
N_FFT = 512
HOP = 256
N_MELS = 96
LONG_SAMPLES = 29 * RATE_HZ
MUSICNN_SAMPLES = 3 * RATE_HZ
NAMES = ("fcn", "crnn", "musicnn")


class _Spec(nn.Module):
    """Holds the window and the mel filters under the names that the state dicts use."""

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram = nn.Module()
        self.spectrogram.register_buffer("window", torch.hann_window(N_FFT))
        self.mel_scale = nn.Module()
        self.mel_scale.register_buffer("fb", torch.zeros(N_FFT // 2 + 1, N_MELS))

    def forward(self, x: Tensor) -> Tensor:
        """(B, n) samples → (B, 1, 96, 1 + n // 256) dB; centred, edges reflected, as in their training."""
        window, filters = self.spectrogram.window, self.mel_scale.fb
        assert isinstance(window, Tensor) and isinstance(filters, Tensor)
        spectrum = torch.stft(x, N_FFT, HOP, window=window, center=True, return_complex=True)
        mel = (spectrum.abs().square().transpose(1, 2) @ filters).transpose(1, 2)
        return 10 * torch.log10(mel.clamp(min=1e-10)).unsqueeze(1)


class _Conv2d(nn.Module):
    def __init__(self, n_in: int, n_out: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.bn = nn.BatchNorm2d(n_out)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(torch.relu(self.bn(self.conv(x))), self.pool)


class _Conv1d(nn.Module):
    def __init__(self, n_in: int, n_out: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(n_in, n_out, width, padding=width // 2)
        self.bn = nn.BatchNorm1d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class _Vertical(nn.Module):
    """A tall filter, its maximum over frequency: timbre wherever it lies."""

    def __init__(self, n_out: int, height: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, n_out, (height, 7), padding=(0, 3))
        self.bn = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x))).amax(dim=2)


class Fcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spec, self.spec_bn = _Spec(), nn.BatchNorm2d(1)
        self.layer1, self.layer2 = _Conv2d(1, 64, (2, 4)), _Conv2d(64, 128, (2, 4))
        self.layer3, self.layer4 = _Conv2d(128, 128, (2, 4)), _Conv2d(128, 128, (3, 5))
        self.layer5 = _Conv2d(128, 64, (4, 4))
        self.dense = nn.Linear(64, N_TAGS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.spec_bn(self.spec(x))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4, self.layer5):
            x = layer(x)
        return torch.sigmoid(self.dense(x.flatten(1)))


class Crnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spec, self.spec_bn = _Spec(), nn.BatchNorm2d(1)
        self.layer1, self.layer2 = _Conv2d(1, 64, (2, 2)), _Conv2d(64, 128, (3, 3))
        self.layer3, self.layer4 = _Conv2d(128, 128, (4, 4)), _Conv2d(128, 128, (4, 4))
        self.layer5 = nn.GRU(128, 32, 2, batch_first=True)
        self.dense = nn.Linear(32, N_TAGS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.spec_bn(self.spec(x))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        states, _ = self.layer5(x.squeeze(2).transpose(1, 2))
        return torch.sigmoid(self.dense(states[:, -1]))


class Musicnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spec, self.spec_bn = _Spec(), nn.BatchNorm2d(1)
        self.layers = nn.ModuleList(
            [
                _Vertical(204, 67),
                _Vertical(204, 38),
                _Conv1d(1, 51, 129),
                _Conv1d(1, 51, 65),
                _Conv1d(1, 51, 33),
            ]
        )
        self.layer1, self.layer2, self.layer3 = _Conv1d(561, 64, 7), _Conv1d(64, 64, 7), _Conv1d(64, 64, 7)
        self.dense1, self.bn, self.dense2 = nn.Linear(1506, 200), nn.BatchNorm1d(200), nn.Linear(200, N_TAGS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.spec_bn(self.spec(x))
        mean = x.mean(dim=2)
        front = torch.cat([layer(x if i < 2 else mean) for i, layer in enumerate(self.layers)], dim=1)
        first = self.layer1(front)
        second = self.layer2(first) + first
        third = self.layer3(second) + second
        heard = torch.cat([front, first, second, third], dim=1)
        pooled = torch.cat([heard.amax(dim=2), heard.mean(dim=2)], dim=1)
        return torch.sigmoid(self.dense2(torch.relu(self.bn(self.dense1(pooled)))))


class Ensemble(nn.Module):
    """(B, 59049) samples at 16 kHz in [-1, 1] → mean probability of the 50 tags, (B, 50) in [0, 1]."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.fcn, self.crnn, self.musicnn = Fcn(), Crnn(), Musicnn()
        for name in NAMES:
            path = folder / f"mtat-{name}.pth"
            if not path.is_file():
                raise UserError(
                    f"the teacher's weights {path} are missing; name their folder with --teachers"
                )
            getattr(self, name).load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        self.eval()

    def each(self, x: Tensor) -> Tensor:
        """(B, n) → (3, B, 50), in the order of `NAMES`."""
        long = x.repeat(1, LONG_SAMPLES // x.shape[1] + 1)[:, :LONG_SAMPLES]
        at = max(0, (x.shape[1] - MUSICNN_SAMPLES) // 2)
        with torch.no_grad():
            return torch.stack(
                [self.fcn(long), self.crnn(long), self.musicnn(x[:, at : at + MUSICNN_SAMPLES])]
            ).float()

    def forward(self, x: Tensor) -> Tensor:
        return self.each(x).mean(dim=0)


class FastEnsemble:
    """The same ensemble through OpenVINO in bf16, about six times as fast on a CPU (within 0.02 of it).

    (batch, 59049) float32 → (batch, 50); the batch size is fixed, shorter ones are padded.
    """

    def __init__(self, folder: Path, batch: int = 8) -> None:
        import openvino

        self.batch = batch
        self._ensemble = Ensemble(folder)
        self._spec = self._ensemble.fcn.spec  # the three share one front end
        core = openvino.Core()
        hints = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "bf16"}
        self._networks = []
        for name, n in zip(NAMES, (LONG_SAMPLES, LONG_SAMPLES, MUSICNN_SAMPLES), strict=True):
            network = getattr(self._ensemble, name)
            mel = self._spec(torch.zeros(batch, n))
            network.spec = nn.Identity()
            model = openvino.convert_model(network, example_input=mel, input=[tuple(mel.shape)])
            self._networks.append(core.compile_model(model, "CPU", hints))

    def __call__(self, x: Tensor) -> Tensor:
        n = len(x)
        x = functional.pad(x, (0, 0, 0, self.batch - n))
        long = self._spec(x.repeat(1, LONG_SAMPLES // x.shape[1] + 1)[:, :LONG_SAMPLES]).numpy()
        at = max(0, (x.shape[1] - MUSICNN_SAMPLES) // 2)
        short = self._spec(x[:, at : at + MUSICNN_SAMPLES]).numpy()
        heard = [network([mel])[0] for network, mel in zip(self._networks, (long, long, short), strict=True)]
        return torch.from_numpy(sum(heard)[:n] / len(heard))
