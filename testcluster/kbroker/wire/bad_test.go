package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func lengthAlone(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// zooKeeperConnect is what a ZooKeeper client sends first; since 3.4 it has a flag at its end.
func zooKeeperConnect(flag bool) []byte {
	b := binary.BigEndian.AppendUint32(nil, 0)
	b = binary.BigEndian.AppendUint64(b, 0x100000005)
	b = binary.BigEndian.AppendUint32(b, 30000)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = append(binary.BigEndian.AppendUint32(b, 16), make([]byte, 16)...)
	if flag {
		b = append(b, 0)
	}
	return append(lengthAlone(int32(len(b))), b...)
}

func TestBadInput_ClosesWithOneLine(t *testing.T) {
	decode := func(r *Request) {
		req := kmsg.RequestForKey(r.Key)
		if r.Decode(req) == nil {
			r.Reply(req.ResponseKind())
		}
	}
	decoding, noShape := Row{Key: keyMetadata, Max: 9, Handle: decode}, Row{Key: keyFetch, Handle: decode}
	for name, c := range map[string]struct {
		input []byte
		line  string
	}{
		"negative length":     {lengthAlone(-1), "a frame of -1 bytes"},
		"length zero":         {lengthAlone(0), "a frame of 0 bytes"},
		"too long":            {lengthAlone(100<<20 + 1), "a frame of 104857601 bytes"},
		"HTTP":                {[]byte("GET / HTTP/1.1\r\n\r\n"), "an HTTP request, on Kafka's port"},
		"TLS":                 {[]byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, "a TLS handshake, on a listener without TLS"},
		"SSH":                 {[]byte("SSH-2.0-OpenSSH_9.7\r\n"), "an SSH client, on Kafka's port"},
		"ZooKeeper":           {zooKeeperConnect(true), "a ZooKeeper client, on Kafka's port"},
		"old ZooKeeper":       {zooKeeperConnect(false), "a ZooKeeper client, on Kafka's port"},
		"other protocol":      {[]byte("\x7fELF\x00"), "a frame of 2135247942 bytes"},
		"four-letter word":    {append([]byte("ruok"), 0), "ZooKeeper's four-letter word ruok, on Kafka's port"},
		"word without an end": {[]byte("mntr"), "ZooKeeper's four-letter word mntr, on Kafka's port"},
		"unknown API":         {frame(999, 0, 1, false, nil), "API 999 version 0 of client \\\"tester\\\" is not served here"},
		"negative API":        {frame(-5, 0, 1, false, nil), "API -5 version 0"},
		"no row":              {frame(0, 3, 1, false, nil), "Produce version 3"},
		"version":             {frame(keyHeartbeat, 4, 1, true, nil), "Heartbeat version 4"},
		"negative version":    {frame(keyHeartbeat, -1, 1, false, nil), "Heartbeat version -1"},
		"short header":        {append(lengthAlone(9), 0, keyHeartbeat, 0, 0, 0, 0, 0, 1, 0), "bad request header"},
		"client id":           {append(lengthAlone(10), 0, keyHeartbeat, 0, 0, 0, 0, 0, 1, 0x7f, 0xff), "bad request header"},
		"tags":                {append(lengthAlone(11), 0, keyMetadata, 0, 9, 0, 0, 0, 1, 0xff, 0xff, 0x05), "bad request header"},
		"body":                {frame(keyMetadata, 1, 1, false, []byte{0, 0, 0, 9, 0}), "Metadata version 1: its body does not decode"},
		"huge body":           {frame(keyMetadata, 1, 1, false, make([]byte, maxDecoded+1)), "its body does not decode: 8388609 bytes, more than 8388608"},
		"large body":          {frame(keyMetadata, 1, 1, false, append([]byte{0, 3, 0, 0}, make([]byte, 300<<10)...)), "its body does not decode"},
		"tag count": {frame(keyMetadata, 9, 1, true, []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}),
			"Metadata version 9: its body does not decode: tags at byte 4: 4294967295 tagged fields, where 0 bytes are left"},
		"tiny elements": {frame(keyMetadata, 0, 1, false, append([]byte{0, 0x3f, 0xff, 0xf0}, make([]byte, 2*0x3ffff0)...)),
			"its body does not decode: a message of 1006629120 bytes in memory, more than 67108864"},
		"no shape":   {frame(keyFetch, 0, 1, false, nil), "Fetch version 0: its body does not decode: its shape is not known here"},
		"huge array": {frame(keyMetadata, 1, 1, false, []byte{0x7f, 0xff, 0xff, 0xff}), "Metadata version 1: its body does not decode"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{Rows: []Row{echo, decoding, noShape}})
			conn := s.dial(t)
			conn.send(c.input)
			conn.closed()
			s.oneLine(t, c.line, "client=127.0.0.1:", "listener=PLAINTEXT")
			s.ask(t)
		})
	}
}

func TestTornFrame_ClosesWithOneLine(t *testing.T) {
	for name, c := range map[string]struct {
		input []byte
		line  string
	}{
		"in the length": {[]byte{0, 0}, "in the middle of a frame's length"},
		"in the body":   {lengthAlone(100), "it ends after 0 of a frame's 100 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{Rows: []Row{echo}})
			conn := s.dial(t)
			conn.send(c.input)
			if err := conn.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			conn.closed()
			s.oneLine(t, c.line)
			s.ask(t)
		})
	}
}

func TestStalledFrame_IsClosed(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxStall: 50 * time.Millisecond})
	c := s.dial(t)
	c.send(append(lengthAlone(100), 1, 2, 3))
	c.closed()
	s.oneLine(t, "3 of a frame's 100 bytes have come, and in the last 50ms nothing, or hardly anything")
	s.ask(t)
}

func TestHalfALength_IsClosed(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxIdle: 50 * time.Millisecond})
	c := s.dial(t)
	c.send([]byte{0, 0})
	c.closed()
	s.oneLine(t, "a frame's length has not come whole")
}

// TestLength_TakesNoMemory: whoever announces large frames and sends nothing costs next to nothing.
func TestLength_TakesNoMemory(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxBytes: math.MaxInt})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 20
	for range n {
		s.dial(t).send(append(lengthAlone(100<<20), 0))
	}
	wait(t, "all lengths", func() bool { return s.budget.inUse() == n*firstChunk })
	runtime.ReadMemStats(&after)
	if grown := after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc); grown > n*200<<10 {
		t.Errorf("%d lengths of 100 MiB took %d KiB", n, grown>>10)
	}
}

// TestBudget_IsSharedAndGivenBack: with room for one large frame at a time all of them get through.
func TestBudget_IsSharedAndGivenBack(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxBytes: 1 << 20, MaxConnBytes: 1 << 20})
	body := []byte(strings.Repeat("x", 700<<10))
	var clients []*client
	for range 8 {
		c := s.dial(t)
		clients = append(clients, c)
		go func() { _, _ = c.Write(frame(keyHeartbeat, 0, 5, false, body)) }()
	}
	for _, c := range clients {
		if _, got := c.answer(false); string(got) != string(body) {
			t.Errorf("an answer of %d bytes", len(got))
		}
	}
	wait(t, "the budget's return", func() bool { return s.budget.inUse() == 0 })
}

// TestLargeMessages_ShareWhatTheyMayTake: those whose requests have not ended are bounded; a small one need not wait.
func TestLargeMessages_ShareWhatTheyMayTake(t *testing.T) {
	decoded := make(chan *Request, 100)
	s := start(t, Options{Rows: []Row{{Key: keyMetadata, Max: 9, Handle: func(r *Request) {
		if r.Decode(kmsg.NewPtrMetadataRequest()) == nil {
			decoded <- r
		}
	}}}})
	next := func() *Request {
		t.Helper()
		select {
		case r := <-decoded:
			return r
		case <-time.After(patience):
			t.Fatal("no request comes")
			return nil
		}
	}
	const elements = 0x37fff
	large := frame(keyMetadata, 0, 1, false, append([]byte{0, 0x3, 0x7f, 0xff}, make([]byte, 2*elements)...))
	for range 5 { // of some 52 MiB each
		s.dial(t).send(large)
	}
	var open []*Request
	for range 3 { // the third one goes over the bound
		open = append(open, next())
	}
	if sum := s.messages.inUse(); sum < maxMessages || sum > maxMessages+maxMessage {
		t.Errorf("three messages of %d bytes", sum)
	}
	small := s.dial(t)
	small.send(frame(keyMetadata, 0, 2, false, []byte{0, 0, 0, 0}))
	if r := next(); r.CorrelationID != 2 {
		t.Error("a fourth large message at a time")
	}
	for _, r := range open {
		r.NoReply()
	}
	for range 2 {
		next().Hangup(errors.New("enough"))
	}
	wait(t, "the messages' return", func() bool { return s.messages.inUse() == 0 })
}

// TestTrickle_IsClosed: a byte now and then does not keep a frame and its memory for ever.
func TestTrickle_IsClosed(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxStall: 200 * time.Millisecond})
	c := s.dial(t)
	c.send(lengthAlone(1 << 20))
	begin := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Since(begin) < patience {
		if _, err := c.Write([]byte{0}); err != nil {
			break
		}
		<-tick.C
	}
	s.oneLine(t, "of a frame's 1048576 bytes have come, and in the last 200ms nothing, or hardly anything")
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("only after %v", took)
	}
	wait(t, "the budget's return", func() bool { return s.budget.inUse() == 0 })
}

// TestStalledFrames_DoNotKeepSmallOnesOut: whoever takes the whole budget with frames that never end is in the way of large
// ones only, and not for ever.
func TestStalledFrames_DoNotKeepSmallOnesOut(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}, MaxBytes: 4 * firstChunk, MaxStall: 500 * time.Millisecond})
	for range 4 {
		s.dial(t).send(lengthAlone(8 << 20))
	}
	wait(t, "a full budget", func() bool { return s.budget.inUse() == 4*firstChunk })
	s.ask(t)
	large := s.dial(t)
	body := strings.Repeat("x", 1<<20)
	go func() { _, _ = large.Write(frame(keyHeartbeat, 0, 5, false, []byte(body))) }()
	if _, got := large.answer(false); string(got) != body {
		t.Errorf("an answer of %d bytes", len(got))
	}
}

func TestIdle_IsClosedUnlessItWaits(t *testing.T) {
	row, requests := held()
	s := start(t, Options{Rows: []Row{row}, MaxIdle: 60 * time.Millisecond})
	idle, waiting := s.dial(t), s.dial(t)
	waiting.send(frame(keyHeartbeat, 0, 3, false, nil))
	idle.closed()
	r := <-requests
	second := s.dial(t)
	second.closed() // by then the first has been silent for twice the time
	r.ReplyRaw(nil, nil)
	if id, _ := waiting.answer(false); id != 3 {
		t.Errorf("answer to %d", id)
	}
	waiting.closed()
	if got := s.log.all()[0]; got != "" {
		t.Errorf("an idle connection's end is worth a line: %s", got)
	}
}

func TestConnections_AreBounded(t *testing.T) {
	for name, o := range map[string]Options{"in all": {MaxConnections: 1}, "per address": {MaxConnectionsPerIP: 1}} {
		t.Run(name, func(t *testing.T) {
			o.Rows = []Row{echo}
			s := start(t, o)
			first := s.dial(t)
			first.send(frame(keyHeartbeat, 0, 1, false, nil))
			first.answer(false)
			s.dial(t).closed()
			s.oneLine(t, "connection refused: too many")
			_ = first.Close()
			wait(t, "room", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.conns) == 0 && len(s.perIP) == 0
			})
			s.ask(t)
		})
	}
}

func TestRows_ThatCannotBe(t *testing.T) {
	h := echo.Handle
	mustPanic(t, "a key twice", func() { NewServer(Options{Rows: []Row{echo, echo}}) })
	mustPanic(t, "ApiVersions", func() { NewServer(Options{Rows: []Row{{Key: 18, Handle: h}}}) })
	mustPanic(t, "no handler", func() { NewServer(Options{Rows: []Row{{Key: 1}}}) })
	mustPanic(t, "no version", func() { NewServer(Options{Rows: []Row{{Key: 1, Min: 2, Max: 1, Handle: h}}}) })
	mustPanic(t, "an API of nobody", func() { NewServer(Options{Rows: []Row{{Key: 30000, Handle: h}}}) })
}
