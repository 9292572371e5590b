"""Open Sound Control: other programs play the show, follow its values and are told what it hears."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from visualizer import clock
from visualizer.control import osc_out
from visualizer.control.asking import Allowance, Asking
from visualizer.control.osc_addresses import BEAT, CUE, PRESET, Address
from visualizer.control.osc_in import N_RECENT, Inbox, Peer, Wishes, open_socket
from visualizer.control.osc_out import Outbox, Told
from visualizer.control.osc_query import Query
from visualizer.control.osc_wire import Argument
from visualizer.ipc.regions import Regions
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

STEP_S = 0.01
OFF_STEP_S = 0.25
TOLD_S = 1 / 30
"""Features, state and changed values are sent so often."""
N_ANSWERS = 600
"""In a second; as many at once after a pause."""
N_TOLD = 8
"""Of the last messages while nobody watches."""
RETRY_S = 2.0
"""A port that was taken is tried again so often."""
_STATE_S = 0.25

_SETTINGS = tuple(id for id in PARAMETERS if id.startswith("control.osc"))


class Osc:
    """All of OSC. Owned by the loop of the control process; OSCQuery reads from a thread of its own.

    Whatever comes, a step does a bounded amount of work, and the parent gets a bounded number of commands.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        regions: Regions,
        send: Callable[[dict[str, Any]], None],
        now_s: Callable[[], float] = lambda: clock.seconds(clock.now_ns()),
    ) -> None:
        """`settings` are the worker's, always up to date; `send` reaches the parent."""
        self._settings, self._regions, self._now_s = settings, regions, now_s
        self._inbox: Inbox | None = None
        self._query: Query | None = None
        self._outbox = Outbox()
        self._n_beats = 0
        self._counts: Counter[str] = Counter()
        self._opened: tuple[Any, ...] = ()
        self._problems: dict[str, str] = {}
        self._retry_s = 0.0
        self._asking, self._answers = Asking(send, "osc"), Allowance(N_ANSWERS)
        self._told_s = self._state_s = -math.inf
        self._features_counter = 0
        self._told: Told = {}

    @property
    def sentence(self) -> str:
        """What is wrong, with the fix; "" when all is well."""
        return " ".join(self._problems.values())

    def health(self, is_watched: bool = False) -> dict[str, Any]:
        """What became of all that came and went, and the last messages; more of them for a monitor."""
        counts = Counter(self._inbox.counts if self._inbox else {}) + self._counts + self._outbox.counts
        return {
            "listens": self._inbox is not None,
            "sends": self._outbox.is_sending,
            "query": self._query is not None,
            "n_subscribers": self._outbox.n_subscribers,
            "counts": dict(counts),
            "recent": list(self._inbox.recent)[-(N_RECENT if is_watched else N_TOLD) :]
            if self._inbox
            else [],
        }

    @property
    def ports(self) -> tuple[int, int]:
        """Where OSC and OSCQuery listen now; 0 where they do not."""
        listens = self._inbox.socket.getsockname()[1] if self._inbox else 0
        return listens, self._query.port if self._query else 0

    def step(self) -> float:
        """Does what is due; the seconds until the next step is wanted."""
        now_s = self._now_s()
        self._open(now_s)
        if not self._settings.get("control.osc", True):
            return OFF_STEP_S
        self._hear(now_s)
        if self._inbox is not None:
            self._obey(self._inbox.take(), self._inbox, now_s)
        self._asking.pass_on(now_s)
        if now_s - self._told_s >= TOLD_S:
            # by the clock, not by the step: steps of 10 ms would make 25 a second of 30
            self._told_s = max(self._told_s + TOLD_S, now_s - TOLD_S)
            self._outbox.send_told({path: told for path, told in self._told.items() if path != BEAT})
            through = self._inbox.socket if self._inbox else None
            self._outbox.send_values(self._settings, through, now_s)
        return STEP_S

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Values changed, whoever changed them."""
        self._outbox.note_changed(changed)

    def look(self, address: Address) -> tuple[Argument, ...] | None:
        """What an address holds now; None where it holds nothing. Any thread may ask."""
        if address.form == "told":
            return self._told.get(address.path)
        if not address.is_readable or address.id not in PARAMETERS:
            return None
        return address.arguments_of(self._settings.get(address.id, PARAMETERS[address.id].default))

    def close(self) -> None:
        """Lets go of all ports."""
        if self._inbox is not None:
            self._inbox.close()
        if self._query is not None:
            self._query.close()
        self._outbox.close()
        self._inbox = self._query = None

    # Ports ---------------------------------------------------------------------------------------------

    def _open(self, now_s: float) -> None:
        """Follows the settings; what cannot be opened is told, and tried again later."""
        wanted = tuple(self._settings.get(id, PARAMETERS[id].default) for id in _SETTINGS)
        if wanted == self._opened and not (self._problems and now_s >= self._retry_s):
            return
        if wanted != self._opened:
            self.close()
        self._opened, self._retry_s, problems = wanted, now_s + RETRY_S, {}
        if self._settings.get("control.osc", True):
            for name, opens in (("in", self._open_in), ("out", self._open_out), ("query", self._open_query)):
                try:
                    opens()
                except UserError as error:
                    problems[name] = str(error)
        self._problems = problems

    def _setting(self, name: str) -> Any:
        return self._settings.get(f"control.{name}", PARAMETERS[f"control.{name}"].default)

    def _open_in(self) -> None:
        if self._inbox is None:
            self._inbox = Inbox(open_socket(self._setting("osc_host"), self._setting("osc_port")))

    def _open_out(self) -> None:
        if self._setting("osc_out") and not self._outbox.is_sending:
            host = self._setting("osc_out_host")
            peer = "127.0.0.1" if host == "localhost" else host, self._setting("osc_out_port")
            self._outbox.aim(open_socket(host, None), peer)

    def _open_query(self) -> None:
        if self._query is None and self._setting("oscquery_port"):
            info = {
                "NAME": "Klangbild",
                "OSC_IP": self._setting("osc_host"),
                "OSC_PORT": self._setting("osc_port"),
                "OSC_TRANSPORT": "UDP",
                "EXTENSIONS": dict.fromkeys(("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT"), True),
            }
            self._query = Query(self._setting("oscquery_port"), info, self.look)

    # In ------------------------------------------------------------------------------------------------

    def _obey(self, wishes: Wishes, inbox: Inbox, now_s: float) -> None:
        self._asking.values.update(wishes.values)
        for (peer, id), is_exact in wishes.moved.items():
            self._outbox.note_moved(peer, id, wishes.values[id] if is_exact else None, now_s)
        for peer, wants in wishes.subscriptions:
            self._outbox.subscribe(peer, wants, now_s)
        for peer, address in wishes.questions:
            self._answer(inbox, peer, address, now_s)
        for name, argument in wishes.actions:
            self._act(name, argument, now_s)

    def _answer(self, inbox: Inbox, peer: Peer, address: Address, now_s: float) -> None:
        arguments = self.look(address)
        if arguments is None:
            return
        if self._answers.take(now_s):
            self._outbox.answer(inbox.socket, peer, address.path, arguments)
        else:
            self._counts["unanswered"] += 1

    def _act(self, name: str, argument: Argument, now_s: float) -> None:
        """Asks for an action, unless it was asked for too often."""
        if name not in (PRESET, CUE):
            was_asked = self._asking.act(name, now_s)
        elif name == CUE and (number := _whole(argument)) is not None:
            was_asked = self._asking.cue(number, now_s)
        elif name == CUE:
            self._counts["refused"] += 1
            return
        elif (which := _preset(argument)) is not None:
            was_asked = self._asking.recall(which, now_s)
        else:
            self._counts["refused"] += 1
            return
        self._counts["dropped"] += not was_asked

    # Out -----------------------------------------------------------------------------------------------

    def _hear(self, now_s: float) -> None:
        """Reads what the show hears and does; a beat is told at once."""
        if not self._outbox.is_sending and now_s - self._state_s < _STATE_S:
            return
        newer = self._regions.features.read_newer(self._features_counter)
        told = dict(self._told)
        if newer is not None:
            self._features_counter, heard = newer
            if heard.beat > self._n_beats:
                self._outbox.send_told({BEAT: (heard.beat,)})
            self._n_beats = heard.beat
            told |= {BEAT: (heard.beat,), **osc_out.tell_features(heard)}
        if now_s - self._state_s >= _STATE_S:
            self._state_s = now_s
            if self._inbox is not None:
                self._inbox.count_lost()
            deck, display = self._health(f"deck_{self._settings.get('on_air', 'a')}"), self._health("display")
            told |= osc_out.tell_state(self._settings, deck, display)
        self._told = told

    def _health(self, worker: str) -> dict[str, Any]:
        state = self._regions.health[worker].read() or {}
        health = state.get("health")
        return health if isinstance(health, dict) else {}


def _whole(argument: Argument) -> int | None:
    """A whole number, sent as an integer or a float."""
    is_number = isinstance(argument, (int, float)) and not isinstance(argument, bool)
    return int(argument) if is_number and float(argument).is_integer() else None  # type: ignore[arg-type]


def _preset(which: Argument) -> int | str | None:
    """The key or the name that a message means; None where it means none."""
    if isinstance(which, float) and which in range(1, 10):
        return int(which)
    return which if isinstance(which, (int, str)) and not isinstance(which, bool) else None
