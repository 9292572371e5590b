"""`klangbild devices`: what can be listened to, and which cameras there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from visualizer.audio import devices
from visualizer.content.camera import CameraInfo, list_cameras


def main(argv: Sequence[str] | None = None) -> int:
    """`klangbild devices [--json]` lists inputs, then cameras; with `--cameras` only these."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--cameras" in arguments:
        _print_cameras(list_cameras(), as_json="--json" in arguments)
        return 0
    code = devices.main(arguments)
    if "--json" not in arguments:
        cameras = list_cameras()
        if cameras:
            print()
            _print_cameras(cameras, as_json=False)
    return code


def _print_cameras(cameras: Sequence[CameraInfo], as_json: bool) -> None:
    if as_json:
        print(
            json.dumps(
                [{"content": f"camera:{n}", "name": c.name} for n, c in enumerate(cameras, 1)], indent=2
            )
        )
        return
    for place, camera in enumerate(cameras, 1):
        print(f"  camera:{place:<10} {camera.name}")
    if cameras:
        print("Paint over one in era mode with --content camera:1, or camera:NAME.")
    elif sys.platform == "linux":
        print("No camera was found. Plug one in; --content takes a picture, a folder or a video as well.")
    else:
        print("Cameras have numbers here: choose with --content camera:1, camera:2 and so on.")
