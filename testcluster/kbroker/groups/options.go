package groups

import (
	"context"
	"log/slog"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// createTimeout bounds one attempt to make the topic of offsets.
const createTimeout = 30 * time.Second

// Topic is the topic that offsets and groups are kept in.
const Topic = "__consumer_offsets"

// Log is what the coordinator needs of the broker's partitions.
type Log interface {
	// Append writes a batch as acks=all does and takes it over. Done is called once, from any goroutine, also before Append
	// returns; its error is a kproto.Error.
	Append(topic string, partition int32, batch []byte, timeout time.Duration, done func(base int64, err error))
	// ReadLocal reads whole batches up to the end of the log, no less than one if there is one.
	ReadLocal(topic string, partition int32, from int64, max int) (batches []byte, hw int64, err error)
	// OnLeadership has fn called at each change of leadership, in order; fn does not block.
	OnLeadership(fn func(topic string, partition int32, epoch int32, leads bool))
}

// Options are what a coordinator is made of.
type Options struct {
	// Self is the broker's id.
	Self int32
	// Config has the limits of groups and the layout of their topic.
	Config kconf.Groups
	Log    Log
	// MaxBatch is the max.message.bytes of the topic, as it is now; nil is Kafka's default.
	MaxBatch func() int
	// Image is what ZooKeeper says of the cluster, as far as the broker knows.
	Image func() *kzk.Image
	// CreateTopic makes the topic of offsets, as Config says. It is called when a client looks for a coordinator and there
	// is none, by a goroutine that Close waits for; one call at a time. A topic that exists already is no error.
	CreateTopic func(ctx context.Context) error
	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxBatch == nil {
		o.MaxBatch = func() int { return 1048588 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
