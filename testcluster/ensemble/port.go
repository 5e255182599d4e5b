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
	l, r, err := findPort(ctx)
	if err == nil {
		r.Release() // who listens needs no sign
	}
	return l, err
}

// Reservation is a free port on which a process is going to listen that has yet to begin.
type Reservation struct {
	Port int
	sign net.PacketConn
}

// ReservePort finds such a port. Until Release, FreePort and ReservePort give it to nobody, in
// whatever process: the sign for that is the same port of UDP, which the system takes back from
// a process that dies.
func ReservePort(ctx context.Context) (*Reservation, error) {
	l, r, err := findPort(ctx)
	if err == nil {
		_ = l.Close() // nobody has come in by it
	}
	return r, err
}

// Release is for when the process listens, or has failed.
func (r *Reservation) Release() { _ = r.sign.Close() }

func findPort(ctx context.Context) (net.Listener, *Reservation, error) {
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		sign, err := new(net.ListenConfig).ListenPacket(ctx, "udp", addr)
		if err != nil {
			continue
		}
		l, err := listen(ctx, addr)
		if err == nil {
			return l, &Reservation{port, sign}, nil
		}
		_ = sign.Close() // nothing was sent
	}
	return nil, nil, errors.New("no free port on 127.0.0.1")
}

// listen listens on an address; "" is a free port.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return FreePort(ctx)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}
