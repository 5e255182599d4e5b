package wire

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// held is a row that leaves its requests to the test.
func held() (Row, <-chan *Request) {
	requests := make(chan *Request, 1000)
	return Row{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) { requests <- r }}, requests
}

func TestAnswers_LeaveInTheOrderOfTheRequests(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c := s.dial(t)
	const n = 200
	var out []byte
	for i := range n {
		out = append(out, frame(keyHeartbeat, 0, int32(i), false, []byte{byte(i)})...)
	}
	c.send(out)
	var all []*Request
	for range n {
		all = append(all, <-requests)
	}
	for i, r := range all {
		if int(r.CorrelationID) != i || r.ClientID != "tester" || r.Listener != "PLAINTEXT" || r.RemoteHost != "127.0.0.1" {
			t.Fatalf("request %d is %+v", i, r)
		}
	}
	var released atomic.Int32
	var answering sync.WaitGroup
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		answering.Go(func() {
			all[i].ReplyRaw([][]byte{all[i].Body, {1}, {2, 3}}, func() { released.Add(1) })
		})
	}
	for i := range n {
		id, body := c.answer(false)
		if int(id) != i || len(body) != 4 || body[0] != byte(i) || body[3] != 3 {
			t.Fatalf("answer %d is %d with %v", i, id, body)
		}
	}
	answering.Wait()
	wait(t, "the release of all pieces", func() bool { return released.Load() == n })
}

func TestNoReply_DoesNotHoldUpTheNext(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c := s.dial(t)
	for i := range 3 {
		c.send(frame(keyHeartbeat, 0, int32(i), false, nil))
	}
	first, second, third := <-requests, <-requests, <-requests
	third.ReplyRaw(nil, nil)
	second.NoReply()
	first.NoReply()
	if id, _ := c.answer(false); id != 2 {
		t.Errorf("answer to %d, want 2 alone", id)
	}
}

func TestReply_SecondIsIgnored(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c := s.dial(t)
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	r := <-requests
	var released int
	r.ReplyRaw([][]byte{[]byte("first")}, nil)
	r.ReplyRaw([][]byte{[]byte("second")}, func() { released++ })
	c.send(frame(keyHeartbeat, 0, 2, false, nil))
	(<-requests).ReplyRaw(nil, nil)
	if _, body := c.answer(false); string(body) != "first" {
		t.Errorf("answer %q", body)
	}
	if id, _ := c.answer(false); id != 2 {
		t.Errorf("then an answer to %d", id)
	}
	if released != 1 {
		t.Errorf("the pieces of an ignored answer are released %d times", released)
	}
}

func TestReply_AfterTheConnectionIsGone(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}})
	c := s.dial(t)
	for i := range 2 {
		c.send(frame(keyHeartbeat, 0, int32(i), false, nil))
	}
	first, second := <-requests, <-requests
	var released atomic.Int32
	release := func() { released.Add(1) }
	second.ReplyRaw([][]byte{{1}}, release) // waits for the first, in vain
	_ = c.Close()
	<-first.Ctx.Done()
	wait(t, "the release of an answer that waits", func() bool { return released.Load() == 1 })
	first.ReplyRaw([][]byte{{1}}, release)
	if released.Load() != 2 {
		t.Error("an answer to nobody is not released")
	}
}

func TestHangup_ClosesWithOneLine(t *testing.T) {
	s := start(t, Options{Rows: []Row{{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) {
		r.Hangup(errors.New("enough of this"))
		r.Hangup(errors.New("and of that"))
	}}}})
	c := s.dial(t)
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	c.closed()
	s.oneLine(t, "Heartbeat version 0: enough of this", "client=127.0.0.1:")
}

func TestInFlight_IsBounded(t *testing.T) {
	for name, o := range map[string]Options{
		"requests": {MaxInFlight: 3},
		"bytes":    {MaxConnBytes: 2 * 1024},
	} {
		t.Run(name, func(t *testing.T) {
			row, requests := held()
			o.Rows = []Row{row}
			s := start(t, o)
			c := s.dial(t)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for i := range 40 {
					_, _ = c.Write(frame(keyHeartbeat, 0, int32(i), false, make([]byte, 1024)))
				}
			}()
			wait(t, "the bound", func() bool { return len(requests) >= 2 })
			for i := range 40 { // the bound moves on with each answer
				if n := len(requests); n > 3 {
					t.Fatalf("%d requests in hand", n)
				}
				(<-requests).ReplyRaw(nil, nil)
				if id, _ := c.answer(false); int(id) != i {
					t.Fatalf("answer to %d, want %d", id, i)
				}
			}
			<-sent
		})
	}
}

// TestUnreadAnswers_AreBounded: a client that asks and does not read makes the server stop reading.
func TestUnreadAnswers_AreBounded(t *testing.T) {
	big := make([]byte, 1<<20)
	var handled atomic.Int32
	s := start(t, Options{MaxStall: 100 * time.Millisecond, MaxIdle: 300 * time.Millisecond, Rows: []Row{{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) {
		handled.Add(1)
		r.ReplyRaw([][]byte{big}, nil)
	}}}})
	c := s.dial(t)
	var out []byte
	for i := range 1000 {
		out = append(out, frame(keyHeartbeat, 0, int32(i), false, nil)...)
	}
	c.send(out)
	s.oneLine(t, "the client does not read its answers")
	if n := handled.Load(); n > 64 {
		t.Errorf("%d answers of 1 MiB were made for a client that reads none", n)
	}
}

// TestUnreadAnswers_OfManyAreBounded: with memory held by clients that do not read, each gets one request at a time, and
// loses what it does not read soon; those that read get all that they asked for.
func TestUnreadAnswers_OfManyAreBounded(t *testing.T) {
	big := make([]byte, 8<<20)
	var reserved atomic.Int32
	s := start(t, Options{MaxStall: 300 * time.Millisecond, MaxHeld: 20 << 20, Rows: []Row{{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) {
		if n := r.Reserve(len(big)); n < len(big) {
			r.ReplyRaw([][]byte{big[:n]}, nil)
			return
		}
		reserved.Add(1)
		r.ReplyRaw([][]byte{big}, nil)
	}}}})
	var deaf []*client
	for range 10 {
		c := s.dial(t)
		for i := range 3 {
			c.send(frame(keyHeartbeat, 0, int32(i), false, nil))
		}
		deaf = append(deaf, c)
	}
	wait(t, "the bound", s.held.short)
	c := s.dial(t)
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	c.answer(false)
	wait(t, "memory again", func() bool { return !s.held.short() })
	if n := reserved.Load(); n > 10 {
		t.Errorf("%d answers of 8 MiB", n)
	}
	for _, d := range deaf {
		_ = d.Close()
	}
	wait(t, "all memory", func() bool { return s.held.bytes.Load() == 0 })
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	if _, body := c.answer(false); len(body) != len(big) {
		t.Errorf("an answer of %d bytes when nobody else has any", len(body))
	}
}

// TestExpected_IsInFlight: a connection is not read while an answer is expected that is larger than its bound.
func TestExpected_IsInFlight(t *testing.T) {
	requests := make(chan *Request, 10)
	s := start(t, Options{MaxConnBytes: 1 << 20, Rows: []Row{{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) {
		r.Expect(1 << 19)
		r.Expect(700 << 10) // takes the place of the first
		requests <- r
	}}}})
	c := s.dial(t)
	for i := range 4 {
		c.send(frame(keyHeartbeat, 0, int32(i), false, nil))
	}
	first, second := <-requests, <-requests
	conn := first.conn
	wait(t, "the bound", func() bool {
		conn.mu.Lock()
		defer conn.mu.Unlock()
		return conn.fullLocked() && conn.mu.expected == 2*700<<10
	})
	if len(requests) > 0 {
		t.Error("a third request is handled")
	}
	first.ReplyRaw(nil, nil)
	second.Reserve(5)
	second.ReplyRaw(nil, nil)
	(<-requests).NoReply()
	(<-requests).NoReply()
	wait(t, "nothing in flight", func() bool {
		conn.mu.Lock()
		defer conn.mu.Unlock()
		return conn.mu.expected == 0 && conn.mu.bytes == 0 && s.held.bytes.Load() == 0
	})
}

// TestSlowReader_IsNotCutOff: who takes little at a time, but takes it, gets all, however long it lasts.
func TestSlowReader_IsNotCutOff(t *testing.T) {
	big := make([]byte, 16<<20)
	s := start(t, Options{MaxStall: 200 * time.Millisecond, Rows: []Row{{Key: keyHeartbeat, Max: 4, Handle: func(r *Request) {
		r.ReplyRaw([][]byte{big}, nil)
	}}}})
	c := s.dial(t)
	c.send(frame(keyHeartbeat, 0, 1, false, nil))
	pause := time.NewTicker(40 * time.Millisecond)
	defer pause.Stop()
	got := 0
	chunk := make([]byte, 1<<20)
	for got < len(big)+8 {
		<-pause.C
		n, err := c.Read(chunk)
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		if got == 0 && int(binary.BigEndian.Uint32(chunk)) != len(big)+4 {
			t.Fatalf("a frame of %d bytes", binary.BigEndian.Uint32(chunk))
		}
		got += n
	}
}
