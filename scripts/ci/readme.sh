# Sourced by .ci/run and fresh.sh: the README's two commands, as the README has them.
# shellcheck shell=bash

# readme_command PREFIX prints the one line of README.md's sh blocks that begins with PREFIX.
readme_command() {
  local found
  found=$(awk -v prefix="$1" '/^```/ { inside = ($0 == "```sh"); next } inside && index($0, prefix) == 1' README.md)
  if [[ -z $found || $found == *$'\n'* ]]; then
    echo "README.md: want one command that begins with \"$1\", found: ${found:-none}" >&2
    return 1
  fi
  printf '%s\n' "$found"
}

# readme_shell opens the README's shell with two commands on stdin, and expects the tree of an empty server.
readme_shell() {
  local command out
  command=$(readme_command 'go run ')
  echo "+ $command"
  out=$(printf 'ls /\nquit\n' | bash -c "$command")
  printf '%s\n' "$out"
  if [[ $out != *zookeeper* ]]; then
    echo "ls / does not show /zookeeper" >&2
    return 1
  fi
}

# readme_tests runs the README's tests.
readme_tests() {
  local command
  command=$(readme_command 'go test ')
  echo "+ $command"
  bash -c "$command"
}

step_run_readme() {
  readme_shell
}

# The judges must be there, and every test that asks for them runs. The server is killed and restarted for a minute.
step_test_readme() {
  ZOKA_PEERS=require ZOKA_KILL_SECONDS=60 with_second_chance '' readme_tests
}
