package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// echo sends back what it gets, on a port of its own.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(nc, nc)
				_ = nc.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestCuts_Dialer: a client's connection to a peer is held, one to a stranger is not, and both go on.
func TestCuts_Dialer(t *testing.T) {
	near, stranger := echo(t), echo(t)
	cuts := new(transport.Cuts)
	dial := cuts.Dialer(new(net.Dialer).DialContext, func(addr string) (zab.ServerID, bool) { return 2, addr == near })
	talk := func(nc net.Conn, patience time.Duration) error {
		if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err := nc.Write([]byte{7}); err != nil {
			return err
		}
		_, err := io.ReadFull(nc, make([]byte, 1))
		return err
	}
	var conns []net.Conn
	for _, addr := range []string{near, stranger} {
		nc, err := dial(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		conns = append(conns, nc)
	}
	cuts.Set(second, nil)
	if err := talk(conns[0], 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("from a peer that is cut off: %v", err)
	}
	if err := talk(conns[1], time.Minute); err != nil {
		t.Errorf("from a stranger: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := dial(short, "tcp", near); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a dial to a peer that is cut off: %v", err)
	}
	cuts.Set(nil, nil)
	if err := conns[0].SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conns[0], make([]byte, 1)); err != nil {
		t.Errorf("what was held: %v", err)
	}
	if err := talk(conns[0], time.Minute); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}
