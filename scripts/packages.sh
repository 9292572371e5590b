#!/usr/bin/env bash
# Installs the Debian packages that the program (app) and its tests (test) need, where it may; elsewhere says what to do.
set -euo pipefail

app="libportaudio2 libgl1 libegl1 libgl1-mesa-dri libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxrandr2
     libxinerama1 libxcursor1 libxi6 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-randr0
     libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libxcb-util1
     libasound2-plugins pulseaudio-utils"
python3 -c "import ensurepip" 2>/dev/null || app="$app python3-venv"
# A machine without a screen shows the same program on a virtual one.
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || app="$app xvfb"
test="jackd2 liblo-tools pulseaudio xvfb openbox x11-xserver-utils xdotool imagemagick fluidsynth timgm6mb-soundfont
      xserver-xorg-core xserver-xorg-video-dummy"

wanted=""
for set in "$@"; do wanted="$wanted ${!set}"; done

if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: see docs/install.md for what $* needs here." >&2
    exit 0
fi
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "These packages are missing; install them with: sudo apt-get install$missing" >&2
    exit 0
fi
echo "Installing$missing"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
