#!/usr/bin/env bash
# Online and offline: a server comes, and dies; watchers are told of both. usage: notice.sh HOST:PORT
set -euo pipefail
# shellcheck source=scripts/examples/sessions.sh
. "$(dirname -- "$0")/sessions.sh"

begin /notice

# addWatch stays, and may come before its znode: two watchers wait for the server.
for name in watcher1 watcher2; do
  open "$name"
  ask "$name" 'addWatch -m PERSISTENT /notice/server'
done

# The server registers itself. Its session timeout is four seconds.
open server --timeout 4000
ask server 'create -e /notice/server server.example:7000'
hear watcher1
hear watcher2

# The server dies without a word. When its session times out, ZooKeeper deletes its znode, and tells who watches.
die server
hear watcher1
hear watcher2
