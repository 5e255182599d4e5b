package process

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/control"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// ErrNone says that the folder has no ensemble.
var ErrNone = errors.New("there is no ensemble in this folder")

// Cluster is an ensemble in a folder. It holds nothing that would have to be closed, and any
// number of them, in any number of processes, may be about the same folder.
type Cluster struct {
	dir    string
	binary string // "": this program
}

var _ ensemble.Cluster = (*Cluster)(nil)

// Open returns the ensemble in a folder, whether it runs or not.
func Open(dir string) (*Cluster, error) {
	c, err := at(dir)
	if err == nil {
		_, err = c.load()
	}
	return c, err
}

func at(dir string) (*Cluster, error) {
	abs, err := filepath.Abs(dir)
	return &Cluster{dir: abs}, err
}

// Dir is the folder's absolute path.
func (c *Cluster) Dir() string { return c.dir }

// ConnectString has every node's client address.
func (c *Cluster) ConnectString() string {
	s, err := c.load()
	if err != nil {
		return ""
	}
	return s.connect()
}

func (s *state) connect() string {
	addrs := make([]string, len(s.Nodes))
	for i := range s.Nodes {
		addrs[i] = s.Nodes[i].addr()
	}
	return strings.Join(addrs, ",")
}

// BootstrapServers has every broker's address.
func (c *Cluster) BootstrapServers() string {
	s, err := c.load()
	if err != nil {
		return ""
	}
	return s.bootstrap()
}

func (s *state) bootstrap() string {
	var addrs []string
	for i := range s.Nodes {
		if addr := s.Nodes[i].broker(); addr != "" {
			addrs = append(addrs, addr)
		}
	}
	return strings.Join(addrs, ",")
}

// Nodes lists the nodes.
func (c *Cluster) Nodes() ([]ensemble.Node, error) {
	s, err := c.load()
	if err != nil {
		return nil, err
	}
	nodes := s.list()
	for i, n := range nodes {
		nodes[i].Epoch = ensemble.CurrentEpoch(storage.Disk(), c.file(folderName(n.ID), "data"))
	}
	return nodes, nil
}

func (s *state) list() []ensemble.Node {
	list := make([]ensemble.Node, len(s.Nodes))
	for i, n := range s.Nodes {
		list[i] = ensemble.Node{ID: n.ID, Observer: n.Observer, Addr: n.addr(), Broker: n.broker(), In: n.In, Out: n.Out}
		running, stopped := n.state()
		if running {
			list[i].State, list[i].Pid = ensemble.Running, n.Pid
		}
		if stopped {
			list[i].State = ensemble.Paused
		}
	}
	return list
}

// Kill is kill -9, and waits for the end of the process.
func (c *Cluster) Kill(ctx context.Context, id int) error {
	return c.updateNode(ctx, "kill", id, func(_ *state, n *node) error {
		if err := asRunning(n.signal(syscall.SIGKILL)); err != nil {
			return err
		}
		if err := n.await(ctx); err != nil {
			return err
		}
		c.forget(n)
		return nil
	})
}

// Pause is SIGSTOP.
func (c *Cluster) Pause(ctx context.Context, id int) error {
	return c.updateNode(ctx, "pause", id, func(_ *state, n *node) error {
		return halt(ctx, n, syscall.SIGSTOP, true)
	})
}

// Resume is SIGCONT.
func (c *Cluster) Resume(ctx context.Context, id int) error {
	return c.updateNode(ctx, "resume", id, func(_ *state, n *node) error {
		return halt(ctx, n, syscall.SIGCONT, false)
	})
}

// halt sends a signal that takes effect a little later.
func halt(ctx context.Context, n *node, sig syscall.Signal, stopped bool) error {
	if err := asRunning(n.signal(sig)); err != nil {
		return err
	}
	for {
		if running, now := n.state(); !running || now == stopped {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func asRunning(err error) error {
	if errors.Is(err, errGone) {
		return ensemble.ErrNotRunning
	}
	return err
}

// Restart starts a node, after its end in good order if it runs.
func (c *Cluster) Restart(ctx context.Context, id int) error {
	var since time.Time
	err := c.updateNode(ctx, "restart", id, func(s *state, n *node) error {
		if err := c.stop(ctx, []*node{n}, syscall.SIGTERM); err != nil {
			return err
		}
		if err := checkPorts([]*node{n}); err != nil {
			return err
		}
		// The folder may have been moved or copied since.
		if err := c.writeConfig(s, n, &Options{}); err != nil {
			return err
		}
		since = time.Now()
		return c.start(s, []*node{n})
	})
	if err != nil {
		return err
	}
	return c.awaitNode(ctx, id, since)
}

// Partition cuts links, in nodes that run at once, in others before they begin.
func (c *Cluster) Partition(ctx context.Context, p ensemble.Partition) error {
	return c.cut(ctx, func(s *state) error {
		nodes := s.list()
		if err := p.Apply(nodes); err != nil {
			return err
		}
		for i := range s.Nodes {
			s.Nodes[i].In, s.Nodes[i].Out = nodes[i].In, nodes[i].Out
		}
		return nil
	})
}

// Heal mends all links.
func (c *Cluster) Heal(ctx context.Context) error {
	return c.cut(ctx, func(s *state) error {
		for i := range s.Nodes {
			s.Nodes[i].In, s.Nodes[i].Out = nil, nil
		}
		return nil
	})
}

// cut changes cuts and waits until all nodes have put them into force that can.
func (c *Cluster) cut(ctx context.Context, change func(*state) error) error {
	return c.update(ctx, func(s *state) error {
		if err := change(s); err != nil {
			return err
		}
		s.Cuts++
		if err := c.save(s); err != nil {
			return err
		}
		for i := range s.Nodes {
			if err := c.writeCuts(s, &s.Nodes[i]); err != nil {
				return err
			}
		}
		for i := range s.Nodes {
			if err := s.Nodes[i].tellCuts(); err != nil {
				return &ensemble.NodeError{Op: "change links of", ID: s.Nodes[i].ID, Err: err}
			}
		}
		for i := range s.Nodes {
			if running, stopped := s.Nodes[i].state(); !running || stopped {
				continue // the signal waits for it, or the file
			}
			if err := control.AwaitCuts(ctx, c.folder(s.Nodes[i].ID), s.Cuts); err != nil {
				return &ensemble.NodeError{Op: "change links of", ID: s.Nodes[i].ID, Err: err}
			}
		}
		return nil
	})
}

func (c *Cluster) writeCuts(s *state, n *node) error {
	peers := map[string]int{}
	for i := range s.Nodes {
		peers[s.Nodes[i].addr()] = s.Nodes[i].ID
		if addr := s.Nodes[i].broker(); addr != "" {
			peers[addr] = s.Nodes[i].ID
		}
	}
	return control.WriteCuts(c.folder(n.ID), control.Cuts{Seq: s.Cuts, In: n.In, Out: n.Out, Peers: peers})
}

// tellCuts has a node read its file again. One that has not come so far that it takes the signal would be ended by it, and
// has not read the file either.
func (n *node) tellCuts() error {
	if n.running() && !handles(n.Pid, control.Signal) {
		return nil
	}
	if err := n.signal(control.Signal); err != nil && !errors.Is(err, errGone) {
		return err
	}
	return nil
}
