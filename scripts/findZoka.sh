# Sourced by the launchers' zkEnv.sh and kafkaEnv.sh: where the launchers are, and the binary.
#
# shellcheck shell=bash

launchers=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
prefix=$(dirname -- "$launchers")

# find_zoka sets ZOKA to the binary's path, or ends the launcher.
find_zoka() {
  local candidate
  for candidate in "${ZOKA:-}" "$launchers/zoka" "$prefix/zoka" "$prefix/bin/zoka" "$(command -v zoka || true)"; do
    if [[ -f $candidate && -x $candidate ]]; then
      ZOKA=$candidate
      return
    fi
    if [[ -n ${ZOKA:-} ]]; then
      break # the one that was asked for, and no other
    fi
  done
  echo "${0##*/}: no zoka binary${ZOKA:+ at $ZOKA}: put it beside this script or on the PATH, or name it in ZOKA" >&2
  exit 127
}
