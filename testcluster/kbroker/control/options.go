package control

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
)

// Mirror is what ZooKeeper says, see package mirror.
type Mirror interface {
	Image() *kzk.Image
	Changed(after *kzk.Image) <-chan struct{}
	Fresh(ctx context.Context) (*kzk.Image, error)
}

// Config is what server.properties says of the controller. The zero value has Kafka's defaults, but for DeleteTopics
// and Rebalance, which are on in Kafka.
type Config struct {
	// DeleteTopics is delete.topic.enable. Without it the marks of /admin/delete_topics are dropped.
	DeleteTopics bool
	// Rebalance is auto.leader.rebalance.enable.
	Rebalance bool
	// RebalanceInterval is leader.imbalance.check.interval.seconds, 0 for 300 s.
	RebalanceInterval time.Duration
	// ImbalancePercentage is leader.imbalance.per.broker.percentage, 0 for 10.
	ImbalancePercentage int
	// Unclean says whether unclean.leader.election.enable holds for the topic, by img and the broker's own settings.
	// nil is never.
	Unclean func(img *kzk.Image, topic string) bool
	// ShutdownRetries is controlled.shutdown.max.retries, 0 for 3; ShutdownBackoff controlled.shutdown.retry.backoff.ms,
	// 0 for 5 s.
	ShutdownRetries int
	ShutdownBackoff time.Duration
	// ShutdownTimeout is controller.socket.timeout.ms, 0 for 30 s.
	ShutdownTimeout time.Duration
}

// Options are what a Control is made of.
type Options struct {
	// Self is the broker's id.
	Self   int32
	Mirror Mirror
	ZK     *zkclient.Client
	Config Config
	// Dial opens a connection to the listener for brokers that another broker has registered. Its error must wrap that
	// of the system: syscall.ECONNREFUSED is proof that the broker is gone.
	Dial   func(ctx context.Context, broker int32) (net.Conn, error)
	Logger *slog.Logger
	// Now is the clock, time.Now for nil.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	setDefault(&o.Config.RebalanceInterval, 300*time.Second)
	setDefault(&o.Config.ImbalancePercentage, 10)
	setDefault(&o.Config.ShutdownRetries, 3)
	setDefault(&o.Config.ShutdownBackoff, 5*time.Second)
	setDefault(&o.Config.ShutdownTimeout, 30*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
