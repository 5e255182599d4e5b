# Sourced by the examples beside it: several sessions at once, each a zoka that reads its commands from a pipe.
#
# An ephemeral znode and a watch belong to a session. A one-shot `zoka create -e` would lose its znode at once.
#
# shellcheck shell=bash

server=${1:-127.0.0.1:2181}
zoka=${ZOKA:-zoka}
patience=20 # seconds for any answer or event

# zk runs one command in a session of its own.
zk() {
  "$zoka" -s "$server" "$@"
}

# The open sessions by name: process, pipe of commands, pipe of answers and events.
declare -A pid to from
pipes=$(mktemp -d)

# open NAME [FLAG…] opens a session that stays.
open() {
  local name=$1 in out
  shift
  mkfifo "$pipes/$name.in" "$pipes/$name.out"
  # A child must not hold the other sessions' pipes open: they end by being closed.
  (
    for in in "${to[@]}"; do exec {in}>&-; done
    exec "$zoka" -s "$server" "$@" <"$pipes/$name.in" >"$pipes/$name.out" 2>&1
  ) &
  pid[$name]=$!
  exec {in}>"$pipes/$name.in" {out}<"$pipes/$name.out"
  to[$name]=$in from[$name]=$out
}

# ask NAME COMMAND has a session carry out a command, and shows all that it says up to the end of that command.
ask() {
  local line
  printf '%s\n' "$2" 'echo .' >&"${to[$1]}"
  while IFS= read -r -t "$patience" line <&"${from[$1]}"; do
    [[ $line != . ]] || return 0
    echo "$1: $line"
  done
  echo "$1: no answer to: $2" >&2
  return 1
}

# hear NAME waits for the next event of a session, and shows it.
hear() {
  local line
  if ! IFS= read -r -t "$patience" line <&"${from[$1]}"; then
    echo "$1: heard nothing" >&2
    return 1
  fi
  echo "$1: $line"
}

# leave NAME ends a session in good order: what is ephemeral of it goes at once.
leave() {
  local in=${to[$1]} out=${from[$1]}
  exec {in}>&-
  wait "${pid[$1]}"
  exec {out}<&-
  unset "to[$1]" "from[$1]" "pid[$1]"
}

# die NAME kills a session's process. The server waits for the session timeout: it might only be slow.
die() {
  local in=${to[$1]} out=${from[$1]}
  kill -KILL "${pid[$1]}"
  wait "${pid[$1]}" 2>/dev/null || true # killed, as intended
  exec {in}>&- {out}<&-
  unset "to[$1]" "from[$1]" "pid[$1]"
}

# tidy ends the sessions that are open and removes what the example made, however it ended.
tidy() {
  local name
  for name in "${!pid[@]}"; do
    leave "$name" || true # one that has ended already
  done
  rm -rf "$pipes"
  [[ -z ${root:-} ]] || zk deleteall "$root" >/dev/null
}
trap tidy EXIT

# begin ZNODE creates the example's own znode, below which it keeps everything.
begin() {
  zk create "$1"
  root=$1
}
