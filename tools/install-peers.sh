#!/usr/bin/env bash
# Installs what the benchmarks compare OpenTrail with. Only the benchmarks need it.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d .venv ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]'
.venv/bin/python -c 'import moto; print("moto", moto.__version__)'
