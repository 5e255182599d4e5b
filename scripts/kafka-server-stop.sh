#!/usr/bin/env bash
# Stops the zoka broker that kafka-server-start.sh -daemon has started, or else, as Apache Kafka's script of this name
# does, all brokers of this user that run on the machine; and waits for their end. It says which it stops then. Where
# KAFKA_PIDFILE is set it is that broker or none. Nodes of `zoka cluster` are left alone: their processes are ZooKeeper
# servers too, and `zoka cluster down` ends them.
#
# usage: [SIGNAL=TERM] kafka-server-stop.sh
#
# kafkaEnv.sh lists the variables.
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"

# How long to wait for the end, in tenths of a second: handing over all leaderships takes some.
patience=600

# with_role prints the process ids of zoka's servers of a role, of what jps says.
with_role() {
  tr -d ' \n' <<<"$2" | tr '{' '\n' | sed -n '/"role":"'"$1"'"/{/"program":"zoka"/s/.*"pid":\([0-9]*\).*/\1/p}'
}

# brokers prints the process ids of zoka's brokers that are nothing else; those of other users are theirs to stop.
brokers() {
  local all nodes
  all=$("$ZOKA" jps -o json)
  nodes=$(with_role QuorumPeerMain "$all")
  with_role Kafka "$all" | grep -vxF -- "${nodes:-none}" || true
}

find_zoka
running=$(brokers)
pids=()
if [[ -f $pid_file ]]; then
  # That process may have ended, and another may have its number by now: then there is nothing to stop.
  pid=$(<"$pid_file")
  if grep -qx -- "$pid" <<<"$running"; then
    pids=("$pid")
  else
    rm -f -- "$pid_file"
  fi
elif [[ -z ${KAFKA_PIDFILE:-} ]]; then
  for pid in $running; do
    if alive "$pid"; then
      pids+=("$pid")
    fi
  done
fi
if ((${#pids[@]} == 0)); then
  echo 'No kafka server to stop'
  exit 1
fi
if [[ ! -f $pid_file ]]; then
  echo "kafka-server-stop.sh: no pid file $pid_file: stopping all brokers of this user: ${pids[*]}" >&2
fi

kill -s "${SIGNAL:-TERM}" "${pids[@]}"
for ((tries = 0; tries < patience; tries++)); do
  left=()
  for pid in "${pids[@]}"; do
    if alive "$pid"; then
      left+=("$pid")
    fi
  done
  if ((${#left[@]} == 0)); then
    rm -f -- "$pid_file"
    exit 0
  fi
  sleep 0.1
done
echo "kafka-server-stop.sh: process ${left[*]} has not ended yet" >&2
exit 1
