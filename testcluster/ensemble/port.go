package ensemble

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below those that systems give to connections, so that the port of a
// node does not become anybody's by chance while the node is down.
const firstPort, lastPort = 10000, 16400

// FreePort listens on a free port of 127.0.0.1 that the system gives to nobody by itself.
func FreePort(ctx context.Context) (net.Listener, error) {
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if l, err := listen(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("no free port on 127.0.0.1")
}

// listen listens on an address; "" is a free port.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return FreePort(ctx)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}
