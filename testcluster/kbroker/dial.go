package kbroker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// errCut is what dialling ends with once the broker was killed.
var errCut = errors.New("the broker is killed")

// links are the connections that the broker makes, so that they can be cut all at once.
type links struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu    sync.Mutex
	isCut bool
	conns map[*link]struct{}
}

// link is a connection that is forgotten when it is closed.
type link struct {
	net.Conn
	of *links
}

func (l *link) Close() error {
	l.of.mu.Lock()
	delete(l.of.conns, l)
	l.of.mu.Unlock()
	return l.Conn.Close()
}

func newLinks(dial func(context.Context, string, string) (net.Conn, error)) *links {
	return &links{dial: dial, conns: map[*link]struct{}{}}
}

func (l *links) open(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	isCut := l.isCut
	l.mu.Unlock()
	if isCut {
		return nil, errCut
	}
	nc, err := l.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	made := &link{nc, l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		_ = nc.Close() // nothing was said on it
		return nil, errCut
	}
	l.conns[made] = struct{}{}
	return made, nil
}

// cut closes all connections and allows no new one.
func (l *links) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for c := range l.conns {
		_ = c.Conn.Close() // it is to be lost
	}
}

// dialBroker connects to the listener for brokers that another broker has registered. The error wraps the system's.
func (b *Broker) dialBroker(ctx context.Context, id int32) (net.Conn, error) {
	br := b.mirror.Image().Brokers[id]
	if br == nil {
		return nil, fmt.Errorf("broker %d is not registered", id)
	}
	name := b.o.Config.InterBroker
	e, ok := endpoint(br, name)
	switch {
	case !ok:
		return nil, fmt.Errorf("broker %d has no listener %s (inter.broker.listener.name)", id, name)
	case e.Security != plaintext:
		return nil, fmt.Errorf("broker %d has the listener %s with %s, which zoka does not speak yet", id, name, e.Security)
	}
	return b.links.open(ctx, "tcp", net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port))))
}
