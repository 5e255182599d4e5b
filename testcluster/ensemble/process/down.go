package process

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// stopPatience is how long a node may take for its end in good order.
const stopPatience = 10 * time.Second

// stop ends nodes by a signal, all at once, and by SIGKILL those that do not heed it.
func (c *Cluster) stop(ctx context.Context, nodes []*node, sig syscall.Signal) error {
	var errs []error
	for _, n := range nodes {
		err := n.signal(sig)
		if err == nil {
			err = n.signal(syscall.SIGCONT) // a stopped process heeds SIGKILL alone
		}
		if err != nil && !errors.Is(err, errGone) {
			errs = append(errs, &ensemble.NodeError{Op: "stop", ID: n.ID, Err: err})
		}
	}
	patient, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	for _, n := range nodes {
		err := n.await(patient)
		if err != nil && ctx.Err() == nil {
			_ = n.signal(syscall.SIGKILL) // await tells
			err = n.await(ctx)
		}
		if err != nil {
			errs = append(errs, &ensemble.NodeError{Op: "stop", ID: n.ID, Err: err})
			continue
		}
		c.forget(n)
	}
	return errors.Join(errs...)
}

// Down ends all nodes and waits for their ends. The data stay, but for those of a temporary
// ensemble, whose folder is removed. Links that are cut are whole at the next start. It
// returns how many nodes ran.
func (c *Cluster) Down(ctx context.Context) (ended int, err error) {
	temporary := false
	err = c.update(ctx, func(s *state) error {
		temporary = s.Temporary
		sig := syscall.SIGTERM
		if temporary {
			sig = syscall.SIGKILL // nobody will read what it would write
		}
		var running []*node
		for i := range s.Nodes {
			n := &s.Nodes[i]
			n.In, n.Out = nil, nil
			if n.running() {
				running = append(running, n)
			} else {
				c.forget(n)
			}
		}
		ended = len(running)
		return c.stop(ctx, running, sig)
	})
	if temporary && err == nil {
		err = os.RemoveAll(c.dir)
	}
	return ended, err
}
