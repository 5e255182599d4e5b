package transport_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// TestElection_Garbage: each connection that makes no sense ends with one line in the log.
func TestElection_Garbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		five := open(t, on(m, 5))
		lines := 0
		for name, tt := range map[string]struct {
			says  []byte
			quiet bool // stays open
			line  bool
		}{
			"a look at the port": {nil, false, false},
			"HTTP":               {[]byte("\xc0GET / HTTP/1.1\r\n\r\n"), true, true},
			"silence":            {nil, true, true},
			"half a handshake":   {transport.AppendHandshake(nil, transport.Handshake{ID: 9, Addrs: []string{"a:1"}})[:22], true, true},
			"a torn handshake":   {transport.AppendHandshake(nil, transport.Handshake{ID: 9, Addrs: []string{"a:1"}})[:22], false, true},
			"an empty message":   {append(transport.AppendHandshake(nil, transport.Handshake{ID: 9}), 0, 0, 0, 0), true, true},
			"a huge message":     {append(transport.AppendHandshake(nil, transport.Handshake{ID: 9}), 0, 8, 0, 1), true, true},
			"a torn message":     {append(transport.AppendHandshake(nil, transport.Handshake{ID: 9}), frame(1)[:20]...), false, true},
			"a negative message": {append(transport.AppendHandshake(nil, transport.Handshake{ID: 9}), 0xff, 0, 0, 1), true, true},
		} {
			nc, err := m.Dial(t.Context(), address(5))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nc.Write(tt.says); err != nil {
				t.Fatal(err)
			}
			if tt.quiet {
				if _, err := nc.Read(make([]byte, 1)); err == nil {
					t.Errorf("%s is answered", name)
				}
			}
			_ = nc.Close()
			synctest.Wait()
			if tt.line {
				lines++
			}
			if n := five.log.with("level=WARN"); n != lines {
				t.Fatalf("%s: %d lines, want %d: %q", name, n, lines, five.log.lines())
			}
		}
	})
}

// TestElection_AForeignMessageIsPassedOver: the connection goes on, with one line however many
// come.
func TestElection_AForeignMessageIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		five := open(t, on(m, 5, 9))
		nc := call(t, m, 5, transport.Handshake{ID: 9})
		for range 10 {
			if _, err := nc.Write([]byte{0, 0, 0, 3, 1, 2, 3}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := nc.Write(frame(1)); err != nil {
			t.Fatal(err)
		}
		five.hears(t, 9, 1)
		if n := five.log.with("passed over"); n != 1 {
			t.Errorf("%d lines: %q", n, five.log.lines())
		}
	})
}

// TestElection_ACrowdOfSilentOnes neither stays nor keeps a server away.
func TestElection_ACrowdOfSilentOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		five, nine := open(t, on(m, 5, 9)), open(t, on(m, 9, 5))
		const crowd = 1000
		ended := make(chan error, crowd)
		for range crowd {
			nc, err := m.Dial(t.Context(), address(5))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				defer nc.Close()
				_, err := nc.Read(make([]byte, 1))
				ended <- err
			}()
			synctest.Wait()
		}
		if stay := crowd - len(ended); stay > 100 {
			t.Errorf("%d silent connections stay", stay)
		}
		begun := time.Now()
		nine.Send(round(5, 1))
		five.hears(t, 9, 1)
		if late := time.Since(begun); late != 0 {
			t.Errorf("a server is heard after %s", late)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(ended) != crowd {
			t.Errorf("%d silent connections stay for ever", crowd-len(ended))
		}
	})
}

// TestElection_ACrowdOfStrangers is bounded too, and does not keep members away.
func TestElection_ACrowdOfStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		five, nine := open(t, on(m, 5, 9)), open(t, on(m, 9, 5))
		var crowd []net.Conn
		for id := range zab.ServerID(200) {
			nc := call(t, m, 5, transport.Handshake{ID: 100 + id})
			crowd = append(crowd, nc)
			synctest.Wait()
		}
		refused := five.log.with("too many servers")
		if refused != 200-64 {
			t.Errorf("%d of 200 are refused", refused)
		}
		nine.Send(round(5, 1))
		five.hears(t, 9, 1)
		for _, nc := range crowd {
			_ = nc.Close()
		}
		synctest.Wait()
		nc := call(t, m, 5, transport.Handshake{ID: 1000})
		if _, err := nc.Write(frame(1)); err != nil {
			t.Fatal(err)
		}
		five.hears(t, 1000, 1) // the crowd has been forgotten
	})
}
