# Sourced by peers.sh: archives of classes, with which Java programs start in half the time.
# shellcheck shell=bash

# Where a release has its archive. Java passes over one that is missing, or made by another Java.
archive=classes.jsa

# share NAME COMMAND... gives a release its archive: of the classes that the programs load which COMMAND runs in a folder
# of its own, by the release's launchers or with JAVA_OPTS. What cannot be made is done without.
share() {
  local home=$peers_dir/$1 work
  shift
  if [[ -f $home/$archive ]]; then
    return
  fi
  work=$(mktemp -d)
  if ! (JAVA_OPTS="-XX:DumpLoadedClassList=$work/list.%p" "$@" "$work") >"$work/log" 2>&1 ||
    ! archive_classes "$home" "$work" >>"$work/log" 2>&1; then
    echo "peers.sh: no archive of classes for $home: $(tail -n 1 "$work/log")" >&2
  fi
  down "$work" >/dev/null 2>&1
  rm -rf "$work"
}

# archive_classes HOME WORK makes the archive from the lists in WORK. Ids in them are for classes of other loaders.
archive_classes() {
  cat "$2"/list.* | sed 's/ id: .*//; /^#/d' | sort -u >"$2/classes"
  java -Xshare:dump -Xlog:disable -Xlog:all=error:stderr -XX:SharedClassListFile="$2/classes" \
    -XX:SharedArchiveFile="$2/$archive" -cp "$1/libs/*" && mv "$2/$archive" "$1/$archive"
}

# some_port prints a port from which on the ports are likely to be free.
some_port() {
  echo $((20000 + RANDOM % 10000))
}

# show_zk DIR runs a server and its shell.
show_zk() {
  local port
  port=$(some_port)
  start_zk "$1" "$port" && "$peers_dir/zk39/bin/zkCli.sh" -server "127.0.0.1:$port" ls / && down "$1"
}

# show_kafka NAME DIR runs a broker and the tools that are asked most.
show_kafka() {
  local port zookeeper tools=$peers_dir/$1/bin broker
  port=$(some_port) zookeeper=$((port + 10)) broker=127.0.0.1:$port
  if [[ $1 == kafka4 ]]; then
    start_kraft "$2" "$port"
  else
    start_zk "$2" "$zookeeper" && start_kafka "$2" "$port" 1 "127.0.0.1:$zookeeper" "$1"
  fi
  "$tools/kafka-topics.sh" --bootstrap-server "$broker" --create --topic t
  echo record | "$tools/kafka-console-producer.sh" --bootstrap-server "$broker" --topic t
  "$tools/kafka-console-consumer.sh" --bootstrap-server "$broker" --topic t --from-beginning --max-messages 1 --group g
  "$tools/kafka-consumer-groups.sh" --bootstrap-server "$broker" --describe --group g
  "$tools/kafka-configs.sh" --bootstrap-server "$broker" --describe --topic t
  down "$2"
}
