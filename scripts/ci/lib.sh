# Sourced by .ci/run: steps, and how long each took.
# shellcheck shell=bash

step_names=()
step_seconds=()
current=

# step NAME runs the function step_NAME. Its failure ends the run (set -e holds inside it).
step() {
  local start=$SECONDS
  current=$1
  printf '\n=== %s\n' "$1"
  "step_$1"
  step_names+=("$1")
  step_seconds+=("$((SECONDS - start))")
  current=
}

summary() {
  local i
  printf '\n=== summary\n'
  for i in "${!step_names[@]}"; do
    printf '%5d s  %s\n' "${step_seconds[$i]}" "${step_names[$i]}"
  done
  printf '%5d s  all\n' "$SECONDS"
  [[ -z $current ]] || printf 'FAILED: %s\n' "$current"
}

# complain TEXT ends the step.
complain() {
  printf '%s\n' "$*" >&2
  exit 1
}
