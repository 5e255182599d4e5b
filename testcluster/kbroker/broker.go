package kbroker

import (
	"context"
	"net"
)

// Broker is one running broker.
type Broker struct {
	o Options
}

// Start returns a broker that is registered and serves. Where ctx ends first, or anything is in the way, nothing of it is
// left.
func Start(ctx context.Context, o Options) (*Broker, error) {
	return &Broker{o: o.withDefaults()}, nil
}

// ID is broker.id, or the one that ZooKeeper gave out.
func (b *Broker) ID() int32 { return b.o.Config.ID }

// ClusterID is the id in /cluster/id.
func (b *Broker) ClusterID() string { return "" }

// Addr is where the listener of that name listens; "" is the first one. It is nil where there is none.
func (b *Broker) Addr(listener string) net.Addr { return nil }

// Done is closed when the broker has ended by itself or otherwise; Err says why.
func (b *Broker) Done() <-chan struct{} { return nil }

// Err is why the broker ended by itself; nil before the end, and after Close and Kill.
func (b *Broker) Err() error { return nil }

// Close hands the partitions that the broker leads to others, stops serving, flushes the logs and ends the session with
// ZooKeeper, in this order. Where ZooKeeper or the controller does not answer it goes on without: it takes seconds at
// most. All goroutines of the broker have ended when it returns.
func (b *Broker) Close() error { return nil }

// Kill ends the broker as the end of its process would: nothing is handed over, flushed or written, and the session is
// left for ZooKeeper to expire. All goroutines of the broker have ended when it returns.
func (b *Broker) Kill() {}
