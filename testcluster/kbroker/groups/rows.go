package groups

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/group"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Rows are the APIs that the coordinator answers. Above the versions of Kafka 2.7 are OffsetFetch 8 and FindCoordinator 4
// (several groups in one request), LeaveGroup 5 and JoinGroup 8 (reasons) and JoinGroup 9 (skip assignment).
func (c *Coordinator) Rows() []wire.Row {
	row := func(key kmsg.Key, last int16, handle func(*wire.Request)) wire.Row {
		return wire.Row{Key: int16(key), Max: last, Handle: handle}
	}
	return []wire.Row{
		row(kmsg.OffsetCommit, 8, c.offsetCommit),
		row(kmsg.OffsetFetch, 8, c.offsetFetch),
		row(kmsg.FindCoordinator, 4, c.findCoordinator),
		row(kmsg.JoinGroup, 9, c.joinGroup),
		row(kmsg.Heartbeat, 4, c.heartbeat),
		row(kmsg.LeaveGroup, 5, c.leaveGroup),
		row(kmsg.SyncGroup, 5, c.syncGroup),
		row(kmsg.DescribeGroups, 5, c.describeGroups),
		row(kmsg.ListGroups, 4, c.listGroups),
		row(kmsg.DeleteGroups, 2, c.deleteGroups),
		row(kmsg.OffsetDelete, 0, c.offsetDelete),
	}
}

func (c *Coordinator) joinGroup(r *wire.Request) {
	req := kmsg.NewPtrJoinGroupRequest()
	if r.Decode(req) != nil {
		return
	}
	// The answer may take minutes, and the shard keeps what it needs.
	r.Body = nil
	from := group.Client{ID: r.ClientID, Host: "/" + r.RemoteHost} // as Java writes an address
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.JoinGroup(now, t, from, req) })
}

func (c *Coordinator) syncGroup(r *wire.Request) {
	req := kmsg.NewPtrSyncGroupRequest()
	if r.Decode(req) != nil {
		return
	}
	// The answer may take minutes, and the shard keeps what it needs.
	r.Body = nil
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.SyncGroup(now, t, req) })
}

func (c *Coordinator) heartbeat(r *wire.Request) {
	req := kmsg.NewPtrHeartbeatRequest()
	if r.Decode(req) != nil {
		return
	}
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.Heartbeat(now, t, req) })
}

func (c *Coordinator) leaveGroup(r *wire.Request) {
	req := kmsg.NewPtrLeaveGroupRequest()
	if r.Decode(req) != nil {
		return
	}
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.LeaveGroup(now, t, req) })
}

func (c *Coordinator) offsetCommit(r *wire.Request) {
	req := kmsg.NewPtrOffsetCommitRequest()
	if r.Decode(req) != nil {
		return
	}
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.OffsetCommit(now, t, req) })
}

func (c *Coordinator) offsetDelete(r *wire.Request) {
	req := kmsg.NewPtrOffsetDeleteRequest()
	if r.Decode(req) != nil {
		return
	}
	c.termOf(req.Group).ask(r.Reply, func(now time.Time, t group.Ticket, s *group.Shard) { s.OffsetDelete(now, t, req) })
}
