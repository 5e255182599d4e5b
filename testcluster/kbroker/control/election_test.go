package control_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestElection: one of three is elected, in epoch 1; when it closes, another is at once, in epoch 2.
func TestElection(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	first := c.awaitController(1, 2, 3)
	if e := c.view.Image().ControllerEpoch; e != 1 {
		t.Errorf("the first controller epoch is %d", e)
	}
	first.stop()
	c.awaitController(c.others(first.id)...)
	c.await("the controller epoch is 2", func(i *kzk.Image) bool { return i.ControllerEpoch == 2 })
}

// TestElection_AfterRemovalByHand: operators force an election by removing /controller.
func TestElection_AfterRemovalByHand(t *testing.T) {
	c := startCluster(t, control.Config{}, 1)
	c.awaitController(1)
	if err := c.client.Delete(timeout(t), kzk.ControllerPath, -1); err != nil {
		t.Fatal(err)
	}
	c.await("broker 1 is elected again", func(i *kzk.Image) bool { return i.Controller == 1 && i.ControllerEpoch == 2 })
	c.topic("t", []int32{1})
	if st := c.awaitState("t", 0, 1, 1); st.ControllerEpoch != 2 {
		t.Errorf("written in controller epoch %d", st.ControllerEpoch)
	}
}

// TestElection_OfAnEarlierSession: the broker has died and come back while /controller of its earlier session stands. It
// takes over from itself.
func TestElection_OfAnEarlierSession(t *testing.T) {
	c := startCluster(t, control.Config{}, 1)
	b := c.awaitController(1)
	b.kill()
	if err := c.client.Delete(timeout(t), kzk.BrokerPath(1), -1); err != nil { // the broker itself sees to that
		t.Fatal(err)
	}
	c.start(1)
	c.await("broker 1 is elected again", func(i *kzk.Image) bool { return i.Controller == 1 && i.ControllerEpoch == 2 })
	stat, err := c.client.Exists(timeout(t), kzk.ControllerPath, nil)
	if err != nil || stat.EphemeralOwner != c.brokers[1].client.Session().ID {
		t.Errorf("/controller is of session %x, %v", stat.EphemeralOwner, err)
	}
}

// TestSessionLost: a broker without a session is no controller, and is elected no sooner than it is registered again.
func TestSessionLost(t *testing.T) {
	c := startCluster(t, control.Config{}, 1)
	b := c.awaitController(1)
	b.SessionLost()
	if err := c.client.Delete(timeout(t), kzk.ControllerPath, -1); err != nil {
		t.Fatal(err)
	}
	c.topic("t", []int32{1})
	if err := c.client.Delete(timeout(t), kzk.BrokerPath(1), -1); err != nil {
		t.Fatal(err)
	}
	b.register()
	st := c.awaitState("t", 0, 1, 1)
	if st.ControllerEpoch != 2 {
		t.Errorf("written in controller epoch %d", st.ControllerEpoch)
	}
}

// TestFence: a controller that has not heard of the election of another writes nothing, resigns, and leaves the other
// alone.
func TestFence(t *testing.T) {
	c := startCluster(t, control.Config{})
	seen := &frozen{}
	c.startWith(1, nil, func(m control.Mirror) control.Mirror {
		seen.Mirror = m
		return seen
	})
	b := c.awaitController(1)
	if _, err := seen.Fresh(timeout(t)); err != nil { // broker 1 knows of its election
		t.Fatal(err)
	}
	old := seen.freeze()
	// Broker 9 is elected.
	if _, err := c.client.Set(timeout(t), kzk.ControllerEpochPath, kzk.EncodeControllerEpoch(7), -1); err != nil {
		t.Fatal(err)
	}
	if err := c.client.Delete(timeout(t), kzk.ControllerPath, -1); err != nil {
		t.Fatal(err)
	}
	c.create(kzk.ControllerPath, kzk.EncodeController(9, 0), zkproto.ModeEphemeral)
	// Broker 1 sees a new topic, and nothing of that.
	c.topic("t", []int32{1})
	image := *old
	image.Topics = c.await("there is a topic", func(i *kzk.Image) bool { return i.Topics["t"] != nil }).Topics
	seen.show(&image)
	for b.shutdown(t, 1, 5, -1).ErrorCode != int16(kproto.NotController) {
	}
	fresh, err := c.view.Fresh(timeout(t))
	if err != nil {
		t.Fatal(err)
	}
	if st := fresh.Partition("t", 0).State; st != nil || fresh.Controller != 9 || fresh.ControllerEpoch != 7 {
		t.Errorf("the fenced controller has written: state %+v\n%s", st, show(fresh))
	}
}

// frozen is a mirror that can be made to show an image for ever.
type frozen struct {
	control.Mirror
	mu      sync.Mutex
	image   *kzk.Image // nil: not frozen
	changed chan struct{}
}

func (f *frozen) freeze() *kzk.Image {
	image := f.Mirror.Image()
	f.show(image)
	return image
}

func (f *frozen) show(image *kzk.Image) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed != nil {
		close(f.changed)
	}
	f.image, f.changed = image, make(chan struct{})
}

func (f *frozen) Image() *kzk.Image {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.image == nil {
		return f.Mirror.Image()
	}
	return f.image
}

func (f *frozen) Fresh(ctx context.Context) (*kzk.Image, error) {
	f.mu.Lock()
	image := f.image
	f.mu.Unlock()
	if image == nil {
		return f.Mirror.Fresh(ctx)
	}
	return image, nil
}

func (f *frozen) Changed(after *kzk.Image) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.image == nil:
		return f.Mirror.Changed(after)
	case f.image != after:
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return f.changed
}

// TestElection_WhoseAnswerIsLost: the transaction is carried out, and the connection is gone before the answer. The broker
// finds that it is the controller; it is not elected twice.
func TestElection_WhoseAnswerIsLost(t *testing.T) {
	c := startCluster(t, control.Config{})
	cutter := &cutter{}
	cutter.armed.Store(true)
	c.startWith(1, cutter.dial, nil)
	c.awaitController(1)
	c.topic("t", []int32{1})
	if st := c.awaitState("t", 0, 1, 1); st.ControllerEpoch != 1 {
		t.Errorf("written in controller epoch %d", st.ControllerEpoch)
	}
	if cutter.armed.Load() {
		t.Error("no connection was cut")
	}
}

// cutter opens connections to ZooKeeper, of which one loses the answer to the first multi that is sent.
type cutter struct{ armed atomic.Bool }

func (c *cutter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &cutConn{Conn: conn, cutter: c}, nil
}

type cutConn struct {
	net.Conn
	cutter *cutter
	multi  atomic.Bool // is under way
}

func (c *cutConn) Write(b []byte) (int, error) {
	// A frame: length, xid, operation.
	if len(b) >= 12 && zkproto.OpCode(binary.BigEndian.Uint32(b[8:])) == zkproto.OpMulti && c.cutter.armed.CompareAndSwap(true, false) {
		c.multi.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.multi.Load() {
		c.Close()
		return 0, io.EOF
	}
	return n, err
}
