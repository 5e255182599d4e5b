# Sourced by the launchers beside it: where things are, by the names and defaults of Apache's zkEnv.sh.
#
#   ZOKA         the zoka binary; by default beside the launchers, one folder up (also in bin/), or on the PATH
#   ZOOCFGDIR    the folder of zoo.cfg; --config DIR as first arguments of a launcher wins
#   ZOOCFG       the configuration's name in that folder (zoo.cfg)
#   SERVER_JVMFLAGS, JVMFLAGS   the -Dzookeeper.KEY=VALUE among them override zoo.cfg
#   ZOO_LOG_DIR  the folder of what a server started in the background writes
#
# shellcheck shell=bash

# shellcheck source=scripts/findZoka.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/findZoka.sh"

if [[ ${1:-} == --config && $# -gt 1 ]]; then
  ZOOCFGDIR=$2
  shift 2
fi
if [[ -z ${ZOOCFGDIR:-} ]]; then
  ZOOCFGDIR=$prefix/conf
  for candidate in "$prefix/conf" "$prefix/etc/zookeeper" /etc/zookeeper/conf /etc/zookeeper; do
    if [[ -d $candidate ]]; then
      ZOOCFGDIR=$candidate
      break
    fi
  done
fi
if [[ -f $ZOOCFGDIR/zookeeper-env.sh ]]; then
  # shellcheck source=/dev/null # the user's own settings
  . "$ZOOCFGDIR/zookeeper-env.sh"
fi
ZOO_LOG_DIR=${ZOO_LOG_DIR:-$prefix/logs}
