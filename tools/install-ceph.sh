#!/usr/bin/env bash
# Unpacks Debian's own Ceph (one monitor, one OSD and radosgw are what the suite needs) into a folder and prints its name;
# nothing is installed. The folder is $OPENTRAIL_CEPH or opentrail/ceph in the user's cache. Does nothing where it is there.
set -euo pipefail

folder=${OPENTRAIL_CEPH:-${XDG_CACHE_HOME:-$HOME/.cache}/opentrail/ceph}
packages=(radosgw ceph-mon ceph-osd ceph-common)

if [ ! -e "$folder/complete" ]; then
  mkdir -p "$folder/debs/partial" "$folder/root"
  apt=(apt-get -qq -y -o "Dir::Cache::archives=$folder/debs" -o Debug::NoLocking=1)
  fetch() { "${apt[@]}" --no-install-recommends --download-only install "${packages[@]}"; }
  # The lists of a fresh image are empty or too old to know what the mirror still has.
  fetch || { apt-get -qq update && fetch; }
  for deb in "$folder"/debs/*.deb; do
    dpkg-deb --extract "$deb" "$folder/root"
  done
  rm -r "$folder/debs"
  touch "$folder/complete"
fi
echo "$folder"
