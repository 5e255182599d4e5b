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

// lookPatience is how long servers may take to say who is registered, before it is looked what has become of the nodes.
const lookPatience = time.Second

// awaitBrokers waits until the brokers of these nodes, as far as they run, have registered since they were started, and
// one of all brokers is the controller. What a broker has left behind that was killed does not count. A node that has been
// cut off since it served is excused.
func (c *Cluster) awaitBrokers(ctx context.Context, nodes []ensemble.Node, serving []string, since time.Time) error {
	wanted := slices.DeleteFunc(slices.Clone(nodes), func(n ensemble.Node) bool {
		return n.Broker == "" || n.State != ensemble.Running
	})
	if len(wanted) == 0 {
		return nil
	}
	zk, err := zkclient.New(zkclient.Config{Servers: strings.Join(serving, ","), Renew: true})
	if err != nil {
		return err
	}
	defer func() { _ = zk.Close(context.WithoutCancel(ctx)) }() // it has only read
	begun := time.Now()
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
		wanted = slices.DeleteFunc(wanted, func(n ensemble.Node) bool { return c.excused(n.ID, time.Since(begun)) })
		if len(wanted) == 0 {
			return nil
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
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
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
