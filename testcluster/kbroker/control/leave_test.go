package control_test

import (
	"net"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// silence is a broker that takes connections and never says a word, as one that is stopped.
func (c *cluster) silence(id int32) (asked <-chan struct{}) {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { l.Close() })
	port := int32(l.Addr().(*net.TCPAddr).Port)
	reg := &kzk.Broker{ID: id, Host: "127.0.0.1", Port: port, JMXPort: -1, Version: 5,
		Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: port}}}
	c.create(kzk.BrokerPath(id), kzk.EncodeBroker(reg), zkproto.ModeEphemeral)
	c.create(kzk.ControllerPath, kzk.EncodeController(id, 0), zkproto.ModeEphemeral)
	taken := make(chan struct{}, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.t.Cleanup(func() { conn.Close() })
			taken <- struct{}{}
		}
	}()
	return taken
}

// TestLeave_WithASilentController: a broker that leaves waits for a controller that does not answer until there is
// another one, and no longer.
func TestLeave_WithASilentController(t *testing.T) {
	c := startCluster(t, control.Config{})
	asked := c.silence(9)
	leaver, other := c.start(1), c.start(2)
	for range 2 { // both watch the controller
		<-asked
	}
	left := make(chan error, 1)
	go func() { left <- leaver.Leave(timeout(t)) }()
	<-asked
	gone := time.Now()
	if err := c.client.Delete(timeout(t), kzk.ControllerPath, -1); err != nil {
		t.Fatal(err)
	}
	if err := <-left; err != nil {
		t.Error(err)
	}
	if took := time.Since(gone); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if boss := c.awaitController(1, 2); boss != other {
		t.Errorf("broker %d has been elected while it leaves", boss.id)
	}
}

// TestLeave_All: where all leave, one of them takes the office once more.
func TestLeave_All(t *testing.T) {
	c := startCluster(t, control.Config{})
	asked := c.silence(9)
	all := []*broker{c.start(1), c.start(2)}
	left := make(chan error, len(all))
	for range all {
		<-asked
	}
	for _, b := range all {
		go func() { left <- b.Leave(timeout(t)) }()
	}
	for range all {
		<-asked
	}
	gone := time.Now()
	if err := c.client.Delete(timeout(t), kzk.ControllerPath, -1); err != nil {
		t.Fatal(err)
	}
	for range all {
		if err := <-left; err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(gone); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}
