package ensemble

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Cluster is an ensemble that runs, whatever its nodes are: servers inside this program
// ([Ensemble]) or processes (package process). A node has the number of its myid, from 1.
type Cluster interface {
	// ConnectString has every node's client address: host:port,host:port,…
	ConnectString() string
	// BootstrapServers has every broker's address in the same form; "" where there are none.
	BootstrapServers() string
	// Nodes lists the nodes by ascending number, those too that do not run.
	Nodes() ([]Node, error)
	// Kill ends a node as kill -9 does.
	Kill(ctx context.Context, id int) error
	// Pause stops a node where it stands, as SIGSTOP does; Resume lets it go on.
	Pause(ctx context.Context, id int) error
	Resume(ctx context.Context, id int) error
	// Restart starts a node again, and ends it in good order first if it runs. It returns
	// when the node serves, or, where there is no majority, when it answers. A node that has a
	// majority near, and from which the leader is cut off, is given some seconds.
	Restart(ctx context.Context, id int) error
	// Partition cuts links between nodes, in addition to those that are cut already. A node
	// that is killed and restarted stays cut.
	Partition(ctx context.Context, p Partition) error
	// Heal mends all links.
	Heal(ctx context.Context) error
}

// Node is what is known of a node without asking it.
type Node struct {
	ID       int
	Observer bool
	State    State
	Addr     string // of its client port
	Broker   string // address of its Kafka broker, "" where it has none
	Pid      int    // 0 of a node that does not run
	Epoch    int64  // that it has taken part in last, by its disk; 0 of one that never has
	// In and Out are the nodes that nothing comes from, and nothing gets to.
	In, Out []int
}

// State is what a node's process does.
type State int

const (
	Down State = iota
	Running
	Paused
)

var stateNames = [...]string{"down", "running", "paused"}

func (s State) String() string { return stateNames[s] }

// Reasons of an error about a node.
var (
	ErrNoNode     = errors.New("no such node")
	ErrNotRunning = errors.New("it is not running")
)

// NodeError is a failure that concerns one node.
type NodeError struct {
	Op  string // kill, start, …
	ID  int
	Err error
}

func (e *NodeError) Error() string {
	return strings.TrimLeft(e.Op+" node "+strconv.Itoa(e.ID)+": "+e.Err.Error(), " ")
}

// Reason is the error without the operation, for who has named that already.
func (e *NodeError) Reason() string { return (&NodeError{ID: e.ID, Err: e.Err}).Error() }

func (e *NodeError) Unwrap() error { return e.Err }

// Partition cuts every link between nodes of different groups. Nodes in no group keep all
// of their links.
type Partition struct {
	Groups [][]int
	// OneWay cuts one direction only: what a group sends to the groups behind it is held back.
	OneWay bool
}

// check refuses groups that are none, or have nodes that are not there.
func (p Partition) check(nodes []int) error {
	if len(p.Groups) < 2 {
		return errors.New("a partition has two groups or more")
	}
	seen := map[int]bool{}
	for _, id := range slices.Concat(p.Groups...) {
		switch {
		case !slices.Contains(nodes, id):
			return &NodeError{ID: id, Err: fmt.Errorf("%w: they are 1 to %d", ErrNoNode, len(nodes))}
		case seen[id]:
			return fmt.Errorf("node %d is in two groups", id)
		}
		seen[id] = true
	}
	return nil
}

// Apply adds a partition's cuts to nodes.
func (p Partition) Apply(nodes []Node) error {
	ids := make([]int, len(nodes))
	byID := map[int]*Node{}
	for i := range nodes {
		ids[i], byID[nodes[i].ID] = nodes[i].ID, &nodes[i]
	}
	if err := p.check(ids); err != nil {
		return err
	}
	for i, from := range p.Groups {
		for j, to := range p.Groups {
			if i == j || p.OneWay && i > j {
				continue
			}
			for _, f := range from {
				for _, t := range to {
					byID[f].Out = insert(byID[f].Out, t)
					byID[t].In = insert(byID[t].In, f)
				}
			}
		}
	}
	return nil
}

// insert returns the ascending list with n in it. The list that it is given stays as it is.
func insert(list []int, n int) []int {
	at, found := slices.BinarySearch(list, n)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), at, n)
}
