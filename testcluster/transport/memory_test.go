package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
)

// TestMemory_IsAsTCP: what callers may rely on is the same on both networks.
func TestMemory_IsAsTCP(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			n := network()
			near, far := pair(t, n)
			checkEnds(t, near, far)
			near, far = pair(t, n)
			checkResets(t, near, far)
			near, _ = pair(t, n)
			checkDeadlines(t, near)
			checkDials(t, n)
		})
	}
}

func checkDials(t *testing.T, n transport.Network) {
	t.Helper()
	l, err := n.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if again, err := n.Listen(t.Context(), addr); err == nil {
		_ = again.Close()
		t.Error("one address for two")
	}
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	_ = l.Close()
	if err := <-accepted; err == nil {
		t.Error("a closed listener accepts")
	}
	if nc, err := n.Dial(t.Context(), addr); err == nil {
		_ = nc.Close()
		t.Error("nobody listens, and it is answered")
	} else if !isRefused(err) {
		t.Errorf("nobody listens: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Dial(ctx, addr); err == nil || isRefused(err) {
		t.Errorf("with an ended context: %v", err)
	}
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// checkEnds: what was written before a close is read, then comes the end; the own end is
// closed for everything.
func checkEnds(t *testing.T, near, far net.Conn) {
	t.Helper()
	if _, err := near.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(far); err != nil || string(got) != "last words" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if _, err := near.Write(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := near.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("close: %v", err)
	}
	var err error
	for err == nil { // TCP finds out with the second
		_, err = far.Write([]byte("too late"))
	}
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("write to an end that has gone: %v", err)
	}
}

// checkResets: who leaves something unread resets the connection.
func checkResets(t *testing.T, near, far net.Conn) {
	t.Helper()
	if _, err := far.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := near.Read(one); err != nil {
		t.Fatal(err)
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(one); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
}

// checkDeadlines: they hold for reads that wait already, and may be taken back.
func checkDeadlines(t *testing.T, near net.Conn) {
	t.Helper()
	for range 2 {
		if err := near.SetDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		var err error
		for err == nil {
			_, err = near.Write(make([]byte, 64<<10))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v", err)
		}
	}
	if err := near.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := near.Read(make([]byte, 1))
		waiting <- err
	}()
	if err := near.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read that waits: %v", err)
	}
}

func TestMemory_Delay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		near, far := pair(t, m)
		m.SetDelay(time.Second)
		begun := time.Now()
		if _, err := near.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
		_ = near.Close()
		if got, err := io.ReadAll(far); err != nil || string(got) != "abc" || time.Since(begun) != time.Second {
			t.Errorf("%q, %v after %s", got, err, time.Since(begun))
		}
	})
}

// TestMemory_BreakNamesMachines: other connections stand.
func TestMemory_BreakNamesMachines(t *testing.T) {
	m := transport.NewMemory()
	l, err := m.Host("a").Listen(t.Context(), "a:1")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ends := map[string]net.Conn{}
	for _, name := range []string{"b", "c"} {
		if ends[name], err = m.Host(name).Dial(t.Context(), "a:1"); err != nil {
			t.Fatal(err)
		}
		defer ends[name].Close()
	}
	if n := m.Break("b", "a"); n != 1 {
		t.Errorf("%d are broken", n)
	}
	if _, err := ends["b"].Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	if _, err := ends["c"].Write([]byte("x")); err != nil {
		t.Error(err)
	}
}
