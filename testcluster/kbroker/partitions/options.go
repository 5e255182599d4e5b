package partitions

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// Options are what a Manager works with. Self, Dirs, ZK and Dial are required.
type Options struct {
	// Self is this broker's id.
	Self int32
	// Dirs are open, and stay their opener's to close, after the Manager.
	Dirs []*klog.Dir
	// OfflineDirs are the paths of the log folders that could not be opened.
	OfflineDirs []string
	// ZK is the broker's session, by which changes of ISRs are written.
	ZK     *zkclient.Client
	Logger *slog.Logger
	Now    func() time.Time
	// Dial connects to another broker's listener for brokers.
	Dial func(ctx context.Context, broker int32) (net.Conn, error)
	// TopicConfig is a topic's configuration now; nil gives Kafka's defaults. It is asked again after each Apply.
	TopicConfig func(topic string) kconf.Topic

	ReplicaLagMs          int64 // replica.lag.time.max.ms
	FetchWaitMs           int64 // replica.fetch.wait.max.ms
	FetchBackoffMs        int64 // replica.fetch.backoff.ms
	SocketTimeoutMs       int64 // replica.socket.timeout.ms: how much later than it said a leader may answer
	FetchMinBytes         int32 // replica.fetch.min.bytes
	FetchMaxBytes         int32 // replica.fetch.max.bytes, of one partition
	FetchResponseMaxBytes int32 // replica.fetch.response.max.bytes
	// ClientFetchMaxBytes bounds the answer to any fetch (fetch.max.bytes).
	ClientFetchMaxBytes int32
	// FetchSessions bounds the cache of fetch sessions (max.incremental.fetch.session.cache.slots).
	FetchSessions int
}

// withDefaults fills in Kafka's defaults.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TopicConfig == nil {
		defaults := new(kconf.Broker).Topic(nil)
		o.TopicConfig = func(string) kconf.Topic { return defaults }
	}
	orElse(&o.ReplicaLagMs, 30_000)
	orElse(&o.FetchWaitMs, 500)
	orElse(&o.FetchBackoffMs, 1000)
	orElse(&o.SocketTimeoutMs, 30_000)
	orElse(&o.FetchMinBytes, 1)
	orElse(&o.FetchMaxBytes, 1<<20)
	orElse(&o.FetchResponseMaxBytes, 10<<20)
	orElse(&o.ClientFetchMaxBytes, 55<<20)
	orElse(&o.FetchSessions, 1000)
	return o
}

func orElse[T int | int32 | int64](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
}
