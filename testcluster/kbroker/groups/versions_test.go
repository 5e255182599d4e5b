package groups_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// life is the life of a group whose clients speak one level of the protocol: of each API that version, or the newest.
type life struct {
	*link
	level      int16
	group      string
	id         string
	generation int32
}

func (l *life) v(newest int16) int16 { return min(l.level, newest) }

// TestEveryVersion has a member go through everything, in every version of every API.
func TestEveryVersion(t *testing.T) {
	s := serve(t, config(), partitions)
	for level := int16(0); level <= 9; level++ {
		t.Run(fmt.Sprint(level), func(t *testing.T) {
			l := &life{link: s.dial(t), level: level, group: fmt.Sprintf("group-%d", level)}
			l.find()
			l.join()
			l.sync()
			l.commit()
			l.fetch()
			l.describe()
			l.list()
			l.leave()
			l.remove()
		})
	}
}

func (l *life) find() {
	req, v := kmsg.NewPtrFindCoordinatorRequest(), l.v(4)
	req.CoordinatorKey, req.CoordinatorKeys = l.group, []string{l.group, "another"}
	r := ask(l.link, req, kmsg.NewPtrFindCoordinatorResponse(), v)
	if v < 4 {
		r.Coordinators = []kmsg.FindCoordinatorResponseCoordinator{{NodeID: r.NodeID, Host: r.Host, Port: r.Port, ErrorCode: r.ErrorCode}}
	} else if len(r.Coordinators) != 2 || r.Coordinators[0].Key != l.group {
		l.t.Fatalf("%+v", r.Coordinators)
	}
	c := r.Coordinators[0]
	wantCode(l.t, "FindCoordinator", c.ErrorCode, kproto.NoError)
	if got := fmt.Sprintf("%d %s:%d", c.NodeID, c.Host, c.Port); got != "1 "+l.nc.RemoteAddr().String() {
		l.t.Fatalf("the coordinator is %s", got)
	}
	req.CoordinatorType = 1
	if v >= 1 {
		r := ask(l.link, req, kmsg.NewPtrFindCoordinatorResponse(), v)
		if v >= 4 {
			r.ErrorCode = r.Coordinators[0].ErrorCode
		}
		wantCode(l.t, "a transaction's", r.ErrorCode, kproto.NoError)
	}
}

func (l *life) join() {
	req, v := kmsg.NewPtrJoinGroupRequest(), l.v(9)
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = l.group, "consumer", 10_000, 10_000
	req.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte("of mine")}}
	if v >= 4 {
		r := ask(l.link, req, kmsg.NewPtrJoinGroupResponse(), v)
		wantCode(l.t, "JoinGroup", r.ErrorCode, kproto.MemberIDRequired)
		req.MemberID = r.MemberID
	}
	r := ask(l.link, req, kmsg.NewPtrJoinGroupResponse(), v)
	wantCode(l.t, "JoinGroup", r.ErrorCode, kproto.NoError)
	if r.MemberID == "" || r.LeaderID != r.MemberID || r.Generation != 1 || *r.Protocol != "range" || len(r.Members) != 1 ||
		string(r.Members[0].ProtocolMetadata) != "of mine" {
		l.t.Fatalf("%+v", r)
	}
	l.id, l.generation = r.MemberID, r.Generation
}

func (l *life) sync() {
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.Generation = l.group, l.id, l.generation
	req.ProtocolType, req.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	req.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: l.id, MemberAssignment: []byte("all")}}
	r := ask(l.link, req, kmsg.NewPtrSyncGroupResponse(), l.v(5))
	wantCode(l.t, "SyncGroup", r.ErrorCode, kproto.NoError)
	if string(r.MemberAssignment) != "all" {
		l.t.Fatalf("%+v", r)
	}
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID, beat.Generation = l.group, l.id, l.generation
	wantCode(l.t, "Heartbeat", ask(l.link, beat, kmsg.NewPtrHeartbeatResponse(), l.v(4)).ErrorCode, kproto.NoError)
}

func (l *life) commit() {
	req, v := kmsg.NewPtrOffsetCommitRequest(), l.v(8)
	req.Group, req.MemberID, req.Generation, req.RetentionTimeMillis = l.group, l.id, l.generation, -1
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset, p.LeaderEpoch, p.Timestamp, p.Metadata = 2, 42, 5, -1, kmsg.StringPtr("a note")
	unknown := p
	unknown.Partition = 99
	req.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{p, unknown}}}
	r := ask(l.link, req, kmsg.NewPtrOffsetCommitResponse(), v)
	want := kproto.NoError
	if v == 0 {
		want = kproto.UnknownMemberID // it says nothing of a member, and the group has one
	}
	wantCode(l.t, "OffsetCommit", r.Topics[0].Partitions[0].ErrorCode, want)
	if v == 0 {
		wantCode(l.t, "OffsetCommit", ask(l.link, req, kmsg.NewPtrOffsetCommitResponse(), 1).Topics[0].Partitions[0].ErrorCode, kproto.NoError)
	} else {
		wantCode(l.t, "of no partition", r.Topics[0].Partitions[1].ErrorCode, kproto.UnknownTopicOrPartition)
	}
}

func (l *life) fetch() {
	v := l.v(8)
	fetch := func(all bool) []kmsg.OffsetFetchResponseTopic {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.Group = l.group
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = l.group
		if !all {
			req.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{2, 3}}}
			g.Topics = []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{2, 3}}}
		}
		req.Groups = []kmsg.OffsetFetchRequestGroup{g}
		r := ask(l.link, req, kmsg.NewPtrOffsetFetchResponse(), v)
		if v == 8 {
			r.ErrorCode = r.Groups[0].ErrorCode
			for _, t := range r.Groups[0].Topics {
				rt := kmsg.OffsetFetchResponseTopic{Topic: t.Topic}
				for _, p := range t.Partitions {
					rt.Partitions = append(rt.Partitions, kmsg.OffsetFetchResponseTopicPartition(p))
				}
				r.Topics = append(r.Topics, rt)
			}
		}
		wantCode(l.t, "OffsetFetch", r.ErrorCode, kproto.NoError)
		return r.Topics
	}
	got := fetch(false)
	if len(got) != 1 || len(got[0].Partitions) != 2 {
		l.t.Fatalf("%+v", got)
	}
	p, none := got[0].Partitions[0], got[0].Partitions[1]
	if p.Partition != 2 || p.Offset != 42 || *p.Metadata != "a note" || v >= 6 && p.LeaderEpoch != 5 {
		l.t.Fatalf("%+v", p)
	}
	if none.Partition != 3 || none.Offset != -1 || none.ErrorCode != 0 || *none.Metadata != "" {
		l.t.Fatalf("of no offset: %+v", none)
	}
	if v >= 2 {
		if got := fetch(true); len(got) != 1 || len(got[0].Partitions) != 1 {
			l.t.Fatalf("of all: %+v", got)
		}
	}
}

func (l *life) describe() {
	req, v := kmsg.NewPtrDescribeGroupsRequest(), l.v(5)
	req.Groups, req.IncludeAuthorizedOperations = []string{l.group, "nothing"}, true
	r := ask(l.link, req, kmsg.NewPtrDescribeGroupsResponse(), v)
	g := r.Groups[0]
	if g.State != "Stable" || g.ProtocolType != "consumer" || g.Protocol != "range" || len(g.Members) != 1 ||
		g.Members[0].MemberID != l.id || g.Members[0].ClientHost != "/127.0.0.1" || g.Members[0].ClientID != "tester" ||
		string(g.Members[0].MemberAssignment) != "all" || v >= 3 && g.AuthorizedOperations != 328 {
		l.t.Fatalf("%+v", g)
	}
	if r.Groups[1].State != "Dead" || r.Groups[1].ErrorCode != 0 {
		l.t.Fatalf("%+v", r.Groups[1])
	}
}

func (l *life) list() {
	req, v := kmsg.NewPtrListGroupsRequest(), l.v(4)
	req.StatesFilter = []string{"Stable"}
	r := ask(l.link, req, kmsg.NewPtrListGroupsResponse(), v)
	wantCode(l.t, "ListGroups", r.ErrorCode, kproto.NoError)
	for _, g := range r.Groups {
		if g.Group == l.group && g.ProtocolType == "consumer" && (v < 4 || g.GroupState == "Stable") {
			return
		}
	}
	l.t.Fatalf("%+v", r.Groups)
}

func (l *life) leave() {
	req, v := kmsg.NewPtrLeaveGroupRequest(), l.v(5)
	req.Group, req.MemberID = l.group, l.id
	req.Members = []kmsg.LeaveGroupRequestMember{{MemberID: l.id}, {MemberID: "stranger"}}
	r := ask(l.link, req, kmsg.NewPtrLeaveGroupResponse(), v)
	wantCode(l.t, "LeaveGroup", r.ErrorCode, kproto.NoError)
	if v >= 3 {
		wantCode(l.t, "who leaves", r.Members[0].ErrorCode, kproto.NoError)
		wantCode(l.t, "a stranger", r.Members[1].ErrorCode, kproto.UnknownMemberID)
	}
}

func (l *life) remove() {
	del := kmsg.NewPtrOffsetDeleteRequest()
	del.Group = "nothing"
	wantCode(l.t, "OffsetDelete", ask(l.link, del, kmsg.NewPtrOffsetDeleteResponse(), 0).ErrorCode, kproto.GroupIDNotFound)
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{"nothing", l.group}
	r := ask(l.link, req, kmsg.NewPtrDeleteGroupsResponse(), l.v(2))
	wantCode(l.t, "nothing", r.Groups[0].ErrorCode, kproto.GroupIDNotFound)
	wantCode(l.t, l.group, r.Groups[1].ErrorCode, kproto.NoError)
}
