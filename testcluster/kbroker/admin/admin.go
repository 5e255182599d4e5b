package admin

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Options are what an [Admin] works with. Rand and Now may be nil.
type Options struct {
	Self   int32
	Config *kconf.Broker
	Mirror *mirror.Mirror
	ZK     *zkclient.Client
	Logger *slog.Logger
	Now    func() time.Time
	Rand   *rand.Rand // where an assignment starts, and topic ids; it is not shared
}

// Admin serves the rows. All methods may be called from any goroutine.
type Admin struct{ o Options }

// New returns an Admin, which has no goroutine while it serves no request.
func New(o Options) *Admin { return &Admin{o: o} }

// Rows are the requests it answers.
func (a *Admin) Rows() []wire.Row { return nil }

// NewTopic is a topic to be made.
type NewTopic struct {
	Name              string
	Partitions        int32             // -1: num.partitions
	ReplicationFactor int16             // -1: default.replication.factor
	Configs           map[string]string // overrides
}

// CreateTopic makes a topic and returns when this broker's image shows leaders for all of its partitions. Its error is a
// kproto.Error in its chain: TopicAlreadyExists, InvalidReplicationFactor, RequestTimedOut when ctx ended with the topic
// made but without all leaders …
func (a *Admin) CreateTopic(ctx context.Context, t NewTopic) error { return nil }

// Close gives up what is under way, and waits for it.
func (a *Admin) Close() {}
