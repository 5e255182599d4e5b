package group_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// sailor is a member in the storm: it does what clients do, and at times what they should not.
type sailor struct {
	s        *storm
	name     string
	group    string
	version  int16
	instance *string

	id         string
	generation int32
	joined     bool // it has been told of its generation, and not yet of anything against it
	leads      bool
	members    []kmsg.JoinGroupResponseMember
	protocol   *string
	assigned   string
	news       int // changes of what it says in JoinGroup

	waits string // what it waits for, or nothing
	since time.Time
	known bool // it waits with an id that the group has told it
	full  bool // there was no room

	partition    int32
	acked, tried int64
}

func (c *sailor) ticket(waits string) group.Ticket {
	c.s.tickets++
	c.s.asked[c.s.tickets] = c
	c.waits, c.since = waits, c.s.now
	return c.s.tickets
}

// act is the next thing it does.
func (c *sailor) act() {
	if c.waits != "" || c.full && !c.s.calm {
		return
	}
	c.full = false
	n := c.s.rng.IntN(100)
	switch {
	case c.s.calm:
		n = 50 + c.s.rng.IntN(50)
	case n < 3 && c.id != "":
		c.leave()
		return
	case n < 5: // started again: it forgets who it was
		c.forget()
		if c.instance == nil {
			c.id = ""
		}
		return
	case n < 8:
		c.news++
		c.joined = false
	}
	switch {
	case !c.joined:
		c.join()
	case c.assigned == "":
		c.sync()
	case n < 60:
		c.heartbeat()
	default:
		c.commit()
	}
	c.s.collect()
}

func (c *sailor) forget() { c.joined, c.assigned, c.leads = false, "", false }

func (c *sailor) join() {
	c.known = c.id != ""
	if c.instance != nil && c.s.rng.IntN(3) == 0 {
		c.id, c.known = "", false
	}
	c.forget()
	r := kmsg.NewPtrJoinGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.ProtocolType = c.version, c.group, c.id, c.instance, "consumer"
	r.SessionTimeoutMillis, r.RebalanceTimeoutMillis = 10_000, 20_000
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Topics, meta.UserData = []string{"t"}, []byte(fmt.Sprint(c.news))
	for _, p := range [][]string{{"range", "sticky"}, {"sticky", "range"}}[c.news%2] {
		r.Protocols = append(r.Protocols, kmsg.JoinGroupRequestProtocol{Name: p, Metadata: meta.AppendTo(nil)})
	}
	c.s.tell("%v %s join as %q", c.s.now.Sub(epoch), c.name, c.id)
	c.s.shard.JoinGroup(c.s.now, c.ticket("join"), group.Client{ID: c.name}, r)
}

// part is what the leader of a generation decides for a member: its own name in it.
func (c *sailor) part(generation int32, id string, instance *string) string {
	if instance != nil {
		id = *instance
	}
	return fmt.Sprintf("%s/%d/%s", c.group, generation, id)
}

func (c *sailor) sync() {
	r := kmsg.NewPtrSyncGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.Generation = 5, c.group, c.id, c.instance, c.generation
	r.ProtocolType, r.Protocol = kmsg.StringPtr("consumer"), c.protocol
	for _, m := range c.members {
		r.GroupAssignment = append(r.GroupAssignment, kmsg.SyncGroupRequestGroupAssignment{
			MemberID: m.MemberID, MemberAssignment: []byte(c.part(c.generation, m.MemberID, m.InstanceID))})
	}
	c.known = true
	c.s.tell("%v %s sync", c.s.now.Sub(epoch), c.name)
	c.s.shard.SyncGroup(c.s.now, c.ticket("sync"), r)
}

func (c *sailor) heartbeat() {
	r := kmsg.NewPtrHeartbeatRequest()
	r.Group, r.MemberID, r.InstanceID, r.Generation = c.group, c.id, c.instance, c.generation
	c.s.shard.Heartbeat(c.s.now, c.ticket("heartbeat"), r)
}

func (c *sailor) commit() {
	r := kmsg.NewPtrOffsetCommitRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.Generation = 8, c.group, c.id, c.instance, c.generation
	c.tried++
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = c.partition, c.tried
	r.Topics = append(r.Topics, kmsg.OffsetCommitRequestTopic{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{p}})
	c.s.tell("%v %s commits %d", c.s.now.Sub(epoch), c.name, c.tried)
	c.s.shard.OffsetCommit(c.s.now, c.ticket("commit"), r)
}

func (c *sailor) leave() {
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Version, r.Group = 5, c.group
	r.Members = []kmsg.LeaveGroupRequestMember{{MemberID: c.id, InstanceID: c.instance}}
	c.s.tell("%v %s leaves", c.s.now.Sub(epoch), c.name)
	c.s.shard.LeaveGroup(c.s.now, c.ticket("leave"), r)
	c.forget()
	c.id = ""
	c.s.collect()
}

func (c *sailor) hear(resp kmsg.Response) {
	waited := c.waits
	c.waits = ""
	c.checkOffset()
	switch r := resp.(type) {
	case *kmsg.JoinGroupResponse:
		c.s.tell("%v %s joins: %s, generation %d", c.s.now.Sub(epoch), c.name, kproto.Error(r.ErrorCode).Name(), r.Generation)
		c.hearJoin(r)
	case *kmsg.SyncGroupResponse:
		c.s.tell("%v %s syncs: %s %q", c.s.now.Sub(epoch), c.name, kproto.Error(r.ErrorCode).Name(), r.MemberAssignment)
		if r.ErrorCode != 0 {
			c.refused(waited, kproto.Error(r.ErrorCode))
			return
		}
		c.assigned = string(r.MemberAssignment)
		if want := c.part(c.generation, c.id, c.instance); c.assigned != want {
			// A static member keeps what it had in the generation before it was started again, also under another id.
			c.s.breaks("%s was assigned %q, the leader said %q", c.name, c.assigned, want)
		}
	case *kmsg.HeartbeatResponse:
		c.refused(waited, kproto.Error(r.ErrorCode))
	case *kmsg.OffsetCommitResponse:
		code := kproto.Error(r.Topics[0].Partitions[0].ErrorCode)
		if code == kproto.NoError {
			c.acked = c.tried
			c.checkOffset()
		}
		if code != kproto.RequestTimedOut && code != kproto.CoordinatorNotAvailable {
			c.refused(waited, code)
		}
	}
}

func (c *sailor) hearJoin(r *kmsg.JoinGroupResponse) {
	if code := kproto.Error(r.ErrorCode); code != kproto.NoError {
		if code == kproto.MemberIDRequired {
			c.id = r.MemberID
			return
		}
		c.refused("join", code)
		return
	}
	if r.MemberID == "" || c.id != "" && c.id != r.MemberID {
		c.s.breaks("%s joined as %q and is told that it is %q", c.name, c.id, r.MemberID)
	}
	c.joined, c.id, c.generation, c.protocol = true, r.MemberID, r.Generation, r.Protocol
	c.leads, c.members = r.LeaderID == r.MemberID, r.Members
	if r.SkipAssignment {
		c.members = nil
	}
	key := fmt.Sprintf("%s/%d", c.group, r.Generation)
	if p := c.s.protocols[key]; p != "" && p != *r.Protocol {
		c.s.breaks("%s has %s in generation %s, others have %s", c.name, *r.Protocol, key, p)
	}
	c.s.protocols[key] = *r.Protocol
	if leader := c.s.leaders[key]; leader != "" && leader != base(r.LeaderID) {
		c.s.breaks("%s hears of leader %s in generation %s, others of %s", c.name, r.LeaderID, key, leader)
	}
	c.s.leaders[key] = base(r.LeaderID)
	if !c.leads && len(r.Members) > 0 {
		c.s.breaks("%s does not lead and is told of the members", c.name)
	}
}

// base is the part of a member id that a static member keeps.
func base(id string) string {
	if name, _, static := strings.Cut(id, "-"); static && name[0] == 'i' {
		return name
	}
	return id
}

// refused does what a client does after an error. Who has waited for longer than its session may not have lost its place.
func (c *sailor) refused(waited string, code kproto.Error) {
	switch code {
	case kproto.NoError:
	case kproto.UnknownMemberID:
		if (waited == "join" || waited == "sync") && c.known && c.s.now.After(c.since) {
			c.s.breaks("%s was thrown out while it waited for %s since %v", c.name, waited, c.since.Sub(epoch))
		}
		c.forget()
		c.id = ""
	case kproto.FencedInstanceID:
		c.forget()
		c.id = "" // nobody else has its instance id: it was itself
	case kproto.GroupMaxSizeReached:
		c.forget()
		c.id, c.full = "", true
	case kproto.RebalanceInProgress, kproto.IllegalGeneration, kproto.InconsistentGroupProtocol, kproto.NotCoordinator,
		kproto.CoordinatorNotAvailable, kproto.RequestTimedOut:
		c.forget()
	default:
		c.s.breaks("%s: %s is told %s", c.name, waited, code.Name())
	}
}

// checkOffset looks at what it has committed.
func (c *sailor) checkOffset() {
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = c.group
	g.Topics = []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{c.partition}}}
	r := c.s.shard.OffsetFetch(&g)
	if r.ErrorCode != 0 {
		return
	}
	if at := r.Topics[0].Partitions[0].Offset; at < c.acked || at > c.tried {
		c.s.breaks("%s: offset %d, acknowledged was %d, tried %d", c.name, at, c.acked, c.tried)
	}
}
