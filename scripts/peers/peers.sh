#!/usr/bin/env bash
# Installs and runs the programs that judge zoka: Apache's ZooKeeper and Kafka, with their tools.
#
# usage: peers.sh install [NAME...]        install what is named, or zk39 debian kafka27 kafka4; what is there stays
#        peers.sh home NAME                print the folder: bin/ has the launchers, libs/ the jars
#        peers.sh zk DIR PORT [N]          start an ensemble of N (1) servers on 127.0.0.1, client ports PORT, PORT+1 ...
#        peers.sh kafka DIR PORT N ZOOKEEPER [kafka27|kafka39]
#                                          start brokers 0 to N-1 on 127.0.0.1, ports PORT, PORT+1 ..., on that ZooKeeper
#        peers.sh kraft DIR PORT [N]       start N (1) brokers of kafka4, which need no ZooKeeper
#        peers.sh down DIR                 stop what was started under DIR
#        peers.sh env                      print shell exports that name what is installed
#
# zk39     Apache ZooKeeper 3.9.4          from Maven Central, each in a folder of its name in
# kafka27  Apache Kafka 2.7.2              ${ZOKA_PEERS_DIR:-~/.cache/zoka-peers}; java and mvn are needed
# kafka39  Apache Kafka 3.9.1, the last release that runs on ZooKeeper
# kafka4   Apache Kafka 4.2.0
# debian   the distribution's packages zookeeper (3.8), kcat, python3-kafka, python3-confluent-kafka and python3-kazoo,
#          by apt-get (as root)
#
# ZOKA_PEERS_HEAP (256m for ZooKeeper, 512m for Kafka) bounds the heap of each server that is started.
# ZOKA_PEERS_CONFIG names a file with further lines for every broker's server.properties.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers_dir=${ZOKA_PEERS_DIR:-$HOME/.cache/zoka-peers}
# shellcheck source=scripts/peers/fetch.sh
. "$here/fetch.sh"
# shellcheck source=scripts/peers/share.sh
. "$here/share.sh"
# shellcheck source=scripts/peers/zookeeper.sh
. "$here/zookeeper.sh"
# shellcheck source=scripts/peers/kafka.sh
. "$here/kafka.sh"

fail() {
  printf 'peers.sh: %s\n' "$*" >&2
  exit 1
}

usage() {
  sed -n '4,21s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing: install $2"
}

# The server and shell of 3.8, kcat, and kazoo with what its own tests import.
debian_packages=(zookeeper kcat python3-kafka python3-confluent-kafka python3-kazoo python3-pytest python3-mock python3-objgraph python3-gevent python3-eventlet python3-pure-sasl)

debian_there() {
  dpkg -s "${debian_packages[@]}" >/dev/null 2>&1
}

install_debian() {
  if debian_there; then
    return
  fi
  need apt-get "${debian_packages[*]} by other means: this is no Debian"
  if ! apt_install; then
    # A fresh machine may have no package lists yet, or old ones.
    apt-get update -qq >&2
    apt_install || fail "apt-get could not install ${debian_packages[*]} (it needs root)"
  fi
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian_packages[@]}" >&2
}

install() {
  local name
  for name in "$@"; do
    case $name in
      zk39)
        install_zk39
        share zk39 show_zk
        ;;
      kafka27 | kafka39 | kafka4)
        install_kafka "$name"
        share "$name" show_kafka "$name"
        ;;
      debian) install_debian ;;
      *) usage ;;
    esac
  done
}

# start DATA COMMAND... runs a server in the background, with its log and pid in the folder DATA.
start() {
  local data=$1
  shift
  setsid "$@" >"$data/log" 2>&1 </dev/null &
  echo $! >"$data/pid"
}

# await DATA CHECK... returns once the check succeeds, and fails when the server of that folder ends or 60 s have passed.
await() {
  local data=$1 tries
  shift
  for ((tries = 0; tries < 600; tries++)); do
    if "$@"; then
      return
    fi
    if ! kill -0 "$(<"$data/pid")" 2>/dev/null; then
      tail -n 5 "$data/log" >&2
      fail "the server of $data ended; its log is $data/log"
    fi
    sleep 0.1
  done
  fail "the server of $data does not serve after 60 s; its log is $data/log"
}

down() {
  local file pid tries
  for file in "$1"/*/pid; do
    [[ -f $file ]] || continue
    pid=$(<"$file")
    kill "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

print_env() {
  local name
  for name in zk39 kafka27 kafka39 kafka4; do
    if [[ -f $peers_dir/$name/ok ]]; then
      printf 'export ZOKA_%s=%q\n' "${name^^}" "$peers_dir/$name"
    fi
  done
  if debian_there; then
    echo 'export ZOKA_ZK_DEBIAN=/usr/share/zookeeper'
  fi
}

verb=${1:-}
(($# == 0)) || shift
case $verb:$# in
  install:0) install zk39 debian kafka27 kafka4 ;;
  install:*) install "$@" ;;
  home:1)
    case $1 in
      zk39 | kafka27 | kafka39 | kafka4) echo "$peers_dir/$1" ;;
      *) usage ;;
    esac
    ;;
  zk:2 | zk:3) start_zk "$@" ;;
  kafka:4 | kafka:5) start_kafka "$@" ;;
  kraft:2 | kraft:3) start_kraft "$@" ;;
  down:1) down "$1" ;;
  env:0) print_env ;;
  *) usage ;;
esac
