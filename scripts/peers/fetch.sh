# Sourced by peers.sh: releases from Maven Central, as folders with libs/, bin/ and logging configurations.
# shellcheck shell=bash

# pom NAME ARTIFACT... prints the Maven project whose runtime dependencies are the jars to fetch.
pom() {
  local name=$1 artifact group id version
  shift
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0">'
  echo '  <modelVersion>4.0.0</modelVersion>'
  echo "  <groupId>zoka.peers</groupId><artifactId>$name</artifactId><version>1</version>"
  echo '  <dependencies>'
  for artifact in "$@"; do
    IFS=: read -r group id version <<<"$artifact"
    printf '    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' \
      "$group" "$id" "$version"
  done
  echo '  </dependencies>'
  echo '</project>'
}

# installed NAME VERSION: that release is there and whole.
installed() {
  [[ -f $peers_dir/$1/ok && $(<"$peers_dir/$1/ok") == "$2" ]]
}

# fetch NAME ARTIFACT... prints a new folder whose libs/ has the jars. It stands aside until `keep` moves it into place,
# so that an interrupted install leaves nothing that looks whole.
fetch() {
  local name=$1 work
  need java 'a Java runtime (Debian: openjdk-17-jre-headless)'
  need mvn 'Maven (Debian: maven)'
  mkdir -p "$peers_dir"
  work=$(mktemp -d "$peers_dir/$name.XXXXXX")
  mkdir "$work/bin" "$work/libs"
  pom "$@" >"$work/pom.xml"
  if ! mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$work/libs" >"$work/mvn.log" 2>&1; then
    tail -n 5 "$work/mvn.log" >&2
    fail "Maven could not fetch $name; its log is $work/mvn.log"
  fi
  chmod 755 "$work"
  echo "$work"
}

# keep WORK NAME VERSION puts a finished folder where it is looked for.
keep() {
  echo "$3" >"$1/ok"
  rm -rf "${peers_dir:?}/$2"
  mv "$1" "$peers_dir/$2"
  echo "peers.sh: $2 ($3) is in $peers_dir/$2" >&2
}

# launcher FILE CLASS [ARG...] writes a script that runs CLASS on the jars beside it, with the arguments before its own.
launcher() {
  cat >"$1" <<LAUNCHER
#!/usr/bin/env bash
# JAVA_HEAP, JAVA_OPTS: options of the virtual machine, which is set for short runs where nothing is said.
# LOGCONF: the logging configuration beside bin/, tools.* (warnings) or server-log.* (all).
home=\$(cd "\$(dirname "\$0")/.." && pwd)
log=\$(echo "\$home/"\${LOGCONF:-tools.*})
# shellcheck disable=SC2086 # the two are lists of options
exec java \${JAVA_HEAP:--Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1} -Djava.awt.headless=true \\
  -XX:SharedArchiveFile="\$home/classes.jsa" \\
  -Dlogback.configurationFile="\$log" -Dlog4j.configuration="file:\$log" -Dlog4j2.configurationFile="\$log" \\
  \${JAVA_OPTS:-} -cp "\$home/libs/*" ${*:2} "\$@"
LAUNCHER
  chmod +x "$1"
}
