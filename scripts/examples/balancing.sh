#!/usr/bin/env bash
# Soft load balancing: access counts in znodes; clients pick the least loaded server. usage: balancing.sh HOST:PORT
set -euo pipefail
# shellcheck source=scripts/examples/sessions.sh
. "$(dirname -- "$0")/sessions.sh"

servers=(a b c)
begin /balancing
for name in "${servers[@]}"; do
  zk create "/balancing/$name" 0
done

# look sets least to the server with the least count, and count and version to what stands in its znode.
look() {
  local name n lines
  count=
  for name in "${servers[@]}"; do
    mapfile -t lines < <(zk get -s "/balancing/$name") # the data, then the stat fields
    n=${lines[0]}
    if [[ -z $count || $n -lt $count ]]; then
      least=$name count=$n
      version=$(printf '%s\n' "${lines[@]}" | sed -n 's/^dataVersion = //p')
    fi
  done
}

# take counts one access of the server that look has found. It fails if someone else was quicker: then the znode has
# another version than the one that was read, and writing count+1 would lose their access.
take() {
  zk set -v "$version" "/balancing/$least" "$((count + 1))"
}

# Two clients look, both find a. The second one to write is refused, and looks again.
look
mine=$least
zk set -v "$version" "/balancing/$least" "$((count + 1))" # the other client
take || echo "exit code $?: $mine was taken by someone else"
look
take
echo "took $least instead"

# Four clients at once, four accesses each. Nothing is lost, and no server gets ahead of the others.
client() {
  local access tries
  for access in 1 2 3 4; do
    for ((tries = 1; ; tries++)); do
      look
      ! take 2>/dev/null || break
      if ((tries == 100)); then
        echo "client $1, access $access: always too late" >&2
        return 1
      fi
    done
  done
}
clients=()
for number in 1 2 3 4; do
  client "$number" &
  clients+=($!)
done
for process in "${clients[@]}"; do
  wait "$process"
done
for name in "${servers[@]}"; do
  echo "$name: $(zk get "/balancing/$name")"
done
