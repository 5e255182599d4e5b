# Sourced by peers.sh: Apache Kafka.
# shellcheck shell=bash

declare -A kafka_versions=([kafka27]=2.7.2 [kafka39]=3.9.1 [kafka4]=4.2.0)

# kafka_artifacts NAME prints what the server and the tools of a release need, one a line.
kafka_artifacts() {
  local version=${kafka_versions[$1]}
  echo "org.apache.kafka:kafka_2.13:$version"
  echo "org.apache.kafka:kafka-tools:$version"
  case $1 in
    kafka27) echo org.slf4j:slf4j-log4j12:1.7.30 ;;
    kafka39) echo org.slf4j:slf4j-reload4j:1.7.36 ;;
    kafka4)
      echo org.apache.logging.log4j:log4j-slf4j-impl:2.24.3
      echo org.apache.logging.log4j:log4j-core:2.24.3
      ;;
  esac
}

# log4j LEVEL STREAM prints a logging configuration in the syntax of log4j 1, log4j2 in that of version 2.
log4j() {
  cat <<CONF
log4j.rootLogger=$1, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.$2
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=[%d] %p %m (%c)%n
CONF
}

log4j2() {
  cat <<CONF
rootLogger.level=$1
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
appenders=console
appender.console.type=Console
appender.console.name=console
appender.console.target=SYSTEM_${2^^}
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
CONF
}

# kafka_tools NAME prints the classic scripts of a release with their classes, which have moved between releases.
kafka_tools() {
  local admin=kafka.admin tools=kafka.tools new=org.apache.kafka.tools
  cat <<TOOLS
kafka-server-start.sh kafka.Kafka
kafka-configs.sh $admin.ConfigCommand
kafka-dump-log.sh $tools.DumpLogSegments
kafka-verifiable-producer.sh $new.VerifiableProducer
kafka-verifiable-consumer.sh $new.VerifiableConsumer
kafka-producer-perf-test.sh $new.ProducerPerformance
TOOLS
  case $1 in
    kafka27)
      cat <<TOOLS
kafka-topics.sh $admin.TopicCommand
kafka-console-producer.sh $tools.ConsoleProducer
kafka-console-consumer.sh $tools.ConsoleConsumer
kafka-consumer-groups.sh $admin.ConsumerGroupCommand
kafka-acls.sh $admin.AclCommand
kafka-reassign-partitions.sh $admin.ReassignPartitionsCommand
kafka-preferred-replica-election.sh $admin.PreferredReplicaLeaderElectionCommand
kafka-leader-election.sh $admin.LeaderElectionCommand
kafka-delete-records.sh $admin.DeleteRecordsCommand
kafka-log-dirs.sh $admin.LogDirsCommand
kafka-broker-api-versions.sh $admin.BrokerApiVersionsCommand
kafka-get-offsets.sh $tools.GetOffsetShell
kafka-consumer-perf-test.sh $tools.ConsumerPerformance
zookeeper-shell.sh org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka -server
TOOLS
      ;;
    *)
      cat <<TOOLS
kafka-storage.sh $tools.StorageTool
kafka-topics.sh $new.TopicCommand
kafka-console-consumer.sh $new.consumer.ConsoleConsumer
kafka-consumer-groups.sh $new.consumer.group.ConsumerGroupCommand
kafka-reassign-partitions.sh $new.reassign.ReassignPartitionsCommand
kafka-leader-election.sh $new.LeaderElectionCommand
kafka-delete-records.sh $new.DeleteRecordsCommand
kafka-log-dirs.sh $new.LogDirsCommand
kafka-get-offsets.sh $new.GetOffsetShell
kafka-consumer-perf-test.sh $new.ConsumerPerformance
kafka-transactions.sh $new.TransactionsCommand
TOOLS
      ;;&
    kafka39)
      cat <<TOOLS
kafka-console-producer.sh $tools.ConsoleProducer
kafka-acls.sh $admin.AclCommand
kafka-broker-api-versions.sh $admin.BrokerApiVersionsCommand
TOOLS
      ;;
    kafka4)
      cat <<TOOLS
kafka-console-producer.sh $new.ConsoleProducer
kafka-acls.sh $new.AclCommand
kafka-broker-api-versions.sh $new.BrokerApiVersionsCommand
TOOLS
      ;;
  esac
}

install_kafka() {
  local name=$1 version=${kafka_versions[$1]} work logging=log4j artifacts script class
  if installed "$name" "$version"; then
    return
  fi
  mapfile -t artifacts < <(kafka_artifacts "$name")
  work=$(fetch "$name" "${artifacts[@]}")
  [[ $name != kafka4 ]] || logging=log4j2
  "$logging" WARN err >"$work/tools.properties"
  "$logging" INFO out >"$work/server-log.properties"
  while IFS=' ' read -r script class; do
    # shellcheck disable=SC2086 # the class, and arguments that always come first
    launcher "$work/bin/$script" $class
  done < <(kafka_tools "$name")
  keep "$work" "$name" "$version"
}

# server_properties DATA BROKERS prints what all brokers have in common: small, quick to start, one's own log folder.
server_properties() {
  local replicas=$(($2 < 3 ? $2 : 3))
  cat <<PROPERTIES
log.dirs=$1/logs
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$((replicas > 1 ? 2 : 1))
group.initial.rebalance.delay.ms=0
PROPERTIES
}

further_properties() {
  [[ -z ${ZOKA_PEERS_CONFIG:-} ]] || cat "$ZOKA_PEERS_CONFIG"
}

# start_brokers NAME DIR N starts brokers 0 to N-1 on the configurations that stand there, and waits until all serve.
start_brokers() {
  local i heap=${ZOKA_PEERS_HEAP:-512m}
  for ((i = 0; i < $3; i++)); do
    LOGCONF=server-log.properties JAVA_HEAP="-Xms$heap -Xmx$heap" \
      start "$2/broker$i" "$peers_dir/$1/bin/kafka-server-start.sh" "$2/broker$i/server.properties"
  done
  for ((i = 0; i < $3; i++)); do
    await "$2/broker$i" grep -Eq 'started \(kafka\.server\.Kafka(Raft)?Server\)' "$2/broker$i/log"
  done
}

start_kafka() {
  local dir=$1 first=$2 n=$3 zookeeper=$4 name=${5:-kafka27} i data
  [[ $first =~ ^[0-9]+$ && $n =~ ^[1-9][0-9]*$ && $name =~ ^kafka(27|39)$ ]] || usage
  install_kafka "$name"
  for ((i = 0; i < n; i++)); do
    data=$dir/broker$i
    mkdir -p "$data"
    {
      echo "broker.id=$i"
      echo "listeners=PLAINTEXT://127.0.0.1:$((first + i))"
      echo "zookeeper.connect=$zookeeper"
      server_properties "$data" "$n"
      further_properties
    } >"$data/server.properties"
  done
  start_brokers "$name" "$dir" "$n"
}

# start_kraft: each process is broker and controller; controllers listen 100 ports above.
start_kraft() {
  local dir=$1 first=$2 n=${3:-1} i data voters=
  [[ $first =~ ^[0-9]+$ && $n =~ ^[1-9][0-9]*$ ]] || usage
  install_kafka kafka4
  for ((i = 0; i < n; i++)); do
    voters+="${voters:+,}$i@127.0.0.1:$((first + 100 + i))"
  done
  for ((i = 0; i < n; i++)); do
    data=$dir/broker$i
    mkdir -p "$data"
    {
      echo 'process.roles=broker,controller'
      echo "node.id=$i"
      echo "controller.quorum.voters=$voters"
      echo 'controller.listener.names=CONTROLLER'
      echo "listeners=PLAINTEXT://127.0.0.1:$((first + i)),CONTROLLER://127.0.0.1:$((first + 100 + i))"
      echo "advertised.listeners=PLAINTEXT://127.0.0.1:$((first + i))"
      echo 'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT'
      server_properties "$data" "$n"
      further_properties
    } >"$data/server.properties"
    [[ -f $data/logs/meta.properties ]] || kraft_format "$data"
  done
  start_brokers kafka4 "$dir" "$n"
}

# kraft_format DATA prepares a log folder; the cluster's id is any 16 bytes, the same for all members.
kraft_format() {
  "$peers_dir/kafka4/bin/kafka-storage.sh" format -t em9rYXpva2F6b2them9rYQ -c "$1/server.properties" >"$1/format.log" 2>&1 ||
    fail "kafka-storage.sh could not format $1/logs: $(tail -n 3 "$1/format.log")"
}
