package transport_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

const patience = 20 * time.Second

// noLeaks fails the test if, at its end, goroutines are left that were not there before.
func noLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		poll := time.NewTicker(5 * time.Millisecond)
		defer poll.Stop()
		for end := time.Now().Add(patience); runtime.NumGoroutine() > before; <-poll.C {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// logged keeps the lines of a logger.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.text.String(), "\n"), "\n")
}

// with are the lines that contain what.
func (l *logged) with(what string) int {
	n := 0
	for _, line := range l.lines() {
		if strings.Contains(line, what) {
			n++
		}
	}
	return n
}

// station is an election port with everything it reports.
type station struct {
	*transport.ElectionPort
	id  zab.ServerID
	log logged

	mu      sync.Mutex
	news    chan struct{} // has room for one
	heard   []zab.Notification
	reports []string // "2 up", "2 down"
	busy    map[zab.ServerID]bool
	overlap bool
}

// open starts a station. Logger and callbacks are its own.
func open(t *testing.T, o transport.ElectionOptions) *station {
	t.Helper()
	s := &station{id: o.ID, news: make(chan struct{}, 1), busy: make(map[zab.ServerID]bool)}
	o.Logger = slog.New(slog.NewTextHandler(&s.log, nil))
	o.Received = func(n zab.Notification) {
		s.enter(n.From)
		s.note(func() { s.heard = append(s.heard, n) })
		s.leave(n.From)
	}
	o.Reachable = func(id zab.ServerID, up bool) {
		s.enter(id)
		word := map[bool]string{true: "up", false: "down"}[up]
		s.note(func() { s.reports = append(s.reports, fmt.Sprintf("%d %s", id, word)) })
		s.leave(id)
	}
	port, err := transport.ListenElection(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.ElectionPort = port
	t.Cleanup(func() {
		if err := port.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if s.overlap {
			t.Error("two callbacks for one peer at a time")
		}
		if t.Failed() {
			t.Logf("server %d said:\n%s", s.id, strings.Join(s.log.lines(), "\n"))
		}
	})
	return s
}

func (s *station) note(what func()) {
	s.mu.Lock()
	what()
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// enter and leave stand at the ends of a callback.
func (s *station) enter(id zab.ServerID) {
	s.mu.Lock()
	s.overlap = s.overlap || s.busy[id]
	s.busy[id] = true
	s.mu.Unlock()
	runtime.Gosched()
}

func (s *station) leave(id zab.ServerID) {
	s.mu.Lock()
	s.busy[id] = false
	s.mu.Unlock()
}

// until waits until done, which is asked under the station's lock whenever something comes in.
func (s *station) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		s.mu.Lock()
		ok := done()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-s.news:
		case <-late.C:
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("server %d waits in vain for %s; it has heard %v and %v", s.id, what, s.heard, s.reports)
		}
	}
}

// hears waits for a round from a server and returns that notification.
func (s *station) hears(t *testing.T, from zab.ServerID, round int64) (n zab.Notification) {
	t.Helper()
	s.until(t, fmt.Sprintf("round %d from %d", round, from), func() bool {
		for _, n = range s.heard {
			if n.From == from && n.Round == round {
				return true
			}
		}
		return false
	})
	return n
}

// told waits for a report such as "2 up".
func (s *station) told(t *testing.T, report string) {
	t.Helper()
	s.until(t, report, func() bool {
		for _, r := range s.reports {
			if r == report {
				return true
			}
		}
		return false
	})
}

// count is how often a round has been heard from a server.
func (s *station) count(from zab.ServerID, round int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := 0
	for _, n := range s.heard {
		if n.From == from && n.Round == round {
			c++
		}
	}
	return c
}

// round is a notification that its number tells from others.
func round(to zab.ServerID, number int64) zab.Notification {
	return zab.Notification{To: to, Round: number, Vote: zab.Vote{Leader: 1}, Config: []byte("version=0")}
}

// await waits for a condition that nothing reports.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); !done(); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func contains(err error, what string) bool { return strings.Contains(err.Error(), what) }
