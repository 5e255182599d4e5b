package wire

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
)

// TestClose_WritesWhatIsReady: what has its answer gets it, what has none yet is left.
func TestClose_WritesWhatIsReady(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c, quiet := s.dial(t), s.dial(t)
	for i := range 3 {
		c.send(frame(keyHeartbeat, 0, int32(i), false, make([]byte, 100)))
	}
	first, _, third := <-requests, <-requests, <-requests
	released := make(chan struct{})
	third.ReplyRaw(nil, func() { close(released) })
	first.ReplyRaw([][]byte{make([]byte, 4<<20)}, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Close()
	}()
	if id, body := c.answer(false); id != 0 || len(body) != 4<<20 {
		t.Errorf("answer %d with %d bytes", id, len(body))
	}
	c.closed()
	quiet.closed()
	<-done
	<-released
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("a closed server takes a connection")
	}
}

// TestClose_ResetsFreshConnections: who has not said anything yet learns that the connection is gone, which is no
// answer.
func TestClose_ResetsFreshConnections(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}})
	fresh, used := s.dial(t), s.dial(t)
	used.send(frame(keyHeartbeat, 0, 1, false, nil))
	used.answer(false)
	wait(t, "both connections", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.conns) == 2
	})
	s.Close()
	if _, err := fresh.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a fresh connection ends with %v", err)
	}
	if _, err := used.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one in use ends with %v", err)
	}
}

func TestKill_EndsAllAtOnce(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c := s.dial(t)
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	r := <-requests
	s.Kill()
	c.closed()
	<-r.Ctx.Done()
	r.ReplyRaw(nil, nil)
	s.Kill() // once more, and Close behind it by the test's end
}

func TestServe_AfterClose(t *testing.T) {
	s := NewServer(Options{Rows: []Row{echo}})
	s.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve("PLAINTEXT", ln); err != nil {
		t.Error(err)
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener is left open")
	}
}

// TestServe_ListenerIsGone: an end that nobody asked for is an error.
func TestServe_ListenerIsGone(t *testing.T) {
	s := NewServer(Options{Rows: []Row{echo}})
	defer s.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := s.Serve("PLAINTEXT", ln); err == nil {
		t.Error("no error")
	}
}
