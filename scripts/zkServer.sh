#!/usr/bin/env bash
# Starts and stops one zoka server, with the verbs, lines and exit codes of Apache's zkServer.sh.
#
# usage: zkServer.sh [--config DIR] start|start-foreground|stop|restart|status|print-cmd|version [CFG]
#
# CFG is a file of the configuration folder, or a path if it has a slash. zkEnv.sh lists the variables; further,
# ZOOPIDFILE is the pid file, by default zookeeper_server.pid in the configuration's dataDir.
set -euo pipefail
# shellcheck source=scripts/zkEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/zkEnv.sh"

verb=${1:-}
config=${2:-${ZOOCFG:-zoo.cfg}}
[[ $config == */* ]] || config=$ZOOCFGDIR/$config
out=$ZOO_LOG_DIR/zookeeper-${USER:-$(id -un)}-server-${HOSTNAME:-$(hostname)}.out
# How long stop waits for the server's end, in tenths of a second.
stop_patience=300

# What the JVM's flags tell the server itself, zoka is told too: -Dzookeeper.KEY=VALUE and the like.
flags=()
read -ra words <<<"${SERVER_JVMFLAGS:-} ${JVMFLAGS:-}"
for word in "${words[@]}"; do
  case $word in
    -Dzookeeper.* | -Djute.maxbuffer* | -Dreadonlymode.enabled=* | -Dznode.container.* | -Djava.security.auth.login.config=*)
      flags+=("$word")
      ;;
  esac
done
[[ -z ${ZOO_DATADIR_AUTOCREATE_DISABLE:-} ]] || flags+=(-Dzookeeper.datadir.autocreate=false)

# setting KEY [FILE] prints the last value of a key, as a properties file means it.
setting() {
  local file=${2:-$config}
  [[ -r $file ]] || return 0
  sed -n "s/^[[:space:]]*$1[[:space:]]*[=:][[:space:]]*//p" "$file" | tr -d '\r' | sed 's/[[:space:]]*$//' | tail -n 1
}

# need_pid_file sets pid_file, and makes the folder it is in.
need_pid_file() {
  local data
  pid_file=${ZOOPIDFILE:-}
  if [[ -z $pid_file ]]; then
    data=$(setting dataDir)
    if [[ -z $data ]]; then
      echo "zkServer.sh: no dataDir in $config, so no place for the pid file" >&2
      return 1
    fi
    pid_file=$data/zookeeper_server.pid
  fi
  mkdir -p -- "$(dirname -- "$pid_file")"
}

alive() {
  kill -0 "$1" 2>/dev/null
}

start() {
  local pid tries
  find_zoka
  echo -n 'Starting zookeeper ... '
  if ! need_pid_file; then
    echo 'FAILED TO START'
    return 1
  fi
  if [[ -f $pid_file ]] && pid=$(<"$pid_file") && [[ -n $pid ]] && alive "$pid"; then
    echo "already running as process $pid."
    return 1
  fi
  mkdir -p -- "$ZOO_LOG_DIR"
  detached "$ZOKA" server "${flags[@]}" "$config" >"$out" 2>&1 </dev/null &
  pid=$!
  if ! echo -n "$pid" >"$pid_file"; then
    echo 'FAILED TO WRITE PID'
    kill "$pid"
    return 1
  fi
  # A server that cannot run (bad configuration, taken port, broken log) ends at once: a second tells.
  for ((tries = 0; tries < 10; tries++)); do
    sleep 0.1
    if ! alive "$pid"; then
      echo 'FAILED TO START'
      rm -f -- "$pid_file"
      tail -n 3 "$out" >&2
      return 1
    fi
  done
  echo STARTED
}

# detached runs a command in a session of its own, where the terminal's signals do not reach it.
detached() {
  if command -v setsid >/dev/null; then
    exec setsid nohup "$@"
  fi
  exec nohup "$@"
}

stop() {
  local pid tries
  echo -n 'Stopping zookeeper ... '
  need_pid_file || return 1
  if [[ ! -f $pid_file ]]; then
    echo "no zookeeper to stop (could not find file $pid_file)"
    return 0
  fi
  pid=$(<"$pid_file")
  if [[ $pid =~ ^[0-9]+$ ]] && kill "$pid"; then
    for ((tries = 0; tries < stop_patience; tries++)); do
      alive "$pid" || break
      sleep 0.1
    done
    if alive "$pid"; then
      echo "process $pid has not ended yet"
      return 1
    fi
  fi
  rm -f -- "$pid_file"
  echo STOPPED
}

# find_port sets host, port and tls of the port that status asks: clientPort, else the address behind the semicolon
# of this server's own line, in zoo.cfg or in the dynamic configuration, else secureClientPort.
find_port() {
  local id address
  tls=false
  host=$(setting clientPortAddress)
  host=${host:-localhost}
  port=$(setting clientPort)
  [[ ! $port =~ ^[0-9]+$ ]] || return 0
  port=
  id=$(cat -- "$(setting dataDir)/myid" 2>/dev/null || true)
  if [[ ! $id =~ ^[0-9]+$ ]]; then
    echo 'myid could not be determined, will not able to locate clientPort in the server configs.'
  else
    address=$(client_address "$config" "$id")
    if [[ -z $address ]]; then
      echo 'Client port not found in static config file. Looking in dynamic config file.'
      address=$(client_address "$(setting dynamicConfigFile)" "$id")
    fi
    if [[ -z $address ]]; then
      echo 'Client port not found in the server configs'
    else
      port=${address##*:}
      if [[ $address == *:* ]]; then
        host=${address%:*}
        host=${host#\[}
        host=${host%\]}
      fi
    fi
  fi
  [[ -z $port ]] || return 0
  echo 'Client port not found. Looking for secureClientPort in the static config.'
  port=$(setting secureClientPort)
  if [[ -z $port ]]; then
    echo 'Unable to find either secure or unsecure client port in any configs. Terminating.'
    return 1
  fi
  tls=true
  host=$(setting secureClientPortAddress)
  host=${host:-localhost}
}

# client_address FILE ID prints [host:]port of server.ID=host:port:port[:role];[host:]port.
client_address() {
  local line
  line=$(setting "server\\.$2" "$1")
  [[ $line != *';'* ]] || echo "${line##*;}"
}

# mode asks the server for its Mode line.
mode() {
  local line
  [[ $tls == false ]] || return 0
  {
    exec 3<>"/dev/tcp/$host/$port" || return 0
  } 2>/dev/null
  echo -n srvr >&3
  while IFS= read -r -t 10 line <&3; do
    [[ $line != Mode:* ]] || echo "$line"
  done
}

status() {
  local answer
  find_port || return 1
  echo "Client port found: $port. Client address: $host. Client SSL: $tls."
  answer=$(mode)
  if [[ -z $answer ]]; then
    [[ $tls == false ]] || echo "zkServer.sh: status cannot ask port $port: it speaks TLS" >&2
    echo 'Error contacting service. It is probably not running.'
    return 1
  fi
  echo "$answer"
}

# zoka has no JMX: the line is for the programs that expect it.
if [[ ${JMXDISABLE:-false} == false ]]; then
  echo 'ZooKeeper JMX enabled by default' >&2
else
  echo 'JMX disabled by user request' >&2
fi
echo "Using config: $config" >&2

case $verb in
  start) start ;;
  start-foreground)
    find_zoka
    exec "$ZOKA" server "${flags[@]}" "$config"
    ;;
  stop) stop ;;
  restart)
    stop
    start
    ;;
  status) status ;;
  print-cmd)
    find_zoka
    echo "\"$ZOKA\" server ${flags[*]:+${flags[*]} }\"$config\" > \"$out\" 2>&1 < /dev/null"
    ;;
  version)
    find_zoka
    exec "$ZOKA" version
    ;;
  *)
    # Apache's script ends well here too.
    echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}" >&2
    ;;
esac
