#!/usr/bin/env bash
# Apache Kafka's kafka-get-offsets.sh, with the flags of 2.7 and of 4: see zoka help kafka-get-offsets.sh
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"
find_zoka
# The binary picks its mode by the name it is called by.
exec -a kafka-get-offsets.sh "$ZOKA" "$@"
