"""The tagger on a window that slides: what a tick of two new columns changes, and no more.

Two columns on, a feature map of block b holds the same columns as before, but for a new one and those that
the zero padding at either end of the window touches. What padding does not touch is a stream: its column at
place p is the same whichever window looks. Places count ticks from the window's oldest column, so that
column j of block b stands at place j · 2^(b-1), and a tick moves every place by one.

The graphs made of these modules say by name what they take and give: `mel_<first>_<last>` are columns of the
window (1, n, 128), and `<stream>_<first>_<last>` columns (1, n, F, C) of a stream at evenly spaced places.
Streams of block b are `inner<b>` (after its first ReLU), `skip<b>` (beside it) and `out<b>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.tagger import N_COLUMNS, N_MELS, ResidualBlock, ShortChunkCNN

N_SLIDING = 4
"""Blocks with streams. Padding touches six of the eight columns of the fifth: it and the rest run whole."""

N_CATCH_UP = 8
"""Ticks that `CatchUp` takes at once."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What padding touches in block `index` (from 1): so many columns at either end."""

    index: int
    n_in: int
    n_out: int
    left_in: int
    right_in: int

    @property
    def spacing(self) -> int:
        """Places from one column of the block to the next."""
        return 1 << (self.index - 1)

    @property
    def inner_left(self) -> int:
        """Touched columns after the stride; one more after the second convolution, on either side."""
        return (self.left_in + 2) // 2

    @property
    def newest_inner(self) -> int:
        """The newest column after the stride that no padding touches; the block's own is one before."""
        return (self.n_in - self.right_in) // 2 - 1

    @property
    def newest(self) -> int:
        """The newest column of the block that no padding touches."""
        return self.newest_inner - 1

    @property
    def newest_inner_place(self) -> int:
        """Where `newest_inner` stands."""
        return self.newest_inner * self.spacing

    @property
    def newest_place(self) -> int:
        """Where `newest` stands."""
        return self.newest * self.spacing


def _reaches() -> tuple[Reach, ...]:
    made: list[Reach] = []
    n_in, left_in, right_in = N_COLUMNS, 0, 0
    for index in range(1, N_SLIDING + 1):
        reach = Reach(index, n_in, (n_in + 1) // 2, left_in, right_in)
        made.append(reach)
        n_in, left_in, right_in = reach.n_out, reach.inner_left + 1, reach.n_out - reach.newest - 1
    return tuple(made)


REACHES = _reaches()
"""Of the blocks with streams, for a window of 231 columns."""


class Sliding(nn.Module):
    """What both graphs share: the streams' names and shapes, and where columns come from."""

    inputs: dict[str, tuple[int, ...]]
    """Name → shape, in the order of `forward`."""
    outputs: tuple[str, ...]

    def __init__(self, tagger: ShortChunkCNN) -> None:
        super().__init__()
        self.tagger = tagger
        self.blocks = [block for block in tagger.blocks if isinstance(block, ResidualBlock)]
        self.inputs = {}

    def example_inputs(self) -> dict[str, Tensor]:
        """Values in the range of what they stand for, always the same."""
        random = torch.Generator().manual_seed(0)
        return {
            name: torch.randn(shape, generator=random) * 15 - 30
            if name.startswith("mel_")
            else torch.randn(shape, generator=random).abs()
            for name, shape in self.inputs.items()
        }

    def _take(self, stream: str, index: int, first: int, last: int, step: int = 1) -> str:
        """Declare an input: columns of a stream of block `index`, from place `first` to `last`."""
        name = f"{stream}{index}_{first}_{last}"
        n_channels, n_mels = self.tagger.channels[index - 1], N_MELS >> index
        self.inputs[name] = (1, (last - first) // step + 1, n_mels, n_channels)
        return name

    def _take_mel(self, first: int, last: int) -> str:
        name = f"mel_{first}_{last}"
        self.inputs[name] = (1, last - first + 1, N_MELS)
        return name

    def _maps(self, columns: Sequence[Tensor]) -> dict[str, Tensor]:
        """(1, n, F, C) → (1, C, n, F) of every input by name, the mel normalised."""
        maps: dict[str, Tensor] = {}
        for name, values in zip(self.inputs, columns, strict=True):
            if name.startswith("mel_"):
                maps[name] = self.tagger.norm(values[None])
            else:
                maps[name] = values.permute(0, 3, 1, 2)
        return maps


class Tick(Sliding):
    """One tick: from the streams and both ends of the window to embedding (1, 512) and tags (1, 50).

    Gives the new column of every stream as well.
    """

    def __init__(self, tagger: ShortChunkCNN) -> None:
        super().__init__(tagger)
        first = REACHES[0]
        n_inner = 2 * (first.inner_left + 2)
        self._mels = (
            self._take_mel(0, n_inner - 1),
            self._take_mel(2 * first.newest - 3, N_COLUMNS - 1),
        )
        self._names = {reach.index: self._take_ends(reach) for reach in REACHES[1:]}
        last = REACHES[-1]
        oldest = (last.inner_left + 1) * last.spacing
        self._middle = self._take("out", last.index, oldest, last.newest_place - last.spacing, last.spacing)
        made = [f"out1_{first.newest_place}_{first.newest_place}"]
        for reach in REACHES[1:]:
            inner, out = reach.newest_inner_place, reach.newest_place
            made += [f"inner{reach.index}_{inner}_{inner}", f"skip{reach.index}_{inner}_{inner}"]
            made += [f"out{reach.index}_{out}_{out}"]
        self.outputs = (*made, "embedding", "tags")

    def _take_ends(self, reach: Reach) -> tuple[str, ...]:
        """Columns of the streams beside those that are new or touched, at either end of a block."""
        index, s = reach.index, reach.spacing
        inner_left, newest = reach.inner_left, reach.newest
        oldest_right, newest_right = 2 * reach.newest_inner - 1, reach.n_in - reach.right_in - 2
        return (
            self._take("out", index - 1, reach.left_in * s // 2, (2 * inner_left - 1) * s // 2, s // 2),
            self._take("out", index - 1, oldest_right * s // 2, newest_right * s // 2, s // 2),
            self._take("inner", index, inner_left * s, (inner_left + 1) * s, s),
            self._take("inner", index, (newest - 1) * s, newest * s, s),
            self._take("skip", index, inner_left * s, inner_left * s),
            self._take("skip", index, newest * s, newest * s),
        )

    def forward(self, *columns: Tensor) -> tuple[Tensor, ...]:
        maps = self._maps(columns)
        made: list[Tensor] = []
        left, right = self._first(*(maps[name] for name in self._mels))
        made.append(_columns(right[:, :, :1]))
        for reach in REACHES[1:]:
            ends = [maps[name] for name in self._names[reach.index]]
            left, right = self._block(reach, left, right, ends, made)
        x = torch.cat((left, maps[self._middle], right), dim=2)
        for i, block in enumerate(self.blocks[N_SLIDING:], N_SLIDING + 1):
            x = _whole_block(block, x, is_last=N_MELS >> i == 1)
        embedding = x.amax(dim=(2, 3))
        return (*made, embedding, self._tags(embedding))

    def _tags(self, embedding: Tensor) -> Tensor:
        """As the tagger's, by 1×1 convolutions: OpenVINO would unpack the int8 of dense layers each time."""
        hidden = torch.relu(self.tagger.norm_dense(_dense(self.tagger.dense1, embedding)))
        return torch.sigmoid(_dense(self.tagger.dense2, hidden))

    def _first(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """The first block from the mel alone, which costs nearly nothing but for its second convolution."""
        block, reach = self.blocks[0], REACHES[0]
        n_left, n_right = reach.inner_left + 1, reach.n_out - reach.newest
        left, right = F.pad(left, (0, 0, 1, 0)), F.pad(right, (0, 0, 0, 1))
        inner_left = F.pad(_inner(block, left), (0, 0, 1, 0))
        inner_right = F.pad(_inner(block, right), (0, 0, 0, 1))
        return (
            _sum(block, inner_left, _skip(block, left)[:, :, :n_left]),
            _sum(block, inner_right, _skip(block, right)[:, :, -n_right:]),
        )

    def _block(
        self, reach: Reach, left: Tensor, right: Tensor, ends: Sequence[Tensor], made: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Touched columns at the left, new and touched ones at the right, of a block from those before it."""
        block = self.blocks[reach.index - 1]
        before_left, before_right, inner_left, inner_right, skip_left, skip_right = ends
        left = F.pad(torch.cat((left, before_left), dim=2), (0, 0, 1, 0))
        right = torch.cat((before_right, right), dim=2)
        if reach.n_in % 2:
            right = F.pad(right, (0, 0, 0, 1))
        new_inner, new_skip = _inner(block, right), _skip(block, right)
        inner_left = F.pad(torch.cat((_inner(block, left), inner_left), dim=2), (0, 0, 1, 0))
        inner_right = F.pad(torch.cat((inner_right, new_inner), dim=2), (0, 0, 0, 1))
        left = _sum(block, inner_left, torch.cat((_skip(block, left), skip_left), dim=2))
        right = _sum(block, inner_right, torch.cat((skip_right, new_skip), dim=2))
        made += [_columns(x[:, :, :1]) for x in (new_inner, new_skip, right)]
        return left, right


class CatchUp(Sliding):
    """The streams alone, `N_CATCH_UP` ticks at once: for ticks that were skipped, and for a new window."""

    def __init__(self, tagger: ShortChunkCNN, n_ticks: int = N_CATCH_UP) -> None:
        super().__init__(tagger)
        self.n_ticks = n_ticks
        first = REACHES[0]
        self._mel = self._take_mel(2 * (first.newest - n_ticks) - 1, 2 * first.newest_inner + 1)
        self._names = {reach.index: self._take_past(reach) for reach in REACHES[1:]}
        made = [self._newest("out", 1, first.newest_place)]
        for reach in REACHES[1:]:
            made += [self._newest(name, reach.index, reach.newest_inner_place) for name in ("inner", "skip")]
            made += [self._newest("out", reach.index, reach.newest_place)]
        self.outputs = tuple(made)

    def _newest(self, stream: str, index: int, place: int) -> str:
        return f"{stream}{index}_{place - self.n_ticks + 1}_{place}"

    def _take_past(self, reach: Reach) -> tuple[str, str, str]:
        """What a block needs of the streams before the new columns."""
        index, s, n, inner = reach.index, reach.spacing, self.n_ticks, reach.newest_inner_place
        known = REACHES[index - 2].newest_place - n
        return (
            self._take("out", index - 1, inner - n + 1 - s // 2, min(known, inner + s // 2)),
            self._take("inner", index, inner - n + 1 - 2 * s, inner - n),
            self._take("skip", index, inner - n + 1 - s, min(inner - n, inner - s)),
        )

    def forward(self, *columns: Tensor) -> tuple[Tensor, ...]:
        maps = self._maps(columns)
        block, mel = self.blocks[0], maps[self._mel]
        x = _sum(block, _inner(block, mel), _skip(block, mel)[:, :, 1:-1])
        made = [x]
        for reach in REACHES[1:]:
            block, s = self.blocks[reach.index - 1], reach.spacing
            before, past_inner, past_skip = (maps[name] for name in self._names[reach.index])
            n_wanted = self.n_ticks + s
            x = torch.cat((before, x), dim=2)[:, :, :n_wanted]
            inner, skip = _inner(block, x, 1, s // 2), _skip(block, x, 1, s // 2)
            both = torch.cat((past_skip, skip), dim=2)[:, :, : self.n_ticks]
            x = _sum(block, torch.cat((past_inner, inner), dim=2), both, s)
            made += [inner, skip, x]
        return tuple(_columns(x) for x in made)


def _columns(x: Tensor) -> Tensor:
    """(1, C, n, F) → (1, n, F, C)."""
    return x.permute(0, 2, 3, 1)


def _dense(layer: nn.Linear, x: Tensor) -> Tensor:
    """(1, n) → (1, m)."""
    return F.conv2d(x[..., None, None], layer.weight[..., None, None], layer.bias).flatten(1)


def _turned(layer: nn.Conv2d) -> Tensor:
    """The kernel for maps whose time comes before their mels: columns then lie whole in memory."""
    return layer.weight.transpose(2, 3)


def _inner(block: ResidualBlock, x: Tensor, stride: int = 2, dilation: int = 1) -> Tensor:
    """(1, C, n, F) → (1, C', n', F/2): the first convolution, its time unpadded."""
    layer = block.conv1
    y = F.conv2d(x, _turned(layer), layer.bias, (stride, 2), (0, 1), (dilation, 1))
    return torch.relu(block.norm1(y))


def _skip(block: ResidualBlock, x: Tensor, stride: int = 2, dilation: int = 1) -> Tensor:
    """As `_inner`, beside it."""
    layer = block.conv3
    y: Tensor = block.norm3(F.conv2d(x, _turned(layer), layer.bias, (stride, 2), (0, 1), (dilation, 1)))
    return y


def _sum(block: ResidualBlock, inner: Tensor, skip: Tensor, dilation: int = 1) -> Tensor:
    """The block's answer: the second convolution of `inner`, its time unpadded, on `skip`."""
    layer = block.conv2
    y = F.conv2d(inner, _turned(layer), layer.bias, 1, (0, 1), (dilation, 1))
    return torch.relu(block.norm2(y) + skip)


def _whole_block(block: ResidualBlock, x: Tensor, is_last: bool) -> Tensor:
    """A block of all columns. The last, of one mel band, leaves out kernel rows that meet padding alone."""
    first, second = (slice(1, 3), slice(1, 2)) if is_last else (slice(0, 3), slice(0, 3))
    padding = (1, 0) if is_last else (1, 1)
    inner = F.conv2d(x, _turned(block.conv1)[..., first], block.conv1.bias, 2, padding)
    skip = F.conv2d(x, _turned(block.conv3)[..., first], block.conv3.bias, 2, padding)
    inner = torch.relu(block.norm1(inner))
    y = F.conv2d(inner, _turned(block.conv2)[..., second], block.conv2.bias, 1, padding)
    return torch.relu(block.norm2(y) + block.norm3(skip))
