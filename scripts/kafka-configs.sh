#!/usr/bin/env bash
# Apache Kafka's kafka-configs.sh, with the flags of 2.7 and of 4: see zoka help kafka-configs.sh
set -euo pipefail
# shellcheck source=scripts/kafkaEnv.sh
. "$(dirname -- "$(readlink -f -- "$0")")/kafkaEnv.sh"
find_zoka
# The binary picks its mode by the name it is called by.
exec -a kafka-configs.sh "$ZOKA" "$@"
