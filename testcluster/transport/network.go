package transport

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"
)

// Network is how bytes get from one server to another. Addresses are host:port, [host]:port
// for IPv6. A dial to an address where nobody listens fails with ECONNREFUSED.
type Network interface {
	Listen(ctx context.Context, addr string) (net.Listener, error)
	Dial(ctx context.Context, addr string) (net.Conn, error)
}

// TCP is the network of the machine, without Nagle's delay.
func TCP() Network { return tcp{} }

type tcp struct{}

func (tcp) Listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// Dial leaves TCP_NODELAY on, as Go sets it.
func (tcp) Dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// refused says that a dial failed because nobody listens at the address.
func refused(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	const wsaeConnRefused = 10061 // Windows has its own number, which Go does not map
	return errno == syscall.ECONNREFUSED || runtime.GOOS == "windows" && errno == wsaeConnRefused
}
