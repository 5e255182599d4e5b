package transport_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// networks are where links have to work.
var networks = map[string]func() transport.Network{
	"TCP":    transport.TCP,
	"memory": func() transport.Network { return transport.NewMemory() },
}

// pair returns both ends of a connection.
func pair(t *testing.T, network transport.Network) (near, far net.Conn) {
	t.Helper()
	l, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = network.Dial(t.Context(), l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = near.Close() // most tests have done so
		_ = far.Close()
	})
	return near, far
}

// links makes links of both ends.
func links(t *testing.T, network transport.Network, o transport.LinkOptions) (near, far *transport.Link) {
	t.Helper()
	a, b := pair(t, network)
	near, far = transport.NewLink(a, o), transport.NewLink(b, o)
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	return near, far
}

func ack(zxid int64) *zab.Packet { return &zab.Packet{Type: zab.Ack, Zxid: zab.Zxid(zxid)} }

func read(t *testing.T, l *transport.Link) *zab.Packet {
	t.Helper()
	p, err := l.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLink_OrderOfPacketsAndStreams(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			near, far := links(t, network(), transport.LinkOptions{})
			tree := bytes.Repeat([]byte("tree"), 100_000)
			for i := range int64(100) {
				near.Send(ack(3*i), ack(3*i+1))
				near.SendStream(func(w io.Writer) error {
					_, err := w.Write(tree)
					return err
				})
				near.Send(ack(3*i + 2))
				near.Send()
			}
			got := make([]byte, len(tree))
			for i := range int64(100) {
				if a, b := read(t, far), read(t, far); int64(a.Zxid) != 3*i || int64(b.Zxid) != 3*i+1 {
					t.Fatalf("%d and %d before stream %d", a.Zxid, b.Zxid, i)
				}
				if _, err := io.ReadFull(far.Body(), got); err != nil || !bytes.Equal(got, tree) {
					t.Fatalf("stream %d: %v", i, err)
				}
				if p := read(t, far); int64(p.Zxid) != 3*i+2 {
					t.Fatalf("%d behind stream %d", p.Zxid, i)
				}
			}
			if want := int64(100 * (3*20 + len(tree))); far.Received() != want {
				t.Errorf("%d bytes have arrived, want %d", far.Received(), want)
			}
		})
	}
}

// countWrites counts the writes of a connection, and holds the first until it is let go.
type countWrites struct {
	net.Conn
	entered, letGo chan struct{}
	writes         atomic.Int32
}

func (c *countWrites) Write(p []byte) (int, error) {
	if c.writes.Add(1) == 1 {
		close(c.entered)
		<-c.letGo
	}
	return c.Conn.Write(p)
}

func TestLink_WhatWaitsGoesInOneWrite(t *testing.T) {
	noLeaks(t)
	a, b := pair(t, transport.NewMemory())
	c := &countWrites{Conn: a, entered: make(chan struct{}), letGo: make(chan struct{})}
	near, far := transport.NewLink(c, transport.LinkOptions{}), transport.NewLink(b, transport.LinkOptions{})
	defer near.Close()
	defer far.Close()
	near.Send(ack(0))
	<-c.entered
	for i := range int64(1000) {
		near.Send(ack(i + 1))
	}
	close(c.letGo)
	for i := range int64(1001) {
		if p := read(t, far); int64(p.Zxid) != i {
			t.Fatalf("%d at %d", p.Zxid, i)
		}
	}
	if n := c.writes.Load(); n != 2 {
		t.Errorf("%d writes, want 2", n)
	}
}

// gate is a connection whose writes begin and go on when the test says so.
type gate struct {
	net.Conn
	begin, goOn chan struct{}
}

func (g *gate) Write(p []byte) (int, error) {
	g.begin <- struct{}{}
	<-g.goOn
	return g.Conn.Write(p)
}

// TestLink_NothingWritesIntoWhatIsBeingWritten: the buffers change hands, and what is written
// counts no more.
func TestLink_NothingWritesIntoWhatIsBeingWritten(t *testing.T) {
	noLeaks(t)
	a, b := pair(t, transport.NewMemory())
	g := &gate{Conn: a, begin: make(chan struct{}), goOn: make(chan struct{})}
	near, far := transport.NewLink(g, transport.LinkOptions{MaxQueued: 100}), transport.NewLink(b, transport.LinkOptions{})
	defer near.Close()
	defer far.Close()
	near.Send(ack(-1))
	<-g.begin
	g.goOn <- struct{}{}
	read(t, far)
	for i := range int64(50) {
		near.Send(ack(2 * i))
		<-g.begin
		near.Send(ack(2*i + 1))
		g.goOn <- struct{}{}
		<-g.begin
		g.goOn <- struct{}{}
		if x, y := read(t, far), read(t, far); int64(x.Zxid) != 2*i || int64(y.Zxid) != 2*i+1 {
			t.Fatalf("%d and %d come, not %d and the next", x.Zxid, y.Zxid, 2*i)
		}
	}
}

func TestLink_BreaksOverMaxQueued(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			near, _ := links(t, network(), transport.LinkOptions{MaxQueued: 1 << 20})
			p := &zab.Packet{Type: zab.Proposal, Data: make([]byte, 64<<10)}
			for sent := 0; near.Err() == nil; sent++ {
				if sent > 100_000 {
					t.Fatal("a peer that reads nothing breaks no link")
				}
				near.Send(p)
			}
			if err := near.Err(); !errors.Is(err, transport.ErrLinkFull) {
				t.Errorf("the cause is %v", err)
			}
			if _, err := near.ReadPacket(); !errors.Is(err, transport.ErrLinkFull) {
				t.Errorf("the reader gets %v", err)
			}
			near.Send(p) // goes nowhere
		})
	}
}

// TestLink_MaxQueuedCountsBehindAStream: while a stream is written, what is sent waits and counts.
func TestLink_MaxQueuedCountsBehindAStream(t *testing.T) {
	noLeaks(t)
	near, _ := links(t, transport.NewMemory(), transport.LinkOptions{MaxQueued: 1000})
	started := make(chan struct{})
	ended := make(chan error, 1)
	near.SendStream(func(w io.Writer) error {
		close(started)
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil { // no one reads
				ended <- err
				return err
			}
		}
	})
	<-started
	for range 50 {
		near.Send(ack(1)) // 20 bytes each
	}
	if err := near.Err(); err != nil {
		t.Fatalf("1000 bytes: %v", err)
	}
	near.Send(ack(1))
	if err := near.Err(); !errors.Is(err, transport.ErrLinkFull) {
		t.Fatalf("1020 bytes: %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the stream is not told")
	}
}

func TestLink_StreamFails(t *testing.T) {
	noLeaks(t)
	near, far := links(t, transport.NewMemory(), transport.LinkOptions{})
	failure := errors.New("the tree cannot be read")
	near.SendStream(func(io.Writer) error { return failure })
	if _, err := near.ReadPacket(); !errors.Is(err, failure) {
		t.Errorf("the reader gets %v", err)
	}
	if _, err := far.ReadPacket(); err != io.EOF {
		t.Errorf("the other end gets %v", err)
	}
}

func TestLink_ReadTimeoutIsPerRead(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			near, far := links(t, network(), transport.LinkOptions{})
			far.SetReadTimeout(time.Hour)
			near.Send(ack(1))
			read(t, far)
			far.SetReadTimeout(0)
			near.Send(ack(2))
			read(t, far)
			far.SetReadTimeout(30 * time.Millisecond)
			_, err := far.ReadPacket()
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(far.Err(), os.ErrDeadlineExceeded) {
				t.Errorf("%v, %v", err, far.Err())
			}
			if _, err := near.ReadPacket(); err == nil {
				t.Error("the other end still stands")
			}
		})
	}
}

func TestLink_CloseWakesReaderAndWriter(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			near, far := links(t, network(), transport.LinkOptions{})
			got := make(chan error, 1)
			go func() {
				_, err := near.ReadPacket()
				got <- err
			}()
			blocked := make(chan struct{})
			near.SendStream(func(w io.Writer) error {
				close(blocked)
				for {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return err
					}
				}
			})
			<-blocked
			for range 2 {
				if err := near.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-got; !errors.Is(err, transport.ErrLinkClosed) {
				t.Errorf("the reader gets %v", err)
			}
			near.Send(ack(1))
			near.SendStream(func(io.Writer) error { t.Error("a closed link streams"); return nil })
			if _, err := io.Copy(io.Discard, far.Body()); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the other end gets %v", err)
			}
		})
	}
}

func TestLink_GarbageAndHalfPackets(t *testing.T) {
	for name, tt := range map[string]struct {
		wire string
		want error
	}{
		"another protocol": {"GET / HTTP/1.1\r\n\r\n", transport.ErrMalformed},
		"half a packet":    {"\x00\x00\x00\x03\x00\x00", io.ErrUnexpectedEOF},
		"nothing":          {"", io.EOF},
		"a packet without its end": {"\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff" + "some data",
			transport.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			a, b := pair(t, transport.NewMemory())
			far := transport.NewLink(b, transport.LinkOptions{})
			defer far.Close()
			if _, err := a.Write([]byte(tt.wire)); err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := far.ReadPacket(); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if far.Err() == nil {
				t.Error("the link stands")
			}
		})
	}
}

// TestLink_InPieces: packets and streams come byte by byte, and break in the middle of anything.
func TestLink_InPieces(t *testing.T) {
	noLeaks(t)
	const size = 20 + 20 + 1000
	for n := range size {
		m := transport.NewMemory()
		m.SetChunk(1 + n%7)
		near, far := links(t, m, transport.LinkOptions{})
		m.BreakAfter("", "", n)
		near.Send(&zab.Packet{Type: zab.Snap, Zxid: 1})
		near.SendStream(func(w io.Writer) error {
			_, err := w.Write(make([]byte, 1000))
			return err
		})
		near.Send(ack(2))
		_, err := far.ReadPacket()
		if err == nil {
			_, err = io.ReadFull(far.Body(), make([]byte, 1000))
		}
		if err == nil {
			_, err = far.ReadPacket()
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("broken after %d bytes: %v", n, err)
		}
		_ = near.Close()
		_ = far.Close()
	}
}

func TestLink_ManySendersOneClose(t *testing.T) {
	noLeaks(t)
	near, far := links(t, transport.TCP(), transport.LinkOptions{})
	done := make(chan struct{})
	for i := range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for near.Err() == nil {
				near.Send(&zab.Packet{Type: zab.Request, Zxid: -1, Data: fmt.Append(nil, i)})
			}
		}()
	}
	for range 1000 {
		read(t, far)
	}
	_ = near.Close()
	for range 4 {
		<-done
	}
}

// BenchmarkLink_PingPong is the way of a packet to the other end and of its answer back.
func BenchmarkLink_PingPong(b *testing.B) {
	l, err := transport.TCP().Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	nc, err := transport.TCP().Dial(b.Context(), l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	other, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	near, far := transport.NewLink(nc, transport.LinkOptions{}), transport.NewLink(other, transport.LinkOptions{})
	defer near.Close()
	defer far.Close()
	go func() { // ends with far
		for {
			p, err := far.ReadPacket()
			if err != nil {
				return
			}
			far.Send(p)
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		near.Send(ack(1))
		if _, err := near.ReadPacket(); err != nil {
			b.Fatal(err)
		}
	}
}
