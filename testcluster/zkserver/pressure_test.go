package zkserver

import (
	"bytes"
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// A connection whose output waits for a client that does not read must wait as well. It once
// span where the output was more than a chunk and less than another bound.
func TestRoom_IsWaitedForWithoutSpinning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		s := &Server{cfg: Config{Now: time.Now, GlobalOutstandingLimit: -1}, quit: make(chan struct{})}
		s.sessions = newSessions(&s.cfg)
		c := newConn(s, server, "pipe")
		c.flushing, c.out = true, make([]byte, chunkBytes+1)
		if more, err := c.serveChunk(); !more || err != nil {
			t.Fatalf("a chunk is served in spite of the output: %v, %v", more, err)
		}
		returned := make(chan error, 1)
		go func() { returned <- c.waitForRoom() }()
		synctest.Wait()
		select {
		case <-returned:
			t.Fatal("there is no room for another chunk, and it is not waited for")
		default:
		}
		c.mu.Lock()
		c.out = nil
		c.wake.Broadcast()
		c.mu.Unlock()
		if err := <-returned; err != nil {
			t.Error(err)
		}
	})
}

// Replies are asked for: however large, they do not make a client that reads one that does
// not.
func TestOutbound_ManyLargeRepliesBehindAWriteAreNoOffence(t *testing.T) {
	s := start(t, func(c *Config) { c.MaxOutbound = 1 << 20 })
	c := rawDial(t, s)
	big := createAt("/big", 0)
	big.Data = bytes.Repeat([]byte("x"), 200_000)
	c.mustCall(zkproto.OpCreate, big)
	c.mustCall(zkproto.OpCreate, createAt("/n", 0))
	const rounds, reads = 30, 30
	first := c.xid + 1
	go func() { // ends with the last request sent
		for range rounds {
			c.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/n", Version: -1})
			for range reads {
				c.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/big"})
			}
		}
	}()
	for i := range int32(rounds * (reads + 1)) {
		b, err := c.tryFrame()
		if err != nil {
			t.Fatalf("reply %d: %v", i, err)
		}
		if xid := int32(binary.BigEndian.Uint32(b)); xid != first+i {
			t.Fatalf("reply %d has xid %d", first+i, xid)
		}
	}
}

// While the disk hangs, what clients send at once is not all taken into memory. When the
// disk goes on, everything is answered.
func TestThrottle_BoundsTheBytesUnderWay(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 180 MB")
	}
	var hang sync.RWMutex
	fs := storage.NewFaults(storage.NewMemory(), func(c storage.Call) error {
		if c.Op == storage.OpSync {
			hang.RLock()
			defer hang.RUnlock()
		}
		return nil
	})
	s := start(t, func(c *Config) { c.FS = fs })
	const clients, requests, size = 3, 60, 1_000_000
	conns := make([]*rawConn, clients)
	for i := range conns {
		conns[i] = rawDial(t, s)
		conns[i].mustCall(zkproto.OpCreate, createAt([]string{"/a", "/b", "/c"}[i], 0))
	}
	before := heap()
	hang.Lock()
	var senders sync.WaitGroup
	data := make([]byte, size)
	sent := make(chan struct{}, clients*requests)
	for i, c := range conns {
		senders.Go(func() {
			for range requests {
				c.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: []string{"/a", "/b", "/c"}[i], Data: data, Version: -1})
				sent <- struct{}{}
			}
		})
	}
	// Until nothing more is taken, or everything was.
	for quiet := false; !quiet && len(sent) < cap(sent); {
		n := len(sent)
		pause := time.After(300 * time.Millisecond)
		<-pause
		quiet = len(sent) == n
	}
	taken := len(sent)
	used := heap() - before
	t.Logf("%d of %d requests were taken, for %d MiB", taken, cap(sent), used>>20)
	if taken == cap(sent) || used > 4*maxInflightBytes {
		t.Errorf("%d of %d requests of 1 MB were taken, for %d MiB", taken, cap(sent), used>>20)
	}
	hang.Unlock()
	for _, c := range conns {
		for range requests {
			if h, _ := c.reply(); h.Err != zkproto.OK {
				t.Fatal(h.Err)
			}
		}
	}
	senders.Wait()
}

// heap is the memory in use, without garbage.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// However many connections take a session over at the same time, the last one alone keeps it.
func TestSession_AStormOfReconnectsLeavesOneConnection(t *testing.T) {
	s := start(t, func(c *Config) { c.Logger = nil })
	c := rawDial(t, s)
	c.mustCall(zkproto.OpCreate, createAt("/e", zkproto.ModeEphemeral))
	for round := range 20 {
		var storm sync.WaitGroup
		for range 16 {
			again := rawOpen(t, s)
			storm.Go(func() {
				again.raw(frameOf(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: c.session.SessionID, Password: c.session.Password}))
				// The answer, unless somebody else was quicker to take over.
				_, _ = again.tryFrame()
			})
		}
		storm.Wait()
		for deadline := time.Now().Add(5 * time.Second); s.Stats().Connections != 1; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: %d connections share the session", round, s.Stats().Connections)
			}
		}
	}
	last := rawOpen(t, s)
	last.connect(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: c.session.SessionID, Password: c.session.Password})
	last.mustCall(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/e"})
}

func frameOf(rec zkproto.Record) []byte {
	b := zkproto.Encode(rec)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// eventually waits until check finds nothing.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
