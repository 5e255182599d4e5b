//go:build unix

package zkserver

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// crowdSize is how many sessions a crowd has: ZOKA_SESSIONS, else what a quick test allows.
func crowdSize(t *testing.T) int {
	n := 1000
	if s := os.Getenv("ZOKA_SESSIONS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("ZOKA_SESSIONS: %v", err)
		}
	}
	// A session is two descriptors here: the client's and the server's.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return min(n, int(limit.Cur)/2-100)
}

// crowd opens so many sessions.
func crowd(t *testing.T, s *Server, n int, timeout time.Duration) []*rawConn {
	t.Helper()
	conns := make([]*rawConn, n)
	var opening sync.WaitGroup
	const together = 50
	for first := range together {
		opening.Go(func() {
			for i := first; i < n; i += together {
				c := rawOpen(t, s)
				c.connect(&zkproto.ConnectRequest{Timeout: int32(timeout.Milliseconds()), Password: make([]byte, 16)})
				conns[i] = c
			}
		})
	}
	opening.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return conns
}

// Many sessions that do nothing but ping are all kept, for longer than their timeout.
func TestCrowd_IdleSessionsAreKept(t *testing.T) {
	if testing.Short() {
		t.Skip("it lasts longer than the sessions do without pings")
	}
	n := crowdSize(t)
	s := start(t, func(c *Config) {
		c.TickTime, c.MinSessionTimeout, c.Logger = 100*time.Millisecond, 200*time.Millisecond, nil
		c.MaxSessionTimeout = time.Minute
	})
	goroutines, memory, begun := runtime.NumGoroutine(), heap(), time.Now()
	// The more there are, the longer a round of pings takes on few cores.
	timeout := 500*time.Millisecond + time.Duration(n)*500*time.Microsecond
	conns := crowd(t, s, n, timeout)
	opened := time.Since(begun)
	used, perSession := heap()-memory, runtime.NumGoroutine()-goroutines
	cpu := cpuTime(t)
	ping := frameOf(&zkproto.RequestHeader{Xid: zkproto.XidPing, Op: zkproto.OpPing})
	begun = time.Now()
	rounds := 0
	for ; time.Since(begun) < 3*timeout; rounds++ {
		for _, c := range conns {
			c.raw(ping)
		}
		for _, c := range conns {
			if h, _ := c.reply(); h.Xid != zkproto.XidPing {
				t.Fatalf("a ping is answered with %+v", h)
			}
		}
	}
	if got := s.Stats(); got.Sessions != n || got.Connections != n {
		t.Errorf("of %d sessions %d are left, of their connections %d", n, got.Sessions, got.Connections)
	}
	t.Logf("%d sessions opened in %v, %d bytes and %d goroutines for both ends of all; %d pings took %v of CPU",
		n, opened.Round(time.Millisecond), used, perSession, rounds*n, (cpuTime(t) - cpu).Round(time.Millisecond))
	for _, c := range conns {
		c.nc.Close()
	}
	eventually(t, func() error {
		if got := s.Stats(); got.Connections != 0 || got.Sessions != 0 {
			return fmt.Errorf("%d connections and %d sessions are left", got.Connections, got.Sessions)
		}
		if got := runtime.NumGoroutine(); got > goroutines+2 {
			return fmt.Errorf("%d goroutines, there were %d", got, goroutines)
		}
		return nil
	})
}

// Sessions that all expire at once take all their znodes with them, and a watcher is told of
// each; meanwhile others are served.
func TestCrowd_ExpiresTogether(t *testing.T) {
	s := start(t, func(c *Config) {
		c.TickTime, c.MinSessionTimeout, c.Logger = 100*time.Millisecond, 100*time.Millisecond, nil
		c.MaxSessionTimeout = time.Minute
	})
	watcher := rawDial(t, s)
	watcher.mustCall(zkproto.OpCreate, createAt("/e", 0))
	watcher.mustCall(zkproto.OpAddWatch, &zkproto.AddWatchRequest{Path: "/e", Mode: zkproto.AddWatchPersistentRecursive})
	const sessions, znodes = 200, 50
	conns := crowd(t, s, sessions, 30*time.Second)
	var work sync.WaitGroup
	for i, c := range conns {
		work.Go(func() {
			for k := range znodes {
				c.request(zkproto.OpCreate, createAt(fmt.Sprintf("/e/%d-%d", i, k), zkproto.ModeEphemeral))
			}
			for range znodes {
				if h, _ := c.reply(); h.Err != zkproto.OK {
					t.Error(h.Err)
				}
			}
		})
	}
	work.Wait()
	for range sessions * znodes {
		if e, _ := watcher.event(); e.Type != zkproto.EventNodeCreated {
			t.Fatalf("%+v", e)
		}
	}
	// Whoever takes a session over may say how long it lasts from then on.
	for _, c := range conns {
		again := rawOpen(t, s)
		again.connect(&zkproto.ConnectRequest{Timeout: 100, SessionID: c.session.SessionID, Password: c.session.Password})
	}
	gone := map[string]bool{}
	last := zkproto.Zxid(0)
	for range sessions * znodes {
		e, zxid := watcher.event()
		if e.Type != zkproto.EventNodeDeleted || gone[e.Path] || zxid < last {
			t.Fatalf("%+v at %v, after %v", e, zxid, last)
		}
		gone[e.Path], last = true, zxid
	}
	if got := s.Stats(); got.Ephemerals != 0 || got.Sessions != 1 {
		t.Errorf("%d ephemeral znodes and %d sessions are left", got.Ephemerals, got.Sessions)
	}
}

// The end of a session with a great many znodes is one transaction, larger than any request
// may be. It is carried out, and found in the log again.
func TestSession_TheEndOfOneWithManyZnodes(t *testing.T) {
	fs := storage.NewMemory()
	on := func(c *Config) { c.FS, c.Logger = fs, nil }
	s := start(t, on)
	c, other := rawDial(t, s), rawDial(t, s)
	const znodes = 20_000
	const parent = "/a-parent-with-a-long-name-so-that-the-list-of-paths-is-larger-than-a-request-may-be"
	other.mustCall(zkproto.OpCreate, createAt(parent, 0))
	go func() { // ends with the last request sent
		for i := range znodes {
			c.request(zkproto.OpCreate, createAt(fmt.Sprintf("%s/%06d", parent, i), zkproto.ModeEphemeral))
		}
	}()
	for range znodes {
		if h, _ := c.reply(); h.Err != zkproto.OK {
			t.Fatal(h.Err)
		}
	}
	c.mustCall(zkproto.OpCloseSession, nil)
	c.closed()
	other.mustCall(zkproto.OpCreate, createAt("/after", 0))
	check := func(s *Server, c *rawConn) {
		t.Helper()
		if got := s.Stats(); got.Ephemerals != 0 {
			t.Errorf("%d ephemeral znodes are left", got.Ephemerals)
		}
		var st zkproto.Stat
		if err := zkproto.Decode(c.mustCall(zkproto.OpExists, &zkproto.PathWatchRequest{Path: parent}), &st); err != nil || st.NumChildren != 0 {
			t.Errorf("%+v, %v", st, err)
		}
		c.mustCall(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/after"})
	}
	check(s, other)
	crash := fs.Crash(1)
	again := start(t, func(c *Config) { c.FS, c.Logger = crash, nil })
	check(again, rawDial(t, again))
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
