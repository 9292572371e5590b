"""What PulseAudio or PipeWire says of its sources, asked of `pactl` in short-lived processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

LIMIT_S = 3.0


def sources() -> list[dict[str, Any]]:
    """All sources, monitors of sinks included, as `pactl` describes them; empty where no server answers."""
    answer = _pactl("list", "sources")
    return answer if isinstance(answer, list) else []


def defaults() -> tuple[str, str]:
    """Names of the default source and the default sink; empty where there are none."""
    info = _pactl("info")
    if not isinstance(info, dict):
        return "", ""
    return str(info.get("default_source_name", "")), str(info.get("default_sink_name", ""))


def source_of(process_id: int) -> str:
    """The source that a process records from now; empty when it records nothing or nobody knows."""
    outputs = _pactl("list", "source-outputs")
    if not isinstance(outputs, list):
        return ""
    for output in outputs:
        if str(output.get("properties", {}).get("application.process.id")) == str(process_id):
            names = {source.get("index"): str(source.get("name", "")) for source in sources()}
            return names.get(output.get("source"), "")
    return ""


def run_json(command: list[str], limit_s: float, environment: Mapping[str, str]) -> Any:
    """What a command prints, parsed; None when it fails, hangs or prints something else."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _pactl(*arguments: str) -> Any:
    """Numbers are only valid JSON without the user's decimal comma, so the language is set."""
    if shutil.which("pactl") is None:
        return None
    return run_json(["pactl", "-f", "json", *arguments], LIMIT_S, {"LC_ALL": "C.UTF-8", "LANG": "C"})
