package zkserver

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// A client that watches and does not read is closed when too much waits for it; those who
// cause the events do not notice.
func TestFlood_AClientThatDoesNotReadIsClosed(t *testing.T) {
	s := start(t, func(c *Config) { c.MaxOutbound, c.Logger = 1<<20, nil })
	lazy, busy := rawDial(t, s), rawDial(t, s)
	path := "/" + strings.Repeat("n", 2000)
	busy.mustCall(zkproto.OpCreate, createAt(path, 0))
	lazy.mustCall(zkproto.OpAddWatch, &zkproto.AddWatchRequest{Path: path, Mode: zkproto.AddWatchPersistent})
	const window = 50
	for deadline := time.Now().Add(20 * time.Second); s.Stats().Connections == 2; {
		if time.Now().After(deadline) {
			t.Fatal("the connection is still there")
		}
		for range window {
			busy.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Version: -1})
		}
		for range window {
			if h, _ := busy.reply(); h.Err != zkproto.OK {
				t.Fatal(h.Err)
			}
		}
	}
	if got := s.Stats().Watches; got != 0 {
		t.Errorf("%d watches are left of a connection that is gone", got)
	}
}

// A small request cannot make the server hold a huge reply.
func TestFlood_MultiReadIsBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.MaxOutbound = 1 << 20 })
	c := rawDial(t, s)
	q := createAt("/big", 0)
	q.Data = make([]byte, 500_000)
	c.mustCall(zkproto.OpCreate, q)
	var m zkproto.MultiRequest
	for range 1000 {
		m.Ops = append(m.Ops, zkproto.MultiOp{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: "/big"}})
	}
	if h, body := c.call(zkproto.OpMultiRead, &m); h.Err != zkproto.SystemError || len(body) > 0 {
		t.Errorf("answered with %+v and %d bytes", h, len(body))
	}
	c.mustCall(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/big"})
}

// With a limit far below what a client sends at once, everything is still answered, in order.
func TestThrottle_HoldsBackAndLosesNothing(t *testing.T) {
	s := start(t, func(c *Config) { c.GlobalOutstandingLimit = 2 })
	const clients, requests = 3, 500
	done := make(chan struct{})
	for range clients {
		c := rawDial(t, s)
		go func() { // ends with the last request sent
			for i := range requests {
				if i%4 == 3 {
					c.request(zkproto.OpGetChildren, &zkproto.PathWatchRequest{Path: "/"})
				} else {
					c.request(zkproto.OpCreate, createAt("/n-", zkproto.ModePersistentSequential))
				}
			}
		}()
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range int32(requests) {
				b, err := c.tryFrame()
				if err != nil {
					t.Error(err)
					return
				}
				if xid := int32(b[0])<<24 | int32(b[1])<<16 | int32(b[2])<<8 | int32(b[3]); xid != i+1 {
					t.Errorf("reply %d has xid %d", i+1, xid)
					return
				}
			}
		}()
	}
	for range clients {
		<-done
	}
	if got, want := s.Stats().Nodes, 5+clients*requests*3/4; got != want {
		t.Errorf("%d nodes, want %d", got, want)
	}
}

// FuzzRequest sends a frame of any content over a session; others are served afterwards.
func FuzzRequest(f *testing.F) {
	for _, info := range zkproto.Ops {
		b := zkproto.RequestHeader{Xid: 1, Op: info.Code}.AppendTo(nil)
		if info.New != nil {
			b = info.New().AppendTo(b)
		}
		f.Add(b)
	}
	multi := &zkproto.MultiRequest{Ops: []zkproto.MultiOp{{Op: zkproto.OpCreate, Req: createAt("/m", 0)}, {Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/m"}}}}
	f.Add(multi.AppendTo(zkproto.RequestHeader{Xid: 2, Op: zkproto.OpMulti}.AppendTo(nil)))
	s := start(f, func(c *Config) { c.Logger = nil })
	good := rawDial(f, s)
	var bad *rawConn
	f.Fuzz(func(t *testing.T, frame []byte) {
		good.t = t
		if bad == nil {
			nc, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			bad = &rawConn{t: t, nc: nc}
			bad.connect(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)})
		}
		bad.t = t
		bad.send(frame)
		if _, err := bad.tryFrame(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("neither an answer nor a closed connection")
			}
			bad.nc.Close()
			bad = nil // the server has closed it, as it may
		}
		good.mustCall(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/"})
	})
}
