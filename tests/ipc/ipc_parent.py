"""A parent with its children, run as a program for a test to kill: says its prefix and pids, then polls."""

from __future__ import annotations

import json
import sys

from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor


class Values:
    """No parameters."""

    def snapshot(self) -> dict[str, object]:
        return {}


def main(targets: list[str]) -> None:
    regions = Regions.create(audio_s=1)
    specs = [WorkerSpec(name, target) for name, target in zip(regions.workers, targets, strict=False)]
    with Supervisor(specs, regions, Values()) as supervisor:
        supervisor.start()
        while any(s["heartbeat_age_s"] is None for s in supervisor.status().values()):
            supervisor.poll()
        pids = [s["pid"] for s in supervisor.status().values()]
        print(json.dumps({"prefix": regions.prefix, "pids": pids}), flush=True)
        while supervisor.stop_signal is None:
            supervisor.poll()


if __name__ == "__main__":
    main(sys.argv[1:])
