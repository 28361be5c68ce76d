#!/usr/bin/env bash
# Installs what bench/gateway.ts compares the gateway with, and what loads it: nginx, mitmproxy, wrk, curl. Only that
# benchmark needs them. Safe to run again: what is there stays.
set -euo pipefail

declare -A package=([nginx]=nginx-light [mitmdump]=mitmproxy [wrk]=wrk [curl]=curl)

missing() {
  for program in "${!package[@]}"; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || echo "$program"
  done
}

wanted=$(missing)
if [ -n "$wanted" ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  packages=()
  for program in $wanted; do packages+=("${package[$program]}"); done
  # Debian starts the nginx it installs; ours only runs while it is measured.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  "${as_root[@]}" apt-get update -qq || true
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || true
fi

still=$(missing)
if [ -n "$still" ]; then
  for program in $still; do echo "missing: $program (package ${package[$program]})" >&2; done
  exit 1
fi
for program in nginx mitmdump wrk curl; do echo "$program $(PATH="$PATH:/usr/sbin" command -v "$program")"; done
