package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// state is the content of cluster.json.
type state struct {
	// Version of the file's form.
	Version int `json:"version"`
	// Temporary: the ensemble goes with the process that holds owner.lock.
	Temporary bool `json:"temporary,omitempty"`
	// Dir is the folder that this was written in. In another, which is a copy, the processes
	// are not ours.
	Dir   string `json:"dir,omitempty"`
	Cuts  int64  `json:"cuts"` // counts the changes of cuts
	Nodes []node `json:"nodes"`

	fresh    bool                    // it comes of no file
	reserved []*ensemble.Reservation // ports that no node listens on yet
}

// node is one node in cluster.json.
type node struct {
	ID       int   `json:"id"`
	Observer bool  `json:"observer,omitempty"`
	Client   int   `json:"clientPort"`
	Quorum   int   `json:"quorumPort"`
	Election int   `json:"electionPort"`
	Broker   int   `json:"brokerPort,omitempty"` // 0: the node has no broker
	In       []int `json:"cutIn,omitempty"`
	Out      []int `json:"cutOut,omitempty"`
	// Starting: its process may wait for a word to go that never comes.
	Starting bool `json:"starting,omitempty"`
	identity
}

// broker is the address of the node's broker, "" where it has none.
func (n *node) broker() string {
	if n.Broker == 0 {
		return ""
	}
	return "127.0.0.1:" + strconv.Itoa(n.Broker)
}

func (n *node) addr() string { return "127.0.0.1:" + strconv.Itoa(n.Client) }

const stateVersion = 1

func (c *Cluster) file(elements ...string) string {
	return filepath.Join(append([]string{c.dir}, elements...)...)
}

func folderName(id int) string { return "node" + strconv.Itoa(id) }

func (c *Cluster) folder(id int) string { return c.file(folderName(id)) }

// load reads cluster.json. The error wraps [ErrNone] where there is none.
func (c *Cluster) load() (*state, error) {
	b, err := os.ReadFile(c.file("cluster.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", c.dir, ErrNone)
	}
	s := &state{}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	if err == nil && (s.Version != stateVersion || len(s.Nodes) == 0) {
		err = fmt.Errorf("version %d with %d nodes is not known", s.Version, len(s.Nodes))
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.file("cluster.json"), err)
	}
	if c.copied(s) {
		for i := range s.Nodes {
			s.Nodes[i].identity, s.Nodes[i].Starting = identity{}, false
		}
	}
	return s, nil
}

// copied tells whether the folder that the state was written in is another, which is still
// there. A folder that has been moved keeps its processes.
func (c *Cluster) copied(s *state) bool {
	if s.Dir == "" || s.Dir == c.dir {
		return false
	}
	first, err := os.Stat(s.Dir)
	if err != nil {
		return false
	}
	here, err := os.Stat(c.dir)
	return err == nil && !os.SameFile(first, here)
}

func (c *Cluster) save(s *state) error {
	s.Dir = c.dir
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return replace(c.file("cluster.json"), append(b, '\n'))
}

// update changes cluster.json while nobody else does. What change has done is kept also when
// it fails half way.
func (c *Cluster) update(ctx context.Context, change func(*state) error) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := c.load()
	if err != nil {
		return err
	}
	err = change(s)
	if saveErr := c.save(s); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	return err
}

// updateNode is update of one node.
func (c *Cluster) updateNode(ctx context.Context, op string, id int, change func(*state, *node) error) error {
	return c.update(ctx, func(s *state) error {
		n := s.node(id)
		if n == nil {
			return &ensemble.NodeError{Op: op, ID: id, Err: s.noNode()}
		}
		if err := change(s, n); err != nil {
			return &ensemble.NodeError{Op: op, ID: id, Err: err}
		}
		return nil
	})
}

func (s *state) node(id int) *node {
	for i := range s.Nodes {
		if s.Nodes[i].ID == id {
			return &s.Nodes[i]
		}
	}
	return nil
}

func (s *state) noNode() error {
	return fmt.Errorf("%w: they are 1 to %d", ensemble.ErrNoNode, len(s.Nodes))
}

// lock waits for the right to change the ensemble. The system takes it back from a process
// that ends.
func (c *Cluster) lock(ctx context.Context) (unlock func(), err error) {
	path := c.file("cluster.lock")
	for {
		f, err := c.lockFile(ctx, path)
		if err != nil {
			return nil, err
		}
		// Who held it may have removed it: then others have another one.
		locked, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if now, err := os.Stat(path); err == nil && os.SameFile(locked, now) {
			return func() { _ = f.Close() }, nil
		}
		_ = f.Close() // it was no use
	}
}

func (c *Cluster) lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", c.dir, ErrNone)
	}
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s is at work in %s: %w", "another zoka", c.dir, ctx.Err()), f.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
