#!/usr/bin/env bash
# Stops the zoka broker that kafka-server-start.sh -daemon has started, or else, as Apache Kafka's script of this name
# does, all brokers of this user that run on the machine; and waits for their end. Where KAFKA_PIDFILE is set it is that
# broker or none.
#
# usage: [SIGNAL=TERM] kafka-server-stop.sh
#
# kafkaEnv.sh lists the variables.
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"

# How long to wait for the end, in tenths of a second: handing over all leaderships takes some.
patience=600

# brokers prints the process ids of zoka's brokers; those of other users are theirs to stop.
brokers() {
  "$ZOKA" jps -o json | tr -d ' \n' | tr '{' '\n' |
    sed -n '/"role":"Kafka"/{/"program":"zoka"/s/.*"pid":\([0-9]*\).*/\1/p}'
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
