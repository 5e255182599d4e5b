package transport

import (
	"context"
	"net"
	"syscall"
)

// Memory is a network within the process.
type Memory struct{}

// NewMemory returns an empty network.
func NewMemory() *Memory { return &Memory{} }

// Host is the network as the named machine sees it.
func (m *Memory) Host(name string) Network { return m }

// Listen takes an address.
func (m *Memory) Listen(ctx context.Context, addr string) (net.Listener, error) {
	return nil, syscall.EADDRINUSE
}

// Dial connects to an address.
func (m *Memory) Dial(ctx context.Context, addr string) (net.Conn, error) {
	return nil, syscall.ECONNREFUSED
}
