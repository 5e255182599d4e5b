#!/usr/bin/env bash
# Runs the README's two commands as a newcomer would: on a clone of HEAD in an empty folder.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/ci/readme.sh
. scripts/ci/readme.sh

root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$root" "$work/zoka"
cd "$work/zoka"
git log -1 --format='%h %s'
readme_shell
readme_tests
