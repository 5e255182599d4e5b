# Sourced by .ci/run: what is promised of the binary itself.
# shellcheck shell=bash

init_limit=0.3 # ms
init_runs=15

step_static_build() {
  local said
  CGO_ENABLED=0 go build -trimpath -o "$work/zoka" ./cmd/zoka
  said=$(file -b "$work/zoka")
  echo "$said"
  [[ $said == *'statically linked'* ]] || complain "file does not call the binary static"
  if ldd "$work/zoka" >"$work/ldd" 2>&1; then
    cat "$work/ldd"
    complain "ldd finds libraries"
  fi
  grep -q 'not a dynamic executable' "$work/ldd" || complain "ldd: $(<"$work/ldd")"
}

# inits: start-up is part of the interface. A package whose init takes longer than the limit in each of several runs
# (machines jitter: the fastest counts) has to be made lazy, or to be entered in inits.txt with the reason.
step_inits() {
  local i
  [[ -x $work/zoka ]] || CGO_ENABLED=0 go build -trimpath -o "$work/zoka" ./cmd/zoka
  for ((i = 0; i < init_runs; i++)); do
    GODEBUG=inittrace=1 "$work/zoka" version 2>&1 >/dev/null | grep '^init '
  done >"$work/inits"
  awk -v limit="$init_limit" -f scripts/ci/inits.awk scripts/ci/inits.txt "$work/inits"
}
