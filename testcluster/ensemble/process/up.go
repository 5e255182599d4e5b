package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// Options say what to start.
type Options struct {
	// Dir is the folder. It is made where it is missing.
	Dir string
	// Binary is the zoka program; "" is the program that runs.
	Binary string
	// Nodes vote, 3 for 0; Observers do not. Of a folder that has an ensemble 0 and 0 are what
	// it has, and others must agree with that.
	Nodes, Observers int
	// Brokers gives each node a Kafka broker too. A node that has one keeps it.
	Brokers bool
	// BasePort is the first node's client port; 0 is free ports, chosen once.
	BasePort int
	// TickTime goes into a new zoo.cfg; 0 is 500 ms. Settings are further lines of it.
	TickTime time.Duration
	Settings []string
	// BrokerSettings are further lines of a new server.properties.
	BrokerSettings []string
}

// MaxNodes bounds an ensemble of one machine.
const MaxNodes = 99

var (
	// ErrForeign: the folder has other things in it.
	ErrForeign = errors.New("the folder is not empty, and has no ensemble in it")
	// ErrRunning: what was asked for needs an ensemble that is down.
	ErrRunning = errors.New("the ensemble runs")
)

// Size is how many servers an ensemble has.
type Size struct{ Voters, Observers int }

func (s Size) String() string {
	return fmt.Sprintf("%d with a vote, %d without", s.Voters, s.Observers)
}

// MismatchError tells of a folder that has another ensemble than was asked for.
type MismatchError struct{ Has, Wanted Size }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("its servers are %v; wanted are %v", e.Has, e.Wanted)
}

// Started is what Up has found and done.
type Started struct {
	// Before ran already. New were started.
	Before, New []int
	at          time.Time
	reserved    []*ensemble.Reservation
}

// Up starts those nodes of an ensemble that do not run, and waits until all serve: a session
// has been opened, which is a write. An ensemble of which only some nodes could be started
// serves, and the error is a *[PartialError]: nodes that have ended, are paused or cut off.
// One that could serve and does not is a *[NotServingError]. After any error but the first
// what was started is stopped again.
func Up(ctx context.Context, o Options) (*Cluster, Started, error) {
	c, err := at(o.Dir)
	if err != nil {
		return nil, Started{}, err
	}
	c.binary = o.Binary
	started, err := c.begin(ctx, &o, false)
	if err == nil {
		defer release(started.reserved)
		err = c.settle(ctx, started)
	}
	var partial *PartialError
	if err != nil && !errors.As(err, &partial) {
		err = fmt.Errorf("start an ensemble in %s: %w", o.Dir, err)
	}
	return c, started, err
}

// begin starts the nodes and does not wait for them.
func (c *Cluster) begin(ctx context.Context, o *Options, temporary bool) (started Started, err error) {
	if err := c.claim(); err != nil {
		return started, err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return started, err
	}
	defer unlock()
	s, err := c.load()
	if errors.Is(err, ErrNone) {
		made := c.missing()
		defer func() {
			if err != nil {
				err = errors.Join(err, c.undo(made))
			}
		}()
		s, err = newState(o, temporary)
	} else if err == nil {
		err = s.agree(o)
	}
	if s != nil {
		defer func() {
			if started.reserved = s.reserved; err != nil {
				release(started.reserved)
			}
		}()
	}
	if err != nil {
		return started, err
	}
	var missing []*node
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Starting { // who was starting it has died
			if err := c.stop(ctx, []*node{n}, syscall.SIGKILL); err != nil {
				return started, err
			}
		}
		if n.running() {
			started.Before = append(started.Before, n.ID)
			continue
		}
		c.forget(n)
		missing = append(missing, n)
		started.New = append(started.New, n.ID)
	}
	if o.Brokers {
		if err := s.assignBrokers(missing); err != nil {
			return started, err
		}
	}
	if err := checkPorts(missing); err != nil { // before anything is written
		return started, err
	}
	for _, n := range missing {
		if err := c.writeConfig(s, n, o); err != nil {
			return started, err
		}
	}
	started.at = time.Now()
	return started, c.start(s, missing)
}

// missing are the folders of nodes that are not there.
func (c *Cluster) missing() (folders []string) {
	for id := 1; id <= MaxNodes; id++ {
		if _, err := os.Lstat(c.folder(id)); errors.Is(err, fs.ErrNotExist) {
			folders = append(folders, c.folder(id))
		}
	}
	return folders
}

// undo removes what a first start has made that has come to no ensemble.
func (c *Cluster) undo(made []string) error {
	if _, err := c.load(); !errors.Is(err, ErrNone) {
		return nil // it has come to one, of which processes may run
	}
	var errs []error
	for _, folder := range made {
		errs = append(errs, os.RemoveAll(folder))
	}
	return errors.Join(append(errs, os.Remove(c.file("cluster.lock")))...)
}

// claim makes the folder, and sees that there is nothing foreign in it.
func (c *Cluster) claim() error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		switch f.Name() {
		case "cluster.json", "cluster.lock", "owner.lock":
			return nil
		}
	}
	if len(files) > 0 {
		return ErrForeign
	}
	return nil
}

func newState(o *Options, temporary bool) (*state, error) {
	voters := o.Nodes
	if voters == 0 {
		voters = 3
	}
	if voters < 1 || o.Observers < 0 || voters+o.Observers > MaxNodes {
		return nil, fmt.Errorf("%d nodes and %d observers: there may be 1 to %d in all", voters, o.Observers, MaxNodes)
	}
	s := &state{Version: stateVersion, Temporary: temporary, fresh: true}
	for id := 1; id <= voters+o.Observers; id++ {
		s.Nodes = append(s.Nodes, node{ID: id, Observer: id > voters})
	}
	return s, s.assign(o.BasePort, o.Brokers)
}

// agree compares an ensemble with what is wanted. Ports can be changed while it is down.
func (s *state) agree(o *Options) error {
	voters := 0
	for _, n := range s.Nodes {
		if !n.Observer {
			voters++
		}
	}
	observers := len(s.Nodes) - voters
	if o.Nodes != 0 && o.Nodes != voters || o.Observers != 0 && o.Observers != observers {
		return &MismatchError{Size{voters, observers}, Size{cmp.Or(o.Nodes, voters), cmp.Or(o.Observers, observers)}}
	}
	if o.BasePort == 0 || o.BasePort == s.Nodes[0].Client {
		return nil
	}
	for i := range s.Nodes {
		if s.Nodes[i].running() {
			return fmt.Errorf("other ports: %w", ErrRunning)
		}
	}
	return s.assign(o.BasePort, s.bootstrap() != "")
}

// Temporary is an ensemble that lives as long as this process at most.
type Temporary struct {
	*Cluster
	owner *os.File // locked
}

// Start starts an ensemble in a folder that is made for it, and waits until it serves. Its
// nodes and its folder go with Close, or with the end of this process, whatever ends it.
func Start(ctx context.Context, o Options) (*Temporary, error) {
	dir, err := os.MkdirTemp(o.Dir, "zoka-cluster-")
	if err != nil {
		return nil, err
	}
	t := &Temporary{}
	if t.Cluster, err = at(dir); err == nil {
		t.binary = o.Binary
		t.owner, err = os.OpenFile(t.ownerFile(), os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err == nil {
		err = unix.Flock(int(t.owner.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	var started Started
	if err == nil {
		started, err = t.begin(ctx, &o, true)
	}
	if err == nil {
		defer release(started.reserved)
		err = t.settle(ctx, started)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a temporary ensemble: %w", err), t.Close())
	}
	return t, nil
}

// Close ends the nodes and removes the folder.
func (t *Temporary) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*stopPatience)
	defer cancel()
	_, err := t.Down(ctx)
	if errors.Is(err, ErrNone) { // it did not come to that, or somebody was quicker
		err = nil
	}
	err = errors.Join(err, os.RemoveAll(t.dir))
	if t.owner != nil {
		err = errors.Join(err, t.owner.Close())
	}
	return err
}
