# Sourced by the launchers beside it: where things are, by the names of Apache Kafka's scripts.
#
#   ZOKA           the zoka binary; by default beside the launchers, one folder up (also in bin/), or on the PATH
#   LOG_DIR        the folder of what a broker started in the background writes
#   KAFKA_PIDFILE  the pid file of a broker in the background, by default kafka.pid in LOG_DIR
#
# shellcheck shell=bash

# shellcheck source=scripts/findZoka.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/findZoka.sh"
LOG_DIR=${LOG_DIR:-$prefix/logs}
# shellcheck disable=SC2034 # the launchers use it
pid_file=${KAFKA_PIDFILE:-$LOG_DIR/kafka.pid}

alive() {
  kill -0 "$1" 2>/dev/null
}
