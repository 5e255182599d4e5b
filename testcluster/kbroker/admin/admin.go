package admin

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Options are what an [Admin] works with. Logger, Now and Rand may be nil.
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
type Admin struct {
	o      Options
	ctx    context.Context // ends what is under way
	cancel context.CancelFunc

	mu     sync.Mutex // guards closed and Rand
	closed bool
	wg     sync.WaitGroup // the requests under way
}

// errClosed ends the connection of a request that comes after Close.
var errClosed = errors.New("the broker is ending")

// New returns an Admin, which has no goroutine while it serves no request.
func New(o Options) *Admin {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	a := &Admin{o: o}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// Rows are the requests it answers.
func (a *Admin) Rows() []wire.Row {
	return []wire.Row{
		{Key: int16(kmsg.CreateTopics), Max: 7, Handle: a.handleCreateTopics},
		{Key: int16(kmsg.DeleteTopics), Max: 6, Handle: a.handleDeleteTopics},
		{Key: int16(kmsg.DescribeACLs), Max: 3, Handle: a.handleDescribeACLs},
		{Key: int16(kmsg.CreateACLs), Max: 3, Handle: a.handleCreateACLs},
		{Key: int16(kmsg.DeleteACLs), Max: 3, Handle: a.handleDeleteACLs},
		{Key: int16(kmsg.DescribeConfigs), Max: 4, Handle: a.handleDescribeConfigs},
		{Key: int16(kmsg.AlterConfigs), Max: 2, Handle: a.handleAlterConfigs},
		{Key: int16(kmsg.CreatePartitions), Max: 3, Handle: a.handleCreatePartitions},
		{Key: int16(kmsg.IncrementalAlterConfigs), Max: 1, Handle: a.handleIncrementalAlterConfigs},
		{Key: int16(kmsg.DescribeClientQuotas), Max: 1, Handle: a.handleDescribeQuotas},
		{Key: int16(kmsg.AlterClientQuotas), Max: 1, Handle: a.handleAlterQuotas},
		{Key: int16(kmsg.DescribeUserSCRAMCredentials), Handle: a.handleDescribeSCRAM},
		{Key: int16(kmsg.AlterUserSCRAMCredentials), Handle: a.handleAlterSCRAM},
	}
}

// serve answers a request on a goroutine of its own: it waits for ZooKeeper, and the connection's other requests do not
// wait for it. The client's leaving does not end it: what is half done would stay so.
func (a *Admin) serve(r *wire.Request, req kmsg.Request, answer func(ctx context.Context) kmsg.Response) {
	if r.Decode(req) != nil {
		return
	}
	if !a.begin() {
		r.Hangup(errClosed)
		return
	}
	go func() {
		defer a.wg.Done()
		r.Reply(answer(a.ctx))
	}()
}

// begin says whether something may still begin; then wg.Done is its end.
func (a *Admin) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.wg.Add(1)
	}
	return !a.closed
}

// requestTimeout is request.timeout.ms, for requests that bring none.
func (a *Admin) requestTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(a.o.Config.Requests.RequestTimeoutMs)*time.Millisecond)
}

// dynamic is what was set for this broker, and for all, while they run.
func (a *Admin) dynamic(img *kzk.Image) []map[string]string {
	return []map[string]string{img.Config(brokerKey(a.o.Self)), img.Config(kzk.Entity{Type: kzk.BrokerEntity, Name: kzk.DefaultEntity}.Key())}
}

// Close gives up what is under way, and waits for it.
func (a *Admin) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cancel()
	a.wg.Wait()
}
