package kbroker

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// Options are what a broker is started with. Only Config is needed.
type Options struct {
	// Config is not changed, and must not be changed afterwards.
	Config *kconf.Broker
	// FS holds the log folders; nil is the disk.
	FS storage.FS
	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time
	// Listeners are sockets that listen already, by the name of the listener of Config that each stands for. The broker
	// closes them, also when it cannot start. The others it opens itself.
	Listeners map[string]net.Listener
	// Dial connects to brokers and to ZooKeeper; nil is net.Dialer.DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = storage.Disk()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return o
}
