package command

import (
	"context"
	"io"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Kafka is a Kafka cluster as commands use it; its methods are those of kafka.Client, whose comments tell more. An
// error wraps the broker's kproto.Error where it was a broker that refused; an answer about several things has
// what was wrong with one of them in that one's Err, and an error only where nothing could be asked.
type Kafka interface {
	// Bootstrap are the addresses that the cluster was found by, host:port[,host:port…].
	Bootstrap() string

	Cluster(ctx context.Context) (kmodel.Cluster, error)
	// Answering asks brokers whether they are there. The errors have their order, nil for those that answered.
	Answering(ctx context.Context, brokers ...kmodel.Broker) ([]error, error)
	// LogDirs asks brokers for the folders of their logs; no broker is all.
	LogDirs(ctx context.Context, brokers ...int32) ([]kmodel.LogDir, error)

	// Topics describes topics, sorted by name; no name is all of them. None is created by being asked for.
	Topics(ctx context.Context, names ...string) ([]kmodel.Topic, error)
	CreateTopic(ctx context.Context, topic kmodel.NewTopic) error
	// CreatePartitions raises the number of a topic's partitions to count. The assignment is of the new ones, nil is
	// the brokers' choice.
	CreatePartitions(ctx context.Context, topic string, count int32, assignment [][]int32, validateOnly bool) error
	DeleteTopics(ctx context.Context, names ...string) ([]kmodel.Outcome, error)
	// Reassignments are the partitions whose replicas are being moved; no topic is all.
	Reassignments(ctx context.Context, topics ...string) ([]kmodel.Reassignment, error)

	// Configs describes configurations, with their defaults. docs asks for the documentation too.
	Configs(ctx context.Context, docs bool, resources ...kmodel.Resource) ([]kmodel.Configs, error)
	// AlterConfigs changes some keys of one resource, by IncrementalAlterConfigs, or where the broker is older than
	// that by reading and writing all.
	AlterConfigs(ctx context.Context, resource kmodel.Resource, changes []kmodel.ConfigChange, validateOnly bool) error

	// Quotas are the limits of exactly one user, client or address, or with a part of the name "" those of all that
	// have a part of this type. There is none where there are no limits.
	Quotas(ctx context.Context, entity []kmodel.QuotaPart) ([]kmodel.Quota, error)
	// AlterQuotas changes limits: those with a value are set, those with nil are removed.
	AlterQuotas(ctx context.Context, entity []kmodel.QuotaPart, changes map[string]*float64, validateOnly bool) error

	// Scram are the SCRAM credentials of users, sorted by user and mechanism; no user is all. One without is none.
	Scram(ctx context.Context, users ...string) ([]kmodel.Scram, error)
	// AlterScram sets credentials and removes others.
	AlterScram(ctx context.Context, set []kmodel.ScramPassword, remove []kmodel.Scram) error

	// Offsets asks the leaders for the offset of a time: kmodel.Latest, Earliest, MaxTimestamp, or milliseconds, of
	// which it is the first record at or after, -1 if there is none. The answer has the partitions' order.
	Offsets(ctx context.Context, partitions []kmodel.TopicPartition, at int64) ([]kmodel.PartitionOffset, error)
	// DeleteRecords deletes what is before an offset, -1 is all that is committed. The answers' offsets are the first
	// that are kept.
	DeleteRecords(ctx context.Context, before []kmodel.PartitionOffset) ([]kmodel.PartitionOffset, error)

	// Groups lists groups, sorted by name; no state is all. Beside a *kmodel.SilentError, for brokers that did not
	// answer, are the groups of the others.
	Groups(ctx context.Context, states ...string) ([]kmodel.GroupListing, error)
	// DescribeGroups describes groups in the order of their names. One that is not there has the state Dead.
	DescribeGroups(ctx context.Context, names ...string) ([]kmodel.Group, error)
	// GroupOffsets are a group's commits, sorted.
	GroupOffsets(ctx context.Context, group string) ([]kmodel.PartitionOffset, error)
	// CommitOffsets commits for a group without members.
	CommitOffsets(ctx context.Context, group string, offsets []kmodel.PartitionOffset) ([]kmodel.PartitionOffset, error)
	DeleteGroups(ctx context.Context, names ...string) ([]kmodel.Outcome, error)
	DeleteGroupOffsets(ctx context.Context, group string, partitions []kmodel.TopicPartition) ([]kmodel.PartitionOffset, error)

	// Producer starts to write records. failed is told of each record that was not acknowledged, by the number that
	// Produce was given, one call at a time.
	Producer(ctx context.Context, o kmodel.ProduceOptions, failed func(number int64, r kmodel.Record, err error)) (Producer, error)
	Consumer(ctx context.Context, o kmodel.ConsumeOptions) (Consumer, error)

	// Close lets go of all connections.
	Close()
}

// Producer writes records. Its methods are called by one goroutine.
type Producer interface {
	// Produce queues a record, and waits while too much is under way. The bytes of the record belong to the
	// producer from then on. What becomes of it is told by failed, or not told: then it was acknowledged.
	Produce(ctx context.Context, r *kmodel.Record, number int64) error
	// Flush waits until each record was acknowledged or has failed.
	Flush(ctx context.Context) error
	// Close gives up what is under way. The records that were not acknowledged are told of before it returns.
	Close()
}

// Consumer reads records. Its methods are called by one goroutine.
type Consumer interface {
	// Poll waits until there are records and hands them to fn, in their order within each partition, until fn
	// returns false or there are no more at hand. The record is fn's for the call only; its bytes do not change.
	// io.EOF tells that the end has come, of kmodel.ConsumeOptions.UntilEnd. For a group, what the Poll before has
	// handed out counts as read from now on.
	Poll(ctx context.Context, fn func(r *kmodel.Record) bool) error
	// Forget has what the last Poll handed out not be committed: it has not come where it was to go.
	Forget()
	// Close commits what was handed out, for a group, and leaves it.
	Close(ctx context.Context) error
}

// RecordReader reads records of a layout. At the end it returns io.EOF; the bytes of what it has read do not change.
type RecordReader interface {
	Read(r *kmodel.Record) error
}

// RecordFormatter writes records in a layout.
type RecordFormatter interface {
	Append(dst []byte, r *kmodel.Record) []byte
}

// KafkaTarget says how to reach a cluster.
type KafkaTarget struct {
	// Bootstrap are host:port[,host:port…] of brokers. Empty: what the Config names, else what ZooKeeper knows.
	Bootstrap string
	// Config is the path of a client.properties, "" for none.
	Config string
	// Listener chooses among the addresses that ZooKeeper has of a broker; "" is by the security protocol.
	Listener string
	// ZK returns the session that brokers are found through; nil is none.
	ZK func(context.Context) (ZK, error)
	// Timeout bounds the search for a broker that answers.
	Timeout time.Duration
	// Warn is told what of the Config does not count, and why records that are waited for do not come.
	Warn func(string)
}

// KafkaClient is how the shell reaches brokers. cmd/zoka fills it.
type KafkaClient struct {
	// Dial finds a cluster, and returns when a broker has answered.
	Dial func(context.Context, KafkaTarget) (Kafka, error)
	// NewReader and NewFormatter parse a layout in franz-go's format language.
	NewReader    func(layout string, r io.Reader) (RecordReader, error)
	NewFormatter func(layout string) (RecordFormatter, error)
}
