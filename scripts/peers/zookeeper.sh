# Sourced by peers.sh: Apache ZooKeeper.
# shellcheck shell=bash

zk39_version=3.9.4
# What Apache's binary distribution adds to zookeeper.jar at run time, as far as the server and zkCli.sh need it.
zk39_artifacts=(
  "org.apache.zookeeper:zookeeper:$zk39_version"
  io.dropwizard.metrics:metrics-core:4.1.12.1
  org.xerial.snappy:snappy-java:1.1.10.5
  org.eclipse.jetty:jetty-server:9.4.57.v20241219
  org.eclipse.jetty:jetty-servlet:9.4.57.v20241219
  com.fasterxml.jackson.core:jackson-databind:2.15.2
  commons-cli:commons-cli:1.5.0
  jline:jline:2.14.6
  ch.qos.logback:logback-classic:1.3.15
)

# logback LEVEL prints a logging configuration that keeps stdout for the program's own output.
logback() {
  cat <<XML
<configuration>
  <appender name="stderr" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%d %level %msg%n</pattern></encoder>
  </appender>
  <root level="$1"><appender-ref ref="stderr"/></root>
</configuration>
XML
}

install_zk39() {
  local work
  if installed zk39 "$zk39_version"; then
    return
  fi
  work=$(fetch zk39 "${zk39_artifacts[@]}")
  logback WARN >"$work/tools.xml"
  logback INFO >"$work/server-log.xml"
  launcher "$work/bin/zkCli.sh" org.apache.zookeeper.ZooKeeperMain
  launcher "$work/bin/zkServer-foreground.sh" org.apache.zookeeper.server.quorum.QuorumPeerMain
  keep "$work" zk39 "$zk39_version"
}

# zoo_cfg DIR PORT FIRST N prints the configuration of the server with client port PORT in an ensemble of N.
zoo_cfg() {
  local i
  cat <<CFG
tickTime=2000
initLimit=10
syncLimit=5
dataDir=$1
clientPort=$2
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=*
extendedTypesEnabled=true
CFG
  if (($4 > 1)); then
    for ((i = 1; i <= $4; i++)); do
      echo "server.$i=127.0.0.1:$(($3 + 100 + i)):$(($3 + 200 + i))"
    done
  fi
}

start_zk() {
  local dir=$1 first=$2 n=${3:-1} i data
  [[ $first =~ ^[0-9]+$ && $n =~ ^[1-9][0-9]*$ ]] || usage
  install_zk39
  for ((i = 1; i <= n; i++)); do
    data=$dir/zk$i
    mkdir -p "$data"
    echo "$i" >"$data/myid"
    zoo_cfg "$data" $((first + i - 1)) "$first" "$n" >"$data/zoo.cfg"
    LOGCONF=server-log.xml JAVA_HEAP=-Xmx${ZOKA_PEERS_HEAP:-256m} \
      start "$data" "$peers_dir/zk39/bin/zkServer-foreground.sh" "$data/zoo.cfg"
  done
  for ((i = 1; i <= n; i++)); do
    await "$dir/zk$i" port_open $((first + i - 1))
  done
}

port_open() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
