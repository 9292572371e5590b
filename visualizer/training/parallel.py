"""Data-parallel training under `torchrun`: each process sees other pictures, and all take the same steps.

Started plainly, a training is alone, and everything here does nothing. Under
`torchrun --nproc_per_node N run.py train NAME …` gradients are averaged before each step, figures and the
moment to stop are agreed on, and the first process alone saves and reports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn

from visualizer.types import UserError


def join(device: str) -> torch.device:
    """The device of this process ("cpu", or "cuda" for the GPU of its own), once it has met the others."""
    n = int(os.environ.get("WORLD_SIZE", "1"))
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            raise UserError("there is no CUDA device on this machine; leave --device out, or say cpu")
        if number >= torch.cuda.device_count():
            n_gpus = torch.cuda.device_count()
            raise UserError(f"there are {n_gpus} GPUs; give torchrun --nproc_per_node {n_gpus}")
    own = torch.device(device, number) if device == "cuda" else torch.device(device)
    if n > 1 and not dist.is_initialized():
        if own.type == "cuda":
            torch.cuda.set_device(own)
        dist.init_process_group("nccl" if own.type == "cuda" else "gloo")
    return own


def leave() -> None:
    """Says goodbye to the others."""
    if dist.is_initialized():
        dist.destroy_process_group()


def n_workers() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """The number of this process; 0 is the one that saves and reports."""
    return dist.get_rank() if dist.is_initialized() else 0


def part_ways(n_steps: int) -> None:
    """Lets the others draw other noise than the first, whose draws stay as they are."""
    if rank():
        torch.manual_seed(1_000_003 * rank() + n_steps)


@contextmanager
def first_alone() -> Iterator[None]:
    """What is within is done by the first process, and then by the others (who find it on the disk)."""
    if rank():
        dist.barrier()
    yield
    if n_workers() > 1 and is_first():
        dist.barrier()


def share_gradients(optimizer: torch.optim.Optimizer) -> None:
    """Makes every gradient the mean of all processes', in one message."""
    if n_workers() == 1:
        return
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    flat = torch.cat([gradient.flatten().float() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= n_workers()
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.reshape(gradient.shape))


def agree(figures: dict[str, float]) -> dict[str, float]:
    """The mean of all processes' figures (of the same names); where one is no number, all learn it."""
    if n_workers() == 1:
        return figures
    values = torch.tensor(list(figures.values()), dtype=torch.float64, device=_place())
    dist.all_reduce(values)
    return dict(zip(figures, (values / n_workers()).tolist(), strict=True))


def decide(flag: bool) -> bool:
    """What the first process says."""
    if n_workers() == 1:
        return flag
    told = torch.tensor([int(flag)], device=_place())
    dist.broadcast(told, 0)
    return bool(told.item())


def copy_from_first(*modules: nn.Module) -> None:
    """Gives all processes the first one's weights (what they began with, or what was resumed)."""
    if n_workers() > 1:
        for module in modules:
            for value in module.state_dict().values():
                dist.broadcast(value, 0)


def _place() -> torch.device:
    on_gpu = dist.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")


def is_first() -> bool:
    return rank() == 0
