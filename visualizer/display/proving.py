"""Shaders prove themselves in a throwaway process with a time limit before the show's window touches them."""

from __future__ import annotations

import hashlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from visualizer import clock, paths
from visualizer.display.isf.trial import Verdict
from visualizer.display.rehearsal import Sizes, parts
from visualizer.types import UserError

START_LIMIT_S = 60.0
WARM_LIMIT_S = 60.0
"""What compiling for the driver's cache may take; nobody waits for it."""
MAX_RSS_BYTES = 3 << 30
_POLL_S = 0.1
_CACHE_VERSION = 2


class Prover:
    """One throwaway process, kept while shaders behave, replaced when one hangs. For one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def prove(
        self, file: Path, size: tuple[int, int], limit_s: float, most_frame_s: float | None = None
    ) -> Verdict:
        """What comes of drawing this shader; UserError where this machine cannot draw at all."""
        job = {"file": str(file.absolute()), "size": size, "most_frame_s": most_frame_s}
        body, why = self._ask(job, limit_s)
        if body is None:
            return Verdict(False, f"Shader {file.name} {why}.")
        return Verdict(bool(body["ok"]), str(body["reason"]), tuple(body["notes"]))

    def warm(self, file: Path, size: tuple[int, int]) -> bool:
        """Has the driver keep this shader compiled as shows draw it; whether it does."""
        return self._ask({"warm": str(file.absolute()), "size": size}, WARM_LIMIT_S)[0] is not None

    def compile_stages(self, sizes: Sizes) -> bool:
        """Has the driver keep our own stages compiled for frames of that kind; whether it does."""
        return self._ask({"stages": asdict(sizes)}, WARM_LIMIT_S)[0] is not None

    def _ask(self, job: Mapping[str, Any], limit_s: float) -> tuple[dict[str, Any] | None, str]:
        """The answer of the process, or None with what is wrong; UserError where there can be no process."""
        self._start()
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps({**job, "limit_s": limit_s}) + "\n")
            process.stdin.flush()
        except (OSError, ValueError):  # it ended, or was closed under our hands
            self.close()
            return None, "could not be tried; try again"
        answer, why = self._wait(limit_s)
        if answer is None:
            self.close()
            return None, why or "ends the graphics driver"
        body: dict[str, Any] = json.loads(answer)
        return body, ""

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "visualizer.display.trying"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=Path(__file__).resolve().parent.parent.parent,
        )
        threading.Thread(
            target=_read, args=(self._process, self._answers), name="verdicts", daemon=True
        ).start()
        answer, why = self._wait(START_LIMIT_S)
        told = (
            json.loads(answer) if answer else {"broken": f"The process that tries shaders {why or 'ended'}."}
        )
        if "broken" in told:
            self.close()
            raise UserError(str(told["broken"]))

    def _wait(self, limit_s: float) -> tuple[str | None, str]:
        """The next line, or None and what went wrong ("" where the process ended by itself)."""
        process = self._process  # another thread may close it meanwhile
        assert process is not None
        end_ns = clock.now_ns() + clock.nanoseconds(limit_s)
        while True:
            try:
                return self._answers.get(timeout=_POLL_S), ""
            except queue.Empty:
                if clock.now_ns() > end_ns:
                    return None, f"takes longer than {limit_s:g} s: it may be endless"
                if _rss_bytes(process.pid) > MAX_RSS_BYTES:
                    return None, f"takes more than {MAX_RSS_BYTES >> 30} GB of memory"

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was not sent to a dead process is of no use
                    continue


def _read(process: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    """Thread: lines of the process, then None."""
    try:
        for line in process.stdout or ():
            answers.put(line)
    except (OSError, ValueError):  # closed under our hands
        answers.put(None)
        return
    answers.put(None)


def _rss_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


class Verdicts:
    """Verdicts remembered by the content of the files, so that the next start need not try again."""

    def __init__(self, machine: str, folder: Path | None = None) -> None:
        """`machine`: what draws here; another one judges anew."""
        self._machine = machine
        self._folder = folder or paths.cache_dir() / "shaders"

    def _file(self, file: Path) -> Path:
        digest = hashlib.sha256(f"{_CACHE_VERSION} {self._machine} {file.name}".encode())
        for part in (file, file.with_suffix(".vs"), file.with_suffix(".vert")):
            digest.update(part.read_bytes() if part.is_file() else b"\0")
        return self._folder / f"{digest.hexdigest()[:32]}.json"

    def recall_stages(self, sizes: Sizes) -> bool:
        """Whether our own stages were compiled for such frames."""
        return self._stages_file(sizes).is_file()

    def keep_stages(self, sizes: Sizes) -> None:
        """They were."""
        try:
            kept = self._stages_file(sizes)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.touch()
        except OSError:  # the next start compiles them again
            return

    def _stages_file(self, sizes: Sizes) -> Path:
        digest = hashlib.sha256(f"{_CACHE_VERSION} {self._machine} {asdict(sizes)}".encode())
        for name in sorted({part.stage for part in parts(sizes)}):
            digest.update((paths.SHADERS / f"{name}.fs").read_bytes())
        return self._folder / f"stages-{digest.hexdigest()[:32]}"

    def recall(self, file: Path) -> Verdict | None:
        """What came of it before, or None."""
        try:
            body = json.loads(self._file(file).read_text("utf-8"))
            return Verdict(bool(body["ok"]), str(body["reason"]), tuple(body["notes"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, file: Path, verdict: Verdict) -> None:
        """Remembers; a folder that cannot be written costs only time."""
        try:
            kept = self._file(file)
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part")
            part.write_text(json.dumps({"ok": verdict.ok, "reason": verdict.reason, "notes": verdict.notes}))
            part.replace(kept)
        except OSError:
            return


def prove_all(
    files: Sequence[Path], size: tuple[int, int], limit_s: float, n_processes: int
) -> Iterator[tuple[Path, Verdict]]:
    """Verdicts on many files, in their order, from several processes."""
    local = threading.local()
    provers: list[Prover] = []

    def prove(file: Path) -> Verdict:
        if not hasattr(local, "prover"):
            local.prover = Prover()
            provers.append(local.prover)
        verdict: Verdict = local.prover.prove(file, size, limit_s)
        return verdict

    with ThreadPoolExecutor(n_processes) as pool:
        try:
            yield from zip(files, pool.map(prove, files), strict=True)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for prover in provers:
                prover.close()
