package zab

import (
	"slices"
	"testing"
)

func TestGroup_ElectsSynchronisesCommits(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 7} {
		g := startGroup(t, size, 0)
		l := g.leader()
		if l.cfg.ID != ServerID(size) {
			t.Errorf("%d servers: the leader is %d", size, l.cfg.ID)
		}
		l.propose(100)
		g.run()
		for _, n := range g.nodes {
			if len(n.tree) != 100 || len(n.log) != 100 || n.tree[99].Zxid != 0x100000064 {
				t.Errorf("%d servers: server %d has applied %d, logged %d", size, n.cfg.ID, len(n.tree), len(n.log))
			}
			if n.disk.Accepted != 1 || n.disk.Current != 1 {
				t.Errorf("%d servers: server %d has epochs %+v", size, n.cfg.ID, n.disk)
			}
		}
	}
}

func TestGroup_Observers(t *testing.T) {
	g := startGroup(t, 3, 2)
	g.leader().propose(10)
	g.run()
	for _, n := range g.nodes[3:] {
		if n.role.State != Observing || len(n.tree) != 10 || len(n.log) != 10 {
			t.Errorf("server %d: %v, applied %d, logged %d", n.cfg.ID, n.role.State, len(n.tree), len(n.log))
		}
		acks := 0
		for _, o := range n.sent {
			if o.Packet.Type == Ack {
				acks++
			}
		}
		if acks != 2 {
			t.Errorf("server %d sent %d ACKs; an observer sends the two of its epoch", n.cfg.ID, acks)
		}
		if !slices.Contains(n.synced(), Inform) {
			t.Errorf("server %d got %v", n.cfg.ID, n.synced())
		}
	}
}
