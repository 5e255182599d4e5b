package partitions_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// attempts are the times at which something with a path in it was sent to ZooKeeper.
type attempts struct {
	path []byte
	mu   sync.Mutex
	at   []time.Time
}

func (a *attempts) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &watchedConn{conn, a}, err
}

func (a *attempts) times() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.at)
}

type watchedConn struct {
	net.Conn
	a *attempts
}

func (c *watchedConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, c.a.path) {
		c.a.mu.Lock()
		c.a.at = append(c.a.at, time.Now())
		c.a.mu.Unlock()
	}
	return c.Conn.Write(b)
}

// lonely is a data plane without listeners and without a mirror: it gets its images by hand. Nobody fetches from it.
func (w *world) lonely(o partitions.Options) (*partitions.Manager, *zkclient.Client, *attempts) {
	w.t.Helper()
	a := &attempts{path: []byte(kzk.StatePath("t", 0))}
	zk, err := zkclient.Dial(w.t.Context(), zkclient.Config{Servers: w.zk.ConnectString(), Dialer: a.dial})
	ok(w.t, err)
	d, err := klog.Open(w.t.Context(), klog.Options{FS: storage.NewMemory(), Path: "/lonely", BrokerID: 1, Logger: logger(w.t)})
	ok(w.t, err)
	o.Self, o.Dirs, o.ZK, o.ReplicaLagMs = 1, []*klog.Dir{d}, zk, 10
	m := partitions.New(o)
	w.t.Cleanup(func() {
		ok(w.t, m.Close())
		ok(w.t, d.Close())
		ok(w.t, zk.Close(context.Background()))
	})
	return m, zk, a
}

// TestISR_OfATopicThatIsGone: a leader that has not heard of its topic's end writes nothing into another topic of the name,
// whose state has the same version.
func TestISR_OfATopicThatIsGone(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1, 2})
	before, err := w.brokers[1].mirror.Wait(t.Context(), func(img *kzk.Image) bool {
		p := img.Partition("t", 0)
		return p != nil && p.State != nil
	})
	ok(t, err)
	w.brokers[1].kill()
	w.remove("t", 1)
	_, err = w.admin.Set(t.Context(), kzk.TopicsPath, nil, -1) // as a controller does
	ok(t, err)
	w.topic("t", []int32{2, 1})
	was := w.state("t", 0)

	m, zk, a := w.lonely(partitions.Options{})
	m.Apply(before)
	eventually(t, "broker 1 wants to shrink the ISR", func() bool { return len(a.times()) > 0 })
	_, _, err = zk.Get(t.Context(), kzk.ClusterIDPath, nil) // is answered behind it
	ok(t, err)
	if now := w.state("t", 0); now.Version != was.Version || now.Leader != 2 || !slices.Equal(now.ISR, []int32{2, 1}) {
		t.Errorf("the state of another topic is %+v, was %+v", *now, *was)
	}
}

// lines keeps the lines of a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// TestISR_NotAllowed: a state that may not be written is tried less and less often, and told of once. It is written when it
// may be.
func TestISR_NotAllowed(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1, 2})
	img, err := w.brokers[1].mirror.Wait(t.Context(), func(img *kzk.Image) bool {
		p := img.Partition("t", 0)
		return p != nil && p.State != nil
	})
	ok(t, err)
	w.brokers[1].kill()
	readOnly := []zkproto.ACL{{Perms: zkproto.PermRead | zkproto.PermAdmin, ID: zkproto.OpenACL()[0].ID}}
	_, err = w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), readOnly, -1)
	ok(t, err)

	said := new(lines)
	m, _, a := w.lonely(partitions.Options{Logger: slog.New(slog.NewTextHandler(said, nil))})
	m.Apply(img)
	eventually(t, "it is tried again", func() bool { return len(a.times()) >= 4 })
	at := a.times()
	if rest := at[3].Sub(at[2]); rest < 350*time.Millisecond {
		t.Errorf("the third time it was tried again after %v", rest)
	}
	if n := said.count("could not be written"); n != 1 {
		t.Errorf("%d lines about it", n)
	}
	_, err = w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), zkproto.OpenACL(), -1)
	ok(t, err)
	w.isr("t", 0, 1)
}

// TestISR_WithOneThatStartedAnew: a leader writes no ISR that keeps a member whose process is another than the state knows,
// but leaves it to the controller to take that one out.
func TestISR_WithOneThatStartedAnew(t *testing.T) {
	w := newWorld(t, 3, func(o *partitions.Options) { o.ReplicaLagMs, o.FetchWaitMs = 800, 50 })
	w.topic("t", []int32{1, 2, 3})
	w.topic("u", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	w.brokers[1].leads("u", 0, 0)
	for _, topic := range []string{"t", "u"} {
		w.brokers[1].client().must(topic, 0, batch("a"))
		w.brokers[2].ends(topic, 0, 1)
	}
	w.brokers[3].ends("t", 0, 1)

	data, _, err := w.admin.Get(t.Context(), kzk.BrokerPath(3), nil)
	ok(t, err)
	ok(t, w.admin.Delete(t.Context(), kzk.BrokerPath(3), -1))
	_, _, err = w.admin.Create(t.Context(), kzk.BrokerPath(3), data, nil, zkproto.ModeEphemeral, 0)
	ok(t, err)
	_, err = w.admin.Set(t.Context(), kzk.BrokerIDsPath, nil, -1) // as a broker does
	ok(t, err)
	was := w.state("t", 0)
	w.brokers[2].m.StopFollowing()
	for _, topic := range []string{"t", "u"} {
		if _, err := w.brokers[1].client().produce(1, topic, 0, batch("b")); err != kproto.NoError {
			t.Fatal(err)
		}
	}
	w.isr("u", 0, 1)
	w.topic("v", []int32{1, 2})
	w.brokers[1].leads("v", 0, 0)
	w.isr("v", 0, 1)
	if now := w.state("t", 0); now.Version != was.Version {
		t.Errorf("the leader has written %+v over %+v", *now, *was)
	}
	w.electIf("t", 0, 1, 1, []int32{1, 2}, was.Version)
	w.isr("t", 0, 1, 3) // by what it has fetched since
}
