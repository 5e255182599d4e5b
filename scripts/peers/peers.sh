#!/usr/bin/env bash
# Installs and runs the programs that judge zoka: Apache ZooKeeper's own server and zkCli.sh.
#
# usage: peers.sh install [zk39|debian]   install one, or both; what is there stays (zk39 needs java and mvn, debian root)
#        peers.sh home zk39               print the folder: bin/ has the launchers, libs/ the jars
#        peers.sh zk DIR PORT [N]         start an ensemble of N (1) servers on 127.0.0.1, client ports PORT, PORT+1 ...
#        peers.sh down DIR                stop what was started under DIR
#        peers.sh env                     print shell exports that name what is installed
#
# zk39    Apache ZooKeeper 3.9.4 from Maven Central, in ${ZOKA_PEERS_DIR:-~/.cache/zoka-peers}/zk39
# debian  the distribution's packages zookeeper (3.8) and python3-kazoo, by apt-get
#
# ZOKA_PEERS_HEAP (256m) bounds the heap of each server that `zk` starts.
set -euo pipefail

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
peers_dir=${ZOKA_PEERS_DIR:-$HOME/.cache/zoka-peers}
heap=${ZOKA_PEERS_HEAP:-256m}

fail() {
  printf 'peers.sh: %s\n' "$*" >&2
  exit 1
}

usage() {
  sed -n '4,13s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing: install $2"
}

# pom prints the Maven project whose runtime dependencies are the jars to fetch.
pom() {
  local artifact group name version
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0">'
  echo '  <modelVersion>4.0.0</modelVersion>'
  echo '  <groupId>zoka.peers</groupId><artifactId>zk39</artifactId><version>1</version>'
  echo '  <dependencies>'
  for artifact in "${zk39_artifacts[@]}"; do
    IFS=: read -r group name version <<<"$artifact"
    printf '    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' \
      "$group" "$name" "$version"
  done
  echo '  </dependencies>'
  echo '</project>'
}

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

# launcher FILE CLASS writes a script that runs CLASS on the jars beside it.
launcher() {
  cat >"$1" <<LAUNCHER
#!/usr/bin/env bash
# JAVA_HEAP, JAVA_OPTS: options of the virtual machine. LOGCONF: tools.xml (warnings) or server-log.xml (all).
home=\$(cd "\$(dirname "\$0")/.." && pwd)
# shellcheck disable=SC2086 # the two are lists of options
exec java \${JAVA_HEAP:--Xmx512m} -Djava.awt.headless=true \\
  -Dlogback.configurationFile="\$home/\${LOGCONF:-tools.xml}" \${JAVA_OPTS:-} \\
  -cp "\$home/conf:\$home/libs/*" $2 "\$@"
LAUNCHER
  chmod +x "$1"
}

install_zk39() {
  local home=$peers_dir/zk39 work
  if [[ -f $home/ok && $(<"$home/ok") == "$zk39_version" ]]; then
    return
  fi
  need java 'a Java runtime (Debian: openjdk-17-jre-headless)'
  need mvn 'Maven (Debian: maven)'
  # Built aside and moved into place, so that an interrupted install leaves nothing that looks whole.
  mkdir -p "$peers_dir"
  work=$(mktemp -d "$peers_dir/zk39.XXXXXX")
  mkdir "$work/bin" "$work/conf" "$work/libs"
  pom >"$work/pom.xml"
  if ! mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$work/libs" >"$work/mvn.log" 2>&1; then
    tail -n 5 "$work/mvn.log" >&2
    fail "Maven could not fetch ZooKeeper $zk39_version; its log is $work/mvn.log"
  fi
  logback WARN >"$work/tools.xml"
  logback INFO >"$work/server-log.xml"
  launcher "$work/bin/zkCli.sh" org.apache.zookeeper.ZooKeeperMain
  launcher "$work/bin/zkServer-foreground.sh" org.apache.zookeeper.server.quorum.QuorumPeerMain
  chmod 755 "$work"
  echo "$zk39_version" >"$work/ok"
  rm -rf "$home"
  mv "$work" "$home"
  echo "peers.sh: ZooKeeper $zk39_version is in $home" >&2
}

# The server and shell of 3.8, and kazoo with what its own tests import.
debian_packages=(zookeeper python3-kazoo python3-pytest python3-mock python3-objgraph python3-gevent python3-eventlet python3-pure-sasl)

debian_there() {
  dpkg -s "${debian_packages[@]}" >/dev/null 2>&1
}

install_debian() {
  if debian_there; then
    return
  fi
  need apt-get 'ZooKeeper 3.8 by other means: this is no Debian'
  if ! apt_install; then
    # A fresh machine may have no package lists yet, or old ones.
    apt-get update -qq >&2
    apt_install || fail "apt-get could not install ${debian_packages[*]} (it needs root)"
  fi
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian_packages[@]}" >&2
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
    LOGCONF=server-log.xml JAVA_HEAP=-Xmx$heap setsid "$peers_dir/zk39/bin/zkServer-foreground.sh" "$data/zoo.cfg" \
      >"$data/log" 2>&1 </dev/null &
    echo $! >"$data/pid"
  done
  for ((i = 1; i <= n; i++)); do
    await_port $((first + i - 1)) "$dir/zk$i"
  done
}

# await_port PORT DATA returns once the server of that folder accepts connections.
await_port() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
      return
    fi
    if ! kill -0 "$(<"$2/pid")" 2>/dev/null; then
      tail -n 5 "$2/log" >&2
      fail "the server for port $1 ended; its log is $2/log"
    fi
    sleep 0.1
  done
  fail "port $1 is still closed after 60 s; the server's log is $2/log"
}

stop_zk() {
  local file pid tries
  for file in "$1"/zk*/pid; do
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
  if [[ -f $peers_dir/zk39/ok ]]; then
    printf 'export ZOKA_ZK39=%q\n' "$peers_dir/zk39"
  fi
  if debian_there; then
    echo 'export ZOKA_ZK_DEBIAN=/usr/share/zookeeper'
  fi
}

verb=${1:-}
(($# == 0)) || shift
case $verb:$# in
  install:0)
    install_zk39
    install_debian
    ;;
  install:1)
    case $1 in
      zk39) install_zk39 ;;
      debian) install_debian ;;
      *) usage ;;
    esac
    ;;
  home:1)
    [[ $1 == zk39 ]] || usage
    echo "$peers_dir/zk39"
    ;;
  zk:2 | zk:3) start_zk "$@" ;;
  down:1) stop_zk "$1" ;;
  env:0) print_env ;;
  *) usage ;;
esac
