package transport_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// address is a server's election address in a Memory.
func address(id zab.ServerID) string { return fmt.Sprintf("server%d:3888", id) }

// addresses are those of servers.
func addresses(ids ...zab.ServerID) map[zab.ServerID][]string {
	m := map[zab.ServerID][]string{}
	for _, id := range ids {
		m[id] = []string{address(id)}
	}
	return m
}

// on are the options of a server on the machine of its name; it knows the others.
func on(m *transport.Memory, id zab.ServerID, others ...zab.ServerID) transport.ElectionOptions {
	return transport.ElectionOptions{ID: id, Listen: address(id), Peers: addresses(others...), Network: m.Host(fmt.Sprint(id))}
}

// TestElection_EitherMaySpeakFirst: whoever has something to say, one connection comes to stand,
// and both are heard.
func TestElection_EitherMaySpeakFirst(t *testing.T) {
	for _, first := range []zab.ServerID{1, 2} {
		noLeaks(t)
		m := transport.NewMemory()
		s := map[zab.ServerID]*station{1: open(t, on(m, 1, 2)), 2: open(t, on(m, 2, 1))}
		other := 3 - first
		s[first].Send(round(other, 1))
		n := s[other].hears(t, first, 1)
		if n.To != other || string(n.Config) != "version=0" {
			t.Errorf("%d hears %+v", other, n)
		}
		s[other].Send(round(first, 2))
		s[first].hears(t, other, 2)
		s[first].told(t, fmt.Sprint(other, " up"))
		s[other].told(t, fmt.Sprint(first, " up"))
		if n := m.Break("1", "2"); n != 1 {
			t.Errorf("%d connections stand", n)
		}
	}
}

func TestElection_OverTCP(t *testing.T) {
	noLeaks(t)
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Logf("without %s: %v", host, err)
			continue
		}
		_ = l.Close()
		// The larger one is told a dead address of the smaller one's as well, and nothing of
		// the port it comes to listen on.
		two := open(t, transport.ElectionOptions{ID: 2, Listen: net.JoinHostPort(host, "0"), Peers: map[zab.ServerID][]string{1: {l.Addr().String()}}})
		one := open(t, transport.ElectionOptions{ID: 1, Listen: net.JoinHostPort(host, "0"),
			Peers: map[zab.ServerID][]string{2: {l.Addr().String(), two.Addr()}}})
		one.Send(round(2, 1))
		two.hears(t, 1, 1)
		two.Send(round(1, 2))
		one.hears(t, 2, 2)
	}
}

func TestElection_TheNewestWaits(t *testing.T) {
	for _, id := range []zab.ServerID{1, 3} {
		noLeaks(t)
		m := transport.NewMemory()
		s := open(t, on(m, id, 2))
		for i := range int64(100) {
			s.Send(round(2, i))
		}
		s.told(t, "2 down")
		two := open(t, on(m, 2, id))
		two.hears(t, id, 99)
		s.told(t, "2 up")
		two.mu.Lock()
		if len(two.heard) != 1 {
			t.Errorf("server 2 hears %v", two.heard)
		}
		two.mu.Unlock()
	}
}

// TestElection_AFreshConnectionRepeats: what was said last may have been lost with the connection.
func TestElection_AFreshConnectionRepeats(t *testing.T) {
	noLeaks(t)
	m := transport.NewMemory()
	one, two := open(t, on(m, 1, 2)), open(t, on(m, 2, 1))
	one.Send(round(2, 1))
	two.hears(t, 1, 1)
	two.Send(round(1, 1))
	one.hears(t, 2, 1)
	m.Break("1", "2")
	two.Send(round(1, 2))
	one.hears(t, 2, 2)
	await(t, "round 1 again", func() bool { return two.count(1, 1) == 2 })
}

// TestElection_RetriesWhileSomethingWaits: a server that comes up late hears what waits, soon.
func TestElection_RetriesWhileSomethingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		dials := &countDials{Network: m.Host("3")}
		o := on(m, 3, 2)
		o.Network = dials
		three := open(t, o)
		three.Send(round(2, 1))
		synctest.Wait()
		if n := dials.n.Load(); n != 1 {
			t.Errorf("%d dials at once", n)
		}
		time.Sleep(time.Minute)
		if n := dials.n.Load(); n < 55 || n > 70 {
			t.Errorf("%d dials in a minute", n)
		}
		before := dials.n.Load()
		three.Send(round(2, 2))
		synctest.Wait()
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if dials.n.Load() == before {
			t.Error("a new message does not dial")
		}
		begun := time.Now()
		two := open(t, on(m, 2, 3))
		two.hears(t, 3, 2)
		if late := time.Since(begun); late > time.Second {
			t.Errorf("heard after %s", late)
		}
		if three.log.with("cannot be reached") != 1 {
			t.Errorf("the log has %q", three.log.lines())
		}
	})
}

type countDials struct {
	transport.Network
	n atomic.Int32
}

func (c *countDials) Dial(ctx context.Context, addr string) (net.Conn, error) {
	c.n.Add(1)
	return c.Network.Dial(ctx, addr)
}

// darkness is a network in which dials get no answer in time, and then fail with err or, where
// it is nil, as timeouts do; those to
// the address closed are refused at once, and for away there is no way.
type darkness struct {
	transport.Network
	err error
}

const closed, away = "closed:1", "away:1"

func (d darkness) Dial(ctx context.Context, addr string) (net.Conn, error) {
	switch addr {
	case closed:
		return nil, syscall.ECONNREFUSED
	case away:
		return nil, syscall.EHOSTUNREACH
	}
	<-ctx.Done()
	if d.err != nil {
		return nil, d.err
	}
	return nil, ctx.Err()
}

// TestElection_ATimeoutTellsNothing, although the server's other addresses are refused.
func TestElection_ATimeoutTellsNothing(t *testing.T) {
	for _, addrs := range [][]string{{"dark:1"}, {"dark:1", closed}, {closed, "dark:1"}, {away, closed}, {closed, away}} {
		synctest.Test(t, func(t *testing.T) {
			m := transport.NewMemory()
			o := on(m, 3)
			o.Network, o.Peers = darkness{m, nil}, map[zab.ServerID][]string{2: addrs}
			three := open(t, o)
			three.Send(round(2, 1))
			time.Sleep(time.Minute)
			three.mu.Lock()
			defer three.mu.Unlock()
			if len(three.reports) != 0 {
				t.Errorf("%s: it says %v", addrs, three.reports)
			}
		})
	}
}

// TestElection_AConnectionEndsADial: the dark address of a server that has come by itself is
// not waited for, and what comes of the dial is no news.
func TestElection_AConnectionEndsADial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		o := on(m, 1, 2)
		o.Network = darkness{m.Host("1"), syscall.ECONNREFUSED}
		one := open(t, o)
		one.Send(round(2, 1))
		synctest.Wait() // it dials
		begun := time.Now()
		two := open(t, on(m, 2, 1))
		two.Send(round(1, 1))
		two.hears(t, 1, 1)
		if late := time.Since(begun); late != 0 {
			t.Errorf("heard after %s", late)
		}
		synctest.Wait()
		one.mu.Lock()
		defer one.mu.Unlock()
		if len(one.reports) != 1 {
			t.Errorf("server 1 says %v", one.reports)
		}
	})
}

// TestElection_Strangers: servers that no configuration has are talked to, by the address that
// they tell where they are the smaller ones, and forgotten when they go.
func TestElection_Strangers(t *testing.T) {
	for _, id := range []zab.ServerID{0, 9} {
		noLeaks(t)
		m := transport.NewMemory()
		five, stranger := open(t, on(m, 5)), open(t, on(m, id, 5))
		stranger.Send(round(5, 1))
		five.hears(t, id, 1)
		five.Send(round(id, 2))
		stranger.hears(t, 5, 2)
		if err := stranger.Close(); err != nil {
			t.Fatal(err)
		}
		// While it was known, the next message would be kept for it.
		await(t, "it is forgotten", func() bool {
			five.Send(round(id, 3))
			again := open(t, on(m, id, 5))
			defer again.Close()
			again.Send(round(5, 4))
			again.until(t, "5 up", func() bool { return len(again.reports) > 0 })
			return again.count(5, 3) == 0
		})
	}
}

// TestElection_ObserversWithoutID come with the largest id, are told apart, and answered.
func TestElection_ObserversWithoutID(t *testing.T) {
	noLeaks(t)
	m := transport.NewMemory()
	five := open(t, on(m, 5))
	a, b := open(t, on(m, math.MaxInt64, 5)), transport.ElectionOptions{ID: math.MaxInt64, Listen: "b:1", Peers: addresses(5), Network: m}
	other := open(t, b)
	a.Send(round(5, 1))
	first := five.hears(t, -1, 1)
	other.Send(round(5, 1))
	next := five.hears(t, -2, 1)
	five.Send(round(first.From, 2))
	a.hears(t, 5, 2)
	five.Send(round(next.From, 3))
	other.hears(t, 5, 3)
}

func TestElection_OwnIDElsewhere(t *testing.T) {
	noLeaks(t)
	m := transport.NewMemory()
	five := open(t, on(m, 5))
	twin := call(t, m, 5, transport.Handshake{ID: 5, Addrs: []string{"elsewhere:1"}})
	if _, err := twin.Read(make([]byte, 1)); err == nil {
		t.Error("it is answered")
	}
	if five.log.with("elsewhere:1") != 1 {
		t.Errorf("the log has %q", five.log.lines())
	}
}

// call connects to a server and says a handshake.
func call(t *testing.T, m *transport.Memory, to zab.ServerID, h transport.Handshake) net.Conn {
	t.Helper()
	nc, err := m.Dial(t.Context(), address(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if _, err := nc.Write(transport.AppendHandshake(nil, h)); err != nil {
		t.Fatal(err)
	}
	return nc
}

// frame is a notification as it goes over the connection.
func frame(number int64) []byte {
	n := round(0, number)
	payload := transport.AppendNotification(nil, &n)
	return append([]byte{0, 0, 0, byte(len(payload))}, payload...)
}

// TestElection_TheNewConnectionStands: of a larger id; also in the form of before 3.5.
func TestElection_TheNewConnectionStands(t *testing.T) {
	noLeaks(t)
	m := transport.NewMemory()
	five := open(t, on(m, 5, 9))
	first := call(t, m, 5, transport.Handshake{ID: 9, Addrs: []string{address(9)}})
	five.told(t, "9 up")
	second := call(t, m, 5, transport.Handshake{ID: 9})
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the first one still stands")
	}
	if _, err := second.Write(frame(7)); err != nil {
		t.Fatal(err)
	}
	five.hears(t, 9, 7)
}

// TestElection_AKnockReplacesWhatStands: the smaller one has restarted, say.
func TestElection_AKnockReplacesWhatStands(t *testing.T) {
	noLeaks(t)
	m := transport.NewMemory()
	five := open(t, on(m, 5, 2))
	l, err := m.Listen(t.Context(), address(2))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled := func() net.Conn {
		nc, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
		if h, err := transport.ReadHandshake(nc); err != nil || h.ID != 5 || h.Addrs[0] != address(5) {
			t.Fatalf("%+v, %v", h, err)
		}
		return nc
	}
	five.Send(round(2, 1))
	first := dialled()
	call(t, m, 5, transport.Handshake{ID: 2, Addrs: []string{address(2)}})
	second := dialled()
	if _, err := second.Write(frame(7)); err != nil {
		t.Fatal(err)
	}
	five.hears(t, 2, 7)
	for buf := make([]byte, 100); err == nil; {
		_, err = first.Read(buf)
	}
}

// TestElection_CloseWithEverythingUnderWay: dials, handshakes and writes that hang.
func TestElection_CloseWithEverythingUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		cuts := new(transport.Cuts)
		o := on(m, 5, 1, 2, 3, 9)
		o.Network, o.Cuts = darkness{m.Host("5"), nil}, cuts
		five := open(t, o)
		silent, err := m.Dial(t.Context(), address(5))
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		deaf := call(t, m, 5, transport.Handshake{ID: 9, Addrs: []string{address(9)}})
		five.told(t, "9 up")
		cuts.Set(second, []zab.ServerID{2, 9})
		for id := range o.Peers {
			five.Send(round(id, 1))
		}
		cutOff := call(t, m, 5, transport.Handshake{ID: 2, Addrs: []string{address(2)}})
		synctest.Wait()
		begun := time.Now()
		if err := five.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("it takes %s", took)
		}
		if _, err := m.Dial(t.Context(), address(5)); err == nil {
			t.Error("the port still listens")
		}
		cuts.Set(nil, nil)
		for _, nc := range []net.Conn{silent, deaf, cutOff} {
			if _, err := nc.Read(make([]byte, 1)); err == nil {
				t.Error("a connection still stands")
			}
		}
	})
}

func TestElection_ListenFails(t *testing.T) {
	m := transport.NewMemory()
	open(t, on(m, 1))
	o := on(m, 1)
	if _, err := transport.ListenElection(t.Context(), o); err == nil {
		t.Error("two servers at one address")
	} else if want := "election port of server 1"; !contains(err, want) || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v, want %q in it", err, want)
	}
}
