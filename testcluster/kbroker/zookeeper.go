package kbroker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// connect opens the session with ZooKeeper, within zookeeper.connection.timeout.ms: an ensemble that is just starting is
// waited for.
func (b *Broker) connect(ctx context.Context) error {
	z := b.o.Config.ZooKeeper
	var err error
	b.zk, err = zkclient.New(b.zkConfig(z.Connect, b.session.event))
	if err != nil {
		return fmt.Errorf("zookeeper.connect: %w", err)
	}
	patience := millis(z.ConnectionTimeoutMs)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := b.zk.ConnectOnce(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn("ZooKeeper does not answer yet", "connect", z.Connect, "err", err, "patience", patience)
	}
	if err := b.zk.Connected(ctx); err != nil {
		return fmt.Errorf("no connection to ZooKeeper at %s within %v: %w", z.Connect, patience, err)
	}
	return b.makeChroot(ctx)
}

func (b *Broker) zkConfig(servers string, onEvent func(zkproto.WatchedEvent)) zkclient.Config {
	return zkclient.Config{
		Servers:        servers,
		SessionTimeout: millis(b.o.Config.ZooKeeper.SessionTimeoutMs),
		Renew:          true,
		Shuffle:        true,
		OnEvent:        onEvent,
		OnUnreachable:  func(err *zkclient.ConnectError) { b.log.Warn("ZooKeeper does not answer", "err", err) },
		Dialer:         b.links.open,
	}
}

// makeChroot creates the path of the connect string, as Kafka does: a session in a chroot that is not there works, and
// finds nothing.
func (b *Broker) makeChroot(ctx context.Context) error {
	chroot := b.zk.Chroot()
	if chroot == "" {
		return nil
	}
	if _, err := b.zk.Exists(ctx, "/", nil); err == nil || !errors.Is(err, zkproto.NoNode) {
		return err
	}
	servers := strings.TrimSuffix(b.o.Config.ZooKeeper.Connect, chroot)
	zk, err := zkclient.Dial(ctx, b.zkConfig(servers, nil))
	if err != nil {
		return fmt.Errorf("create the chroot %s: %w", chroot, err)
	}
	defer zk.Close(ctx) //nolint:errcheck // the session has nothing that would be left
	path := ""
	for name := range strings.SplitSeq(strings.Trim(chroot, "/"), "/") {
		path += "/" + name
		if err := create(ctx, zk, path, nil); err != nil {
			return fmt.Errorf("create the chroot %s: %w", chroot, err)
		}
	}
	b.log.Info("created the chroot in ZooKeeper", "path", chroot)
	return nil
}

// create makes a persistent znode that may be there already.
func create(ctx context.Context, zk *zkclient.Client, path string, data []byte) error {
	_, _, err := zk.Create(ctx, path, data, nil, zkproto.ModePersistent, 0)
	if errors.Is(err, zkproto.NodeExists) {
		return nil
	}
	return err
}

// makePaths creates what every cluster has, in one round trip.
func (b *Broker) makePaths(ctx context.Context) error {
	calls := make([]*zkclient.Call, 0, len(kzk.PersistentPaths))
	for _, path := range kzk.PersistentPaths {
		op := zkclient.CreateOp(path, nil, nil, zkproto.ModePersistent, 0)
		calls = append(calls, b.zk.Start(ctx, op.Op, op.Req, new(zkproto.Create2Response)))
	}
	for _, call := range calls {
		if err := call.Wait(ctx); err != nil && !errors.Is(err, zkproto.NodeExists) {
			return err
		}
	}
	return nil
}

// findCluster reads the cluster's id, or gives the cluster one: whoever is first.
func (b *Broker) findCluster(ctx context.Context) error {
	for {
		data, _, err := b.zk.Get(ctx, kzk.ClusterIDPath, nil)
		switch {
		case err == nil:
			b.clusterID, err = kzk.DecodeClusterID(data)
			if err != nil {
				return fmt.Errorf("%s: %w", kzk.ClusterIDPath, err)
			}
			return nil
		case !errors.Is(err, zkproto.NoNode):
			return err
		}
		var id kproto.UUID
		_, _ = rand.Read(id[:])                         // it never fails
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, as java.util.UUID makes them
		if err := create(ctx, b.zk, kzk.ClusterPath, nil); err != nil {
			return err
		}
		if err := create(ctx, b.zk, kzk.ClusterIDPath, kzk.EncodeClusterID(id.String())); err != nil {
			return err
		}
	}
}
