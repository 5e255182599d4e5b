# Sourced by .ci/run: the tests beyond the README's command.
# shellcheck shell=bash

# Here fuzzing shows that each target runs, and finds what is near. Who looks for more gives it longer:
# ZOKA_FUZZ_SECONDS=3600 bash .ci/run fuzz
fuzz_each=$((${ZOKA_FUZZ_SECONDS:-45} / 5)) # seconds a target, at most
fuzz_total=${ZOKA_FUZZ_SECONDS:-45}         # seconds for all of them

# with_second_chance FLAGS COMMAND... runs tests. Packages that fail are named, and run once more by go test with
# FLAGS: terminals, processes and Java machines on a busy machine have their moments, and those shall be seen, not
# stop a merge. What is broken fails twice.
with_second_chance() {
  local flags=$1 failed
  shift
  if "$@" 2>&1 | tee "$work/tests.log"; then
    return
  fi
  mapfile -t failed < <(awk '$1 == "FAIL" && $2 ~ "/" { print $2 }' "$work/tests.log" | sort -u)
  if ((${#failed[@]} == 0 || ${#failed[@]} > 3)); then
    return 1
  fi
  echo "UNSTABLE, once more: ${failed[*]}"
  # shellcheck disable=SC2086
  go test -count=1 $flags "${failed[@]}"
}

# The judges have had their turn in test_readme: -short leaves them out. What is below scripts runs programs that are
# built without the detector. It needs cgo, nothing else does.
step_race() {
  local packages
  mapfile -t packages < <(go list ./... | grep -vE '/scripts(/|$)')
  CGO_ENABLED=1 ZOKA_PEERS='' with_second_chance '-race -short' go test -race -short "${packages[@]}"
}

# Ensembles are broken for a minute, and then brokers for one. There is no second chance: what is found here may not
# come again.
step_torture() {
  ZOKA_TORTURE_SECONDS=60 go test -count=1 -v -parallel 1 -run '^TestTorture(_Kafka)?$' ./testcluster/check
}

# fuzz_targets prints "folder function" for every fuzz target.
fuzz_targets() {
  git ls-files '*_test.go' | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]*' /dev/null |
    sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort -u
}

step_fuzz() {
  local targets seconds dir name
  mapfile -t targets < <(fuzz_targets)
  if ((${#targets[@]} == 0)); then
    echo "no fuzz targets"
    return
  fi
  seconds=$fuzz_each
  if ((seconds * ${#targets[@]} > fuzz_total)); then
    seconds=$((fuzz_total / ${#targets[@]}))
    ((seconds > 0)) || seconds=1
  fi
  for target in "${targets[@]}"; do
    read -r dir name <<<"$target"
    fuzz_one "$dir" "$name" "$seconds"
  done
}

# fuzz_one DIR NAME SECONDS. The engine sometimes reports its own deadline as the target's failure; that alone, with
# no failing input, is tried once more.
fuzz_one() {
  local log=$work/fuzz.log attempt
  for attempt in 1 2; do
    echo "+ go test -run=^\$ -fuzz=^$2\$ -fuzztime=$3s -fuzzminimizetime=1x ./$1"
    # Minimising is left out: it takes the time of the search, and a run may end within it without having tried anything.
    if go test -run='^$' -fuzz="^$2\$" -fuzztime="$3s" -fuzzminimizetime=1x "./$1" >"$log" 2>&1; then
      grep -E '^ok' "$log"
      return
    fi
    if ((attempt == 2)) || grep -q 'Failing input written' "$log" || ! grep -q 'context deadline exceeded' "$log"; then
      break
    fi
  done
  cat "$log"
  return 1
}
