#!/usr/bin/env bash
# Installs the unmodified AWS clients that the interoperability suite drives: Debian's AWS CLI v2, and the newest
# AWS CLI and boto3 from PyPI in a virtual environment; moto, which stands behind the gateway there and has the queues; and
# aiosmtpd, which takes mail. Does nothing where they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -x /usr/bin/aws ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends awscli
fi
if [ ! -x .venv/bin/aws ] || [ ! -x .venv/bin/moto_server ] || [ ! -x .venv/bin/aiosmtpd ]; then
  [ -d .venv ] || python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check awscli boto3 'moto[server]' aiosmtpd
fi
/usr/bin/aws --version
.venv/bin/aws --version
.venv/bin/python -c 'import boto3; print("boto3", boto3.__version__)'
.venv/bin/python -c 'import moto; print("moto", moto.__version__)'
.venv/bin/python -c 'import aiosmtpd; print("aiosmtpd", aiosmtpd.__version__)'
