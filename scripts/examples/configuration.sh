#!/usr/bin/env bash
# Configuration: settings kept in znodes; a service that watches sees the change. usage: configuration.sh HOST:PORT
set -euo pipefail
# shellcheck source=scripts/examples/sessions.sh
. "$(dirname -- "$0")/sessions.sh"

begin /configuration
zk create /configuration/database "db1:5432"

# The service reads its setting, and with -w asks to be told of the next change.
open service
ask service 'get -w /configuration/database'

# An administrator changes it, from anywhere.
zk set /configuration/database "db2:5432"

# The event says that there is something new, not what. So the service reads again, and watches again: -w tells once.
hear service
ask service 'get -w /configuration/database'
