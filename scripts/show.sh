#!/usr/bin/env bash
# Starts the show; on a machine without a screen, half a minute of it on a virtual screen, recorded with sound.
set -euo pipefail

python=.venv/bin/python
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" != Linux ]; then
    exec "$python" run.py live
fi
if ! command -v Xvfb >/dev/null; then
    echo "There is no screen and no virtual one: install xvfb, or start from a desktop." >&2
    exit 2
fi
recording=recordings/show.mp4
mkdir -p recordings
echo "No screen here: the show runs on a virtual one for half a minute and is recorded into $recording."
exec {display_fd}<> <(:)
Xvfb -displayfd "$display_fd" -screen 0 1280x720x24 -noreset -nolisten tcp >/dev/null 2>&1 &
xvfb=$!
trap 'kill "$xvfb" 2>/dev/null || true' EXIT
read -r -t 15 -u "$display_fd" display || { echo "The virtual screen did not start: try Xvfb :99 by hand." >&2; exit 2; }
DISPLAY=":$display" "$python" run.py live --no-panel --duration 32 --record "$recording" --set display.hud=on \
    --set show.mode=traumer --at 13:show.mode=era
echo "Recorded: $recording"
