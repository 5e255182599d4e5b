package command

import (
	"context"
	"sync"
)

// Brokers holds the shell's connections to a Kafka cluster: nothing is dialled before the first command that needs
// it. It is safe for use by several goroutines.
type Brokers struct {
	client   KafkaClient
	options  *Options
	sessions *Sessions

	dialing chan struct{} // held while a cluster is looked for

	mu     sync.Mutex
	target KafkaTarget
	now    Kafka  // nil before the first use
	zk     string // the connect string that now was found through, "" for none
}

// NewBrokers returns Brokers without a connection. Where the target names no broker they are found through the
// session of sessions.
func NewBrokers(client KafkaClient, options *Options, target KafkaTarget, sessions *Sessions) *Brokers {
	return &Brokers{client: client, options: options, sessions: sessions, target: target, dialing: make(chan struct{}, 1)}
}

// Kafka returns the cluster, looking for it if need be: at first, and when it was found through a ZooKeeper that the
// shell has left since.
func (b *Brokers) Kafka(ctx context.Context) (Kafka, error) {
	select {
	case b.dialing <- struct{}{}:
		defer func() { <-b.dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	b.mu.Lock()
	now, target, zk := b.now, b.target, b.zk
	b.mu.Unlock()
	if now != nil && (zk == "" || zk == b.sessions.Servers()) {
		return now, nil
	}
	return b.dial(ctx, target)
}

// dial is called with dialing held.
func (b *Brokers) dial(ctx context.Context, target KafkaTarget) (Kafka, error) {
	target.Timeout = b.options.Now().Timeout
	through := ""
	if find := target.ZK; find != nil {
		target.ZK = func(ctx context.Context) (ZK, error) {
			through = b.sessions.Servers()
			return find(ctx)
		}
	}
	next, err := b.client.Dial(ctx, target)
	if err != nil {
		if ctx.Err() == nil && !misused(err) {
			err = &ConnectError{Servers: target.Bootstrap, Err: err}
		}
		return nil, err
	}
	b.mu.Lock()
	old := b.now
	b.now, b.target, b.zk = next, target, through
	b.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return next, nil
}

// Connect looks for another cluster by its brokers' addresses, and lets go of the one before.
func (b *Brokers) Connect(ctx context.Context, bootstrap string) error {
	select {
	case b.dialing <- struct{}{}:
		defer func() { <-b.dialing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	target := b.target
	b.mu.Unlock()
	target.Bootstrap = bootstrap
	_, err := b.dial(ctx, target)
	return err
}

// Connected is the cluster if it was used already, nil otherwise. Nothing is dialled.
func (b *Brokers) Connected() Kafka {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// Bootstrap are the addresses of the cluster, "" where they are found through ZooKeeper and were not needed yet.
func (b *Brokers) Bootstrap() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now != nil {
		return b.now.Bootstrap()
	}
	return b.target.Bootstrap
}

// Close lets go of the cluster.
func (b *Brokers) Close() {
	b.mu.Lock()
	old := b.now
	b.now = nil
	b.mu.Unlock()
	if old != nil {
		old.Close()
	}
}
