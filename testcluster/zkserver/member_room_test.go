package zkserver

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// TestMember_HugeTransaction: what one member has proposed all others can read, however large
// it is; otherwise none of them would ever follow it again.
func TestMember_HugeTransaction(t *testing.T) {
	const size = 17 << 20
	// A slow machine takes its time for so much: nobody shall be given up meanwhile.
	c := startCluster(t, 3, 0, func(cfg *Config) { cfg.JuteMaxBuffer, cfg.TickTime = 2*size, 2*time.Second })
	leader := c.leader()
	data := bytes.Repeat([]byte("h"), size)
	z := wideClient(t, leader.addr, 2*size)
	if _, _, err := z.Create(t.Context(), "/huge", data, zkproto.OpenACL(), 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.members {
		m.awaitServing()
		at := wideClient(t, m.addr, 2*size)
		if err := at.Sync(t.Context(), "/"); err != nil {
			t.Fatal(err)
		}
		if got, _, err := at.Get(t.Context(), "/huge", nil); err != nil || len(got) != size {
			t.Fatalf("server %d: %d bytes, %v", m.id, len(got), err)
		}
	}
}

// wideClient takes larger frames than usual.
func wideClient(t *testing.T, addr string, size int) *zkclient.Client {
	t.Helper()
	z, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: addr, SessionTimeout: 10 * time.Second, MaxBuffer: size})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { z.Close(context.Background()) })
	return z
}

// TestMember_ClosesThoughClientsWaitForRoom: whoever waits for room in a term does not keep the
// server from closing.
func TestMember_ClosesThoughClientsWaitForRoom(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	s := c.leader().s
	term := s.member.open()
	full := []*write{{body: make([]byte, maxTermBytes+1)}}
	term.flow.begin(full)
	waits := make(chan struct{})
	s.serving.Go(func() { // as a connection's goroutine does
		close(waits)
		term.submit([]*write{{c: &conn{s: s}, op: zkproto.OpSetData, flow: &term.flow}})
	})
	<-waits
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not close")
	}
}
