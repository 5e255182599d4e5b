#!/usr/bin/env bash
# The shell with the flags, prompts and output of Apache's zkCli.sh. usage: zkCli.sh [-server host:port] [flags] [command]
set -euo pipefail
# shellcheck source=scripts/zkEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/zkEnv.sh"
find_zoka
# The binary picks its mode by the name it is called by.
exec -a zkCli.sh "$ZOKA" "$@"
