package ensemble

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Status is what a node tells of itself.
type Status struct {
	Node
	// Role is leader, follower, observer or standalone, as the node says; looking while it
	// has no leader; paused, or down, where it cannot say; silent where it does not.
	Role string
	// What follows is known of a node that serves.
	Zxid     zkproto.Zxid
	Sessions int // that are connected to it
	Znodes   int64
	Latency  float64 // average of its requests, in milliseconds
}

// Serving tells that the node serves clients.
func (s Status) Serving() bool {
	switch s.Role {
	case "leader", "follower", "observer", "standalone":
		return true
	}
	return false
}

// statusPatience is how long a node may take for its answer.
const statusPatience = time.Second

// Ask asks all nodes of a cluster at the same time, by four-letter words.
func Ask(ctx context.Context, c Cluster) ([]Status, error) {
	nodes, err := c.Nodes()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	all := make([]Status, len(nodes))
	var asked sync.WaitGroup
	for i, n := range nodes {
		all[i] = Status{Node: n, Role: n.State.String()}
		if n.State == Running {
			asked.Go(func() { all[i].ask(ctx) })
		}
	}
	asked.Wait()
	return all, nil
}

func (s *Status) ask(ctx context.Context) {
	info, err := flw.Srvr(ctx, s.Addr, nil)
	switch {
	case errors.Is(err, flw.ErrNotServing):
		s.Role = "looking"
		return
	case err != nil:
		s.Role = "silent"
		return
	}
	s.Role, s.Zxid = info.Mode, info.Zxid
	s.Znodes, s.Latency = info.NodeCount, info.LatencyAvg
	conns, err := flw.Cons(ctx, s.Addr, nil)
	if err != nil {
		return // it has just stopped serving: what it has said before may stand
	}
	for _, c := range conns {
		if c.Session != 0 {
			s.Sessions++
		}
	}
}
