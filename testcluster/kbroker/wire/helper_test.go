package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// Keys that the tests have rows for, with bodies of the tests' own.
const (
	keyHeartbeat = 12
	keyMetadata  = 3
	keyFetch     = 1
)

// lines is a log that a test can count.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.b.String(), "\n"), "\n")
}

// server is a server under test with its address and log.
type server struct {
	*Server
	addr string
	log  *lines
}

// start starts a server, and fails the test if it leaves goroutines.
func start(t *testing.T, o Options) *server {
	t.Helper()
	before := runtime.NumGoroutine()
	log := &lines{}
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: NewServer(o), addr: ln.Addr().String(), log: log}
	served := make(chan error, 1)
	go func() { served <- s.Serve("PLAINTEXT", ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		wait(t, "the end of all goroutines", func() bool { return runtime.NumGoroutine() <= before })
	})
	return s
}

// wait waits for a condition.
func wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); !cond(); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("%s does not come", what)
		}
	}
}

func (b *budget) inUse() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// oneLine checks that the log has exactly one line, with all of words in it.
func (s *server) oneLine(t *testing.T, words ...string) {
	t.Helper()
	wait(t, "a line in the log", func() bool { return s.log.all()[0] != "" })
	all := s.log.all()
	if len(all) != 1 {
		t.Errorf("%d lines in the log, want one:\n%s", len(all), strings.Join(all, "\n"))
	}
	for _, w := range words {
		if !strings.Contains(all[0], w) {
			t.Errorf("no %q in %s", w, all[0])
		}
	}
}

// client is a connection that speaks in frames.
type client struct {
	net.Conn
	t *testing.T
}

func (s *server) dial(t *testing.T) *client {
	t.Helper()
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{c, t}
}

// frame is a request with its length.
func frame(key, version int16, correlation int32, flexible bool, body []byte) []byte {
	h := kproto.RequestHeader{Key: key, Version: version, CorrelationID: correlation, ClientID: "tester", HasClientID: true}
	b := append(h.AppendTo(make([]byte, 4), flexible), body...)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func (c *client) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// request sends a message and returns the body of its answer.
func (c *client) request(correlation int32, req kmsg.Request) []byte {
	c.t.Helper()
	c.send(frame(req.Key(), req.GetVersion(), correlation, req.IsFlexible(), req.AppendTo(nil)))
	got, body := c.answer(req.IsFlexible() && req.Key() != apiVersionsKey)
	if got != correlation {
		c.t.Fatalf("answer %d to request %d", got, correlation)
	}
	return body
}

// answer reads the next answer.
func (c *client) answer(flexible bool) (correlation int32, body []byte) {
	c.t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(c, b); err != nil {
		c.t.Fatalf("half an answer: %v", err)
	}
	correlation, body, err := kproto.ParseResponseHeader(b, flexible)
	if err != nil {
		c.t.Fatal(err)
	}
	return correlation, body
}

// closed waits for the end of the connection, on which nothing more comes.
func (c *client) closed() {
	c.t.Helper()
	var b [1]byte
	switch n, err := c.Read(b[:]); {
	case n > 0:
		c.t.Fatal("an answer where the connection was to be closed")
	case err != nil && strings.Contains(err.Error(), "i/o timeout"):
		c.t.Fatal("the connection is still open")
	}
}

// echo answers Heartbeat version 0 with the body of the request.
var echo = Row{Key: keyHeartbeat, Max: 3, Handle: func(r *Request) { r.ReplyRaw([][]byte{r.Body}, nil) }}

// ask checks that the server serves.
func (s *server) ask(t *testing.T) {
	t.Helper()
	c := s.dial(t)
	defer c.Close()
	c.send(frame(keyHeartbeat, 0, 7, false, []byte("still there")))
	if id, body := c.answer(false); id != 7 || string(body) != "still there" {
		t.Errorf("answer %d %q", id, body)
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	f()
}
