package torture

import (
	"context"
	"net"
	"sync"
)

// lines are a client's ways to its brokers, which can be cut at once.
type lines struct {
	mu struct {
		sync.Mutex
		conns []net.Conn
		over  bool
	}
}

func (l *lines) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.over {
		_ = conn.Close() // nothing was sent
		return nil, errCut
	}
	l.mu.conns = append(l.mu.conns, conn)
	return conn, nil
}

// cut ends all connections, and there are no others.
func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.over = true
	for _, c := range l.mu.conns {
		_ = c.Close() // a cut has no niceties
	}
}
