package kbroker

import (
	"context"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
)

// ExpireSession has ZooKeeper end the broker's session, as it does when it has not heard of it for too long.
func (b *Broker) ExpireSession(ctx context.Context, t testing.TB) {
	t.Helper()
	zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: b.o.Config.ZooKeeper.Connect, Session: b.zk.Session()})
	if err != nil {
		t.Fatal(err)
	}
	if err := zk.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// SessionsExpired is how many sessions of the broker have ended.
func (b *Broker) SessionsExpired() int {
	_, expired := b.session.state()
	return expired
}

// HasSession says whether there is a connection to ZooKeeper.
func (b *Broker) HasSession() bool {
	lost, _ := b.session.state()
	return lost.IsZero()
}
