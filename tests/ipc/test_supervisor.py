"""Workers come back, whatever ends them, and the parent never waits for one."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from visualizer.ipc import child, memory, supervisor
from visualizer.ipc.process import Process
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor

LIMIT_S = 30.0
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Show:
    """A supervisor, the commands that it got, and the parameter values."""

    def __init__(self, regions: Regions, specs: list[WorkerSpec], begun: dict[str, Process]) -> None:
        self.values: dict[str, Any] = {"gain": 1}
        self.begun = begun
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.supervisor = Supervisor(specs, regions, self, self._note, begun)

    def _note(self, *command: Any) -> None:
        self.commands.append(command)

    def snapshot(self) -> dict[str, Any]:
        return dict(self.values)

    def set(self, **values: Any) -> None:
        self.values |= values
        self.supervisor.send_settings(values)

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.supervisor.status()[name]

    def until(self, is_so: Callable[[], Any]) -> float:
        """Polls until it is so; the seconds it took."""
        began_s = time.perf_counter()
        while not is_so():
            self.supervisor.poll(0.02)
            assert time.perf_counter() - began_s < LIMIT_S, self.supervisor.status()
        return time.perf_counter() - began_s

    def until_running(self, *names: str) -> float:
        return self.until(lambda: all(self[name]["state"] == "running" for name in names))


Make = Callable[..., Show]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes a show of worker classes of `ipc_workers`, by name, and starts it."""
    shows: list[Show] = []
    regions = Regions.create(audio_s=1)

    def make_show(begun: tuple[str, ...] = (), **workers: str | dict[str, Any]) -> Show:
        specs = []
        for name, worker in workers.items():
            how = {"target": worker} if isinstance(worker, str) else dict(worker)
            specs.append(WorkerSpec(name, "ipc_workers:" + how.pop("target"), **how))
        ahead = {s.name: Process(s, regions.prefix, regions.workers) for s in specs if s.name in begun}
        show = Show(regions, specs, ahead)
        shows.append(show)
        show.supervisor.__enter__()
        show.supervisor.start()
        return show

    yield make_show
    for show in shows:
        pids = [s["pid"] for s in show.supervisor.status().values() if s["pid"]]
        show.supervisor.__exit__(None, None, None)
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    assert not memory.leftovers(regions.prefix)


def test_settings_commands_and_figures_go_their_ways(make: Make) -> None:
    show = make(capture="Counting", deck_a={"target": "Environment", "threads": 3})
    show.until_running("capture", "deck_a")
    show.set(gain=2, words="größer")
    show.until(lambda: show["capture"]["health"].get("settings") == {"gain": 2, "words": "größer"})
    assert show["capture"]["health"]["changed"] == {"gain": 2, "words": "größer"}
    show.supervisor.send_command("capture", {"do": "echo", "text": "hello"})
    show.until(lambda: ("capture", {"echo": "hello"}) in show.commands)
    show.until(lambda: "omp" in show["deck_a"]["health"])
    assert show["deck_a"]["health"] == {"omp": "3", "sigint": True, "float": 0.5}
    assert os.environ.get("OMP_NUM_THREADS") != "3"
    status = show["capture"]
    assert status["rss_mb"] > 5
    assert status["heartbeat_age_s"] < 5
    assert (status["restarts"], status["hangs"], status["sentence"]) == (0, 0, "")
    show.supervisor.stop()
    assert ("capture", {"closed": "capture"}) in show.commands, "a clean stop closes the worker"


def test_one_worker_is_stopped_and_started_on_demand(make: Make) -> None:
    show = make(deck_a="Counting", deck_b={"target": "Counting", "autostart": False})
    show.until_running("deck_a")
    assert show["deck_b"]["state"] == "off"
    show.supervisor.start_worker("deck_b")
    show.until_running("deck_b")
    show.supervisor.stop_worker("deck_b")
    show.until(lambda: show["deck_b"]["state"] == "off")
    show.supervisor.send_command("deck_a", {"do": "finish"})
    show.until(lambda: show["deck_a"]["state"] == "finished")
    show.supervisor.poll(0.3)
    assert not show.supervisor.is_running("deck_a"), "who says that it has finished is not started again"


def test_workers_start_in_their_order_no_more_at_a_time_than_there_are_cores(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "N_AT_ONCE", 1)
    monkeypatch.setattr(supervisor, "LONG_START_S", 1e9)
    show = make(display="Counting", deck_a="Counting", deck_b="Counting")
    assert [show[name]["state"] for name in ("display", "deck_a", "deck_b")] == ["starting", "off", "off"]
    show.until(lambda: show.supervisor.is_running("deck_a"))
    assert show["display"]["state"] == "running" and show["deck_b"]["state"] == "off"
    show.supervisor.stop_worker("deck_b")
    show.until_running("deck_a")
    show.supervisor.poll(0.1)
    assert not show.supervisor.is_running("deck_b"), "whom nobody wants any more is not started"


def test_a_process_that_was_begun_before_is_used(make: Make) -> None:
    show = make(begun=("display",), display="Counting")
    show.until_running("display")
    assert show["display"]["pid"] == show.begun["display"].process.pid


def test_killed_workers_come_back_with_the_newest_settings(make: Make) -> None:
    show = make(capture="Counting", display={"target": "Counting", "standby": True})
    show.until_running("capture", "display")
    show.until(lambda: show.supervisor._children["display"]._spare is not None)
    before = show["capture"]["pid"]
    for from_a_terminal in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP):
        os.kill(before, from_a_terminal)  # meant for the parent
    show.supervisor.poll(0.1)
    assert show["capture"]["restarts"] == 0
    os.kill(before, signal.SIGKILL)
    show.values["gain"] = 5
    show.until(lambda: show["capture"]["pid"] not in (before, None))
    show.until_running("capture")
    show.set(late=1)
    show.until(lambda: show["capture"]["health"].get("settings") == {"gain": 5, "late": 1})
    assert show["capture"]["restarts"] == 1
    assert "SIGKILL" in show["capture"]["last_end"]
    show.supervisor.poll(0.5)  # gives the spare time to import
    os.kill(show["display"]["pid"], signal.SIGKILL)
    show.until(lambda: show["display"]["restarts"] == 1)
    show.until_running("display")
    assert show["capture"]["restarts"] == 1
    os.kill(show["capture"]["pid"], signal.SIGTERM)
    show.until(lambda: ("capture", {"closed": "capture"}) in show.commands)
    show.until(lambda: show["capture"]["restarts"] == 2)


def test_a_parent_that_gets_no_process_goes_on_and_tries_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = make(capture="Counting", deck_a="Counting")
    show.until_running("capture", "deck_a")
    before = show["capture"]["pid"]

    def refuse(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as full_machine:
        full_machine.setattr(child, "Process", refuse)
        os.kill(before, signal.SIGTERM)
        show.until(lambda: "temporarily unavailable" in show["capture"]["last_end"])
        assert show["capture"]["state"] == "waiting"
    show.until(lambda: show["capture"]["pid"] not in (before, None))
    show.until_running("capture")
    assert show["deck_a"]["restarts"] == 0


@pytest.mark.parametrize(("exit_code", "told"), [(-9, "SIGKILL"), (-40, "signal 40"), (1, "exit code 1")])
def test_any_end_has_a_name(exit_code: int, told: str) -> None:
    assert told in child._describe_end(exit_code)


@on_posix
def test_hung_and_stopped_workers_are_replaced_and_slow_ones_left_alone(make: Make) -> None:
    show = make(deck_a="Hung", deck_b="Counting", output="SlowSetup")
    show.until_running("deck_b")
    os.kill(show["deck_b"]["pid"], signal.SIGSTOP)
    for i in range(2000):
        began_s = time.perf_counter()
        show.set(gain=i, padding="x" * 1000)
        assert time.perf_counter() - began_s < 1.0, "a stopped child must not hold up its parent"
    show.until(lambda: show["output"]["sentence"] == "loading")
    show.until_running("output")
    assert show["output"]["hangs"] == 0, "a long setup is no hang"
    show.until(lambda: show["deck_a"]["hangs"] >= 2)
    show.until(lambda: show["deck_b"]["hangs"] == 1)
    assert "hung" in show["deck_b"]["last_end"]
    show.until_running("deck_b")
    show.set(last=1)
    show.until(lambda: show["deck_b"]["health"].get("settings", {}).get("last") == 1)
    assert show["deck_b"]["health"]["settings"]["gain"] == 1999


def test_errors_are_told_and_do_not_stop_the_show(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    show = make(capture="Failing", deck_a="Stumbling", deck_b="Counting")
    show.until(lambda: show["capture"]["state"] == "failed")
    assert show["capture"]["sentence"] == "There is no such thing; plug it in."
    show.until(lambda: show["deck_a"]["health"].get("n", 0) > 10)
    assert show["deck_a"]["restarts"] == 0
    assert show["deck_a"]["n_errors"] > 4
    show.until_running("deck_b")
    show.supervisor.send_command("deck_b", {"do": "raise"})
    show.until(lambda: show["deck_b"]["n_errors"] == 1)
    show.set(gain=3)
    show.until(lambda: show["capture"]["restarts"] == 1)  # changed settings may have mended it
    written = capfd.readouterr().err
    assert written.count("Traceback") == 2, "one traceback of a kind, none for the user's mistake"
    assert "capture: There is no such thing; plug it in." in written
