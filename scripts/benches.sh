#!/bin/sh
# Measures everything docs/performance.md tells and logs it; with --long also twenty minutes of memory.
set -e
cd "$(dirname "$0")/.."
PY="${PY:-.venv/bin/python}"
for name in mel tagger mvnet generator era runtime growth render display startup latency pipeline switches kills \
    allocations; do
    "$PY" run.py bench "$name" --log || echo "bench $name: no figures"
done
"$PY" scripts/growth.py
[ "$1" != "--long" ] || "$PY" run.py bench memory --log
