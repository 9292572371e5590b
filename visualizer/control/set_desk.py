"""The files of set lists under the hand: opened, written, renamed, deleted, read again when they change."""

from __future__ import annotations

from visualizer.control.recalls import Recalls, Tell
from visualizer.control.set_files import SetList, Sets
from visualizer.control.setlist import Setlist
from visualizer.parameters import ParameterState
from visualizer.types import UserError


class SetDesk:
    """Owned by the supervisor's thread. What is open is what `setlist` plays and `show.set_list` names."""

    def __init__(
        self, values: ParameterState, sets: Sets, setlist: Setlist, recalls: Recalls, tell: Tell
    ) -> None:
        self._values, self._sets, self._setlist = values, sets, setlist
        self._recalls, self._tell = recalls, tell
        self._stamp: object = None

    def open(self, set_list: SetList, source: str) -> None:
        """Plays this one from now on."""
        self._setlist.open(set_list)
        self._stamp = self._sets.stamp()
        self._choose(set_list.name, source)

    def write(self, set_list: SetList, source: str) -> None:
        """Saves a set and opens it; UserError where it cannot be written."""
        self._sets.save(set_list)
        self.open(set_list, source)

    def rename(self, name: str, to: str, source: str) -> None:
        """Another name, also for the one that plays; UserError where it is taken."""
        renamed = self._sets.rename(name, to)
        if self._setlist.set_list.name.casefold() == name.strip().casefold():
            self._setlist.call(renamed.name)
            self._stamp = self._sets.stamp()
            self._choose(renamed.name, source)

    def delete(self, name: str, source: str) -> None:
        """Deletes a file; undo brings it back."""
        old = self._sets.delete(name)
        is_open = self._setlist.set_list.name == old.name
        if is_open:
            self.open(SetList(""), source)

        def take_back(source: str) -> str:
            self._sets.save(old)
            if is_open:
                self.open(old, source)
            return f"undone: the set list {old.name!r} is there again"

        self._recalls.can_undo(take_back)
        self._recalls.say(f"deleted the set list {old.name!r}")

    def follow(self, name: str) -> None:
        """The value says that this one is wanted; "" is none."""
        if name.casefold() == self._setlist.set_list.name.casefold():
            return
        try:
            self._setlist.open(self._sets.find(name) if name else SetList(""))
        except UserError as error:
            self._recalls.say(str(error))

    def reread(self) -> None:
        """A file that was edited beside the show is played as it is now."""
        stamp, name = self._sets.stamp(), self._setlist.set_list.name
        if stamp == self._stamp or not name:
            return
        self._stamp = stamp
        try:
            found = self._sets.find(name)
        except UserError as error:
            self._recalls.say(str(error))
            return
        if found != self._setlist.set_list:
            self._setlist.open(found)

    def _choose(self, name: str, source: str) -> None:
        changed = self._values.set("show.set_list", name, source)
        if changed:
            self._tell(changed)
