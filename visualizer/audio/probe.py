"""Prints PortAudio's devices as JSON and ends: run as a throwaway process by `devices`.

PortAudio makes its list once in a process and can hang for ever on a dead sound server. A process of its own
always has a fresh list, and can be killed.
"""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Writes {"apis": [...], "devices": [...], "default_output": index} or {"error": sentence} to stdout."""
    try:
        import sounddevice
    except Exception as error:  # OSError without PortAudio; else a class of the module that failed to load
        print(json.dumps({"error": str(error)}))
        return 0
    answer = {
        "apis": [dict(api, devices=list(api["devices"])) for api in sounddevice.query_hostapis()],
        "devices": list(sounddevice.query_devices()),
        "default_output": sounddevice.default.device["output"],
    }
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
