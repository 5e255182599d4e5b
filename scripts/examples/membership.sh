#!/usr/bin/env bash
# Membership: ephemeral znodes as members of a group; who is there. usage: membership.sh HOST:PORT
set -euo pipefail
# shellcheck source=scripts/examples/sessions.sh
. "$(dirname -- "$0")/sessions.sh"

begin /membership

# Who belongs to the group has an ephemeral znode in it, with its address as data.
for name in alice bob carol; do
  open "$name"
  ask "$name" "create -e /membership/$name $name.example:7000"
done

# Who is there? The list of children. Where is bob? His data.
zk ls /membership
zk get /membership/bob

# A session ends, and its member is gone. Nobody has to tidy up.
leave bob
zk ls /membership

# Nobody is a member twice: the name is taken.
zk create -e /membership/alice || echo "exit code $?"
