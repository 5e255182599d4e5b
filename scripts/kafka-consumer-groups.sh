#!/usr/bin/env bash
# Apache Kafka's kafka-consumer-groups.sh, with the flags of 2.7 and of 4: see zoka help kafka-consumer-groups.sh
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"
find_zoka
# The binary picks its mode by the name it is called by.
exec -a kafka-consumer-groups.sh "$ZOKA" "$@"
