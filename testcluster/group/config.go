package group

import "time"

// Config are the limits of groups. Kafka's names are in the comments. All of it is needed.
type Config struct {
	MinSession, MaxSession time.Duration // group.min.session.timeout.ms, group.max.session.timeout.ms
	InitialDelay           time.Duration // group.initial.rebalance.delay.ms
	MaxSize                int           // group.max.size
	MaxMetadata            int           // offset.metadata.max.bytes
	MaxBatch               func() int    // max.message.bytes of __consumer_offsets, as it is now
	Retention              time.Duration // offsets.retention.minutes
	RetentionCheck         time.Duration // offsets.retention.check.interval.ms
	// NewID makes a text that was never made before, the second half of a member id: a UUID.
	NewID func() string
	// Exists tells whether there is such a partition, for commits.
	Exists func(topic string, partition int32) bool
}

// newMemberTimeout is how long a member that is new to a group may wait for the answer to its join. It has no id yet that
// it could send heartbeats with, and a client that has gone away meanwhile must not stay for ever.
// Source: GroupCoordinator.NewMemberJoinTimeoutMs.
const newMemberTimeout = 5 * time.Minute
