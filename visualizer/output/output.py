"""What an output is: somewhere the shown picture goes beside the window."""

from __future__ import annotations

from typing import Any, Protocol

from visualizer.ipc.ring import Block
from visualizer.types import Image


class Output(Protocol):
    """One receiver of the show. Owned by the loop of the output process, which may drop it at any time.

    No call waits for the receiver: what is slow has a thread of its own (see `relay.Relay`) and gets the
    newest picture only. A UserError from any call ends the output with that sentence; the others go on.
    """

    def wants_picture(self, now_ns: int) -> bool:
        """Whether a picture shown by now would be used; saves fetching the others."""
        return True

    def show(self, image: Image) -> None:
        """Takes a shown picture, (H, W, 4) uint8; it stays as it is."""
        return

    def hear(self, block: Block, is_new: bool, now_ns: int) -> None:
        """Takes heard sound; `is_new`: it does not follow what came before."""
        return

    def go_on(self, now_ns: int) -> None:
        """Called after pictures and sound of a step, also when there were none."""
        return

    @property
    def is_done(self) -> bool:
        """Whether it has had all it wanted, and may be closed."""
        return False

    def figures(self) -> dict[str, Any]:
        """For the status line and the panel, JSON."""
        return {}

    def close(self) -> None:
        """Lets go of everything. UserError when the end cannot be written."""
        return
