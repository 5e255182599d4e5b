package kbroker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// plaintext is the one security protocol that listeners have so far.
const plaintext = "PLAINTEXT"

// ListenError is a listener that could not be opened.
type ListenError struct {
	Listener kconf.Listener
	Err      error
}

func (e *ListenError) Error() string { return fmt.Sprintf("listener %s: %v", e.Listener, e.Err) }

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// checkListeners refuses what this broker cannot serve.
func checkListeners(c *kconf.Broker) error {
	if len(c.Listeners) == 0 {
		return errors.New("no listeners")
	}
	for _, l := range c.Listeners {
		if l.Security != plaintext {
			return fmt.Errorf("listener %s: zoka has no %s yet, only %s", l, l.Security, plaintext)
		}
	}
	return nil
}

// listen opens the listeners that were not handed in.
func (b *Broker) listen(ctx context.Context) error {
	for _, l := range b.o.Config.Listeners {
		ln := b.o.Listeners[l.Name]
		if ln == nil {
			var err error
			addr := net.JoinHostPort(l.Host, strconv.Itoa(int(l.Port)))
			if ln, err = new(net.ListenConfig).Listen(ctx, "tcp", addr); err != nil {
				return &ListenError{l, err}
			}
		}
		b.listeners = append(b.listeners, listener{l.Name, ln})
	}
	return nil
}

// listener is one that listens.
type listener struct {
	name string
	net.Listener
}

// advertised are the addresses that the broker registers. A port of 0, and a host that is none, are those of the listener
// of the same name.
func (b *Broker) advertised() []kconf.Listener {
	var list []kconf.Listener
	for _, a := range b.o.Config.Advertised {
		for _, l := range b.listeners {
			if l.name == a.Name && a.Port == 0 {
				a.Port = portOf(l.Addr())
			}
		}
		if a.Host == "" {
			a.Host = ownHost()
		}
		list = append(list, a)
	}
	return list
}

func portOf(a net.Addr) int32 {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

// ownHost is what Kafka advertises where nothing is said: the machine's name.
func ownHost() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}
