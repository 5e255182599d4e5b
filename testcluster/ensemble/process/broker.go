package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// awaitBrokers waits until the brokers of these nodes, as far as they run, have registered since they were started, and
// one of all brokers is the controller. What a broker has left behind that was killed does not count.
func (c *Cluster) awaitBrokers(ctx context.Context, nodes []ensemble.Node, serving []string, since time.Time) error {
	wanted := slices.DeleteFunc(slices.Clone(nodes), func(n ensemble.Node) bool {
		return n.Broker == "" || n.State != ensemble.Running
	})
	if len(wanted) == 0 {
		return nil
	}
	zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: strings.Join(serving, ","), Renew: true})
	if err != nil {
		return err
	}
	defer func() { _ = zk.Close(context.WithoutCancel(ctx)) }() // it has only read
	const first, last = 2 * time.Millisecond, 20 * time.Millisecond
	for pause := first; ; pause = min(pause*3/2, last) {
		missing, err := unregistered(ctx, zk, wanted, since)
		if err != nil { // who served a moment ago may have lost its leader
			missing = err.Error()
		}
		if missing == "" {
			return nil
		}
		for _, n := range wanted {
			if ended := c.whyEnded(n.ID); ended != nil {
				return &ensemble.NodeError{ID: n.ID, Err: ended}
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", missing, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// unregistered says what is missing, "" if nothing is.
func unregistered(ctx context.Context, zk *zkclient.Client, wanted []ensemble.Node, since time.Time) (string, error) {
	for _, n := range wanted {
		stat, err := zk.Exists(ctx, kzk.BrokerPath(int32(n.ID)), nil)
		if errors.Is(err, zkproto.NoNode) || err == nil && int64(stat.Ctime) < since.UnixMilli() {
			return fmt.Sprintf("the broker of node %d is not registered", n.ID), nil
		}
		if err != nil {
			return "", err
		}
	}
	_, err := zk.Exists(ctx, kzk.ControllerPath, nil)
	if errors.Is(err, zkproto.NoNode) {
		return "no broker is the controller", nil
	}
	return "", err
}
