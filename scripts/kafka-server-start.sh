#!/usr/bin/env bash
# Starts one zoka broker, with the flags of Apache Kafka's script of this name.
#
# usage: kafka-server-start.sh [-daemon] server.properties [--override KEY=VALUE]...
#
# With -daemon it runs in the background and writes to kafkaServer.out in LOG_DIR; its process id is in the pid file,
# where kafka-server-stop.sh looks. kafkaEnv.sh lists the variables.
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"

daemon=false
while [[ ${1:-} == -* ]]; do
  case $1 in
    -daemon) daemon=true ;;
    -loggc) ;; # the JVM's
    -name)     # of the log file
      [[ $# -gt 1 ]] || set -- "$@" ''
      shift
      ;;
    *) break ;;
  esac
  shift
done
if [[ $# -lt 1 || $1 == -* ]]; then
  echo "USAGE: $0 [-daemon] server.properties [--override property=value]*"
  exit 1
fi
find_zoka
[[ $daemon == true ]] || exec "$ZOKA" broker "$@"

if [[ -f $pid_file ]] && pid=$(<"$pid_file") && [[ $pid =~ ^[0-9]+$ ]] && alive "$pid"; then
  echo "kafka-server-start.sh: process $pid of $pid_file is running already" >&2
  exit 1
fi
out=$LOG_DIR/kafkaServer.out
mkdir -p -- "$LOG_DIR" "$(dirname -- "$pid_file")"
detach=()
if command -v setsid >/dev/null; then
  detach=(setsid) # a session of its own, where the terminal's signals do not reach it
fi
"${detach[@]}" nohup "$ZOKA" broker "$@" >"$out" 2>&1 </dev/null &
pid=$!
echo -n "$pid" >"$pid_file"
# A broker that cannot run (bad configuration, taken port, locked log) ends at once: a second tells.
for ((tries = 0; tries < 10; tries++)); do
  sleep 0.1
  if ! alive "$pid"; then
    echo "kafka-server-start.sh: the broker has ended; $out says:" >&2
    rm -f -- "$pid_file"
    tail -n 3 "$out" >&2
    exit 1
  fi
done
