"""Values that go back to controllers: LED rings, lamps, motor faders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from visualizer.control.asking import Allowance
from visualizer.control.midi_events import Event, Source, write
from visualizer.control.midi_map import Binding

SENT_S = 1 / 20
"""Values are sent back so often, the newest of each."""
HOLD_S = 0.4
"""So long after a hand moved a knob nothing is sent to it: no motor works against a finger."""
N_MESSAGES = 300
"""In a second, to all controllers; a serial MIDI cable carries a thousand."""
ECHO_S, N_ECHOES = 0.06, 3
"""What comes back so soon after it was sent is its echo; a port that does so thrice gets nothing more."""
_CLOSE = 1.01 / 127


class Feedback:
    """Remembers what each knob shows, and sends what differs. For one thread."""

    def __init__(self, send: Callable[[str, Sequence[int]], bool]) -> None:
        """`send` sends bytes to the controller of a port; False where it hears nothing."""
        self._send = send
        self._shown: dict[Source, float] = {}
        self._moved_s: dict[Source, float] = {}
        self._sent: dict[Source, tuple[int, float]] = {}
        self._n_echoes: dict[str, int] = {}
        self._allowance = Allowance(N_MESSAGES)
        self._sent_s = -1e9
        self.n_sent = 0

    @property
    def echoing(self) -> list[str]:
        """Ports that only give back what they are sent."""
        return [port for port, n in self._n_echoes.items() if n >= N_ECHOES]

    def hear(self, events: Sequence[Event], now_s: float) -> list[Event]:
        """Notes what hands moved; gives the events without echoes of what was sent."""
        own = []
        for event in events:
            raw, sent_s = self._sent.get(event.source, (-1, -1e9))
            if event.raw == raw and now_s - sent_s < ECHO_S:
                del self._sent[event.source]
                port = event.source.port
                self._n_echoes[port] = self._n_echoes.get(port, 0) + 1
                continue
            self._shown[event.source] = event.place
            self._moved_s[event.source] = now_s
            own.append(event)
        return own

    def forget(self, port: str) -> None:
        """A controller came back: what it shows is not known."""
        for source in [source for source in self._shown if source.port == port]:
            del self._shown[source]
        self._n_echoes.pop(port, None)

    def show(
        self,
        bindings: Iterable[Binding],
        place_of: Callable[[Binding], float | None],
        ports: Sequence[str],
        now_s: float,
    ) -> None:
        """Sends where the values of `bindings` lie to those of `ports` that show something else."""
        if now_s - self._sent_s < SENT_S:
            return
        self._sent_s = now_s
        listening = [port for port in ports if port not in self.echoing]
        for binding, source in _aimed(bindings, listening):
            if now_s - self._moved_s.get(source, -1e9) < HOLD_S:
                continue
            place = place_of(binding)
            if place is None:
                continue
            shown = self._shown.get(source)
            is_end = place in (0.0, 1.0)
            if shown is not None and (shown == place or (abs(shown - place) < _CLOSE / 2 and not is_end)):
                continue
            if not self._show(source, place, now_s):
                return

    def _show(self, source: Source, place: float, now_s: float) -> bool:
        """False where no more may be sent for now."""
        messages = write(source, place)
        self._shown[source] = place
        for message in messages:
            if not self._allowance.take(now_s):
                del self._shown[source]
                return False
            data = message.bytes()
            if self._send(source.port, data):
                self.n_sent += 1
        if messages and source.kind != "cc14":
            raw = messages[0].bytes()[-1] if source.kind != "bend" else round(16383 * place)
            self._sent[source] = raw, now_s
        return True


def _aimed(bindings: Iterable[Binding], ports: Sequence[str]) -> Iterator[tuple[Binding, Source]]:
    """Each binding with the knob that is told; one of any controller is told to all of them."""
    for binding in bindings:
        for port in ports if not binding.source.port else [binding.source.port]:
            if port in ports:
                yield binding, replace(binding.source, port=port)
