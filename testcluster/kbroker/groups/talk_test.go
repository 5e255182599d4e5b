package groups_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// show puts a response into one line, every field of it but the time a client is asked to wait, which is 0.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func partitionAt(p int32, offset int64, metadata string) kmsg.OffsetCommitRequestTopicPartition {
	r := kmsg.NewOffsetCommitRequestTopicPartition()
	r.Partition, r.Offset, r.Metadata, r.LeaderEpoch, r.Timestamp = p, offset, &metadata, 3, -1
	return r
}

func commits(group string, parts ...kmsg.OffsetCommitRequestTopicPartition) *kmsg.OffsetCommitRequest {
	r := kmsg.NewPtrOffsetCommitRequest()
	r.Group, r.RetentionTimeMillis = group, -1
	r.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: parts}}
	return r
}

func (k *talk) fetches(l *link, what, group string, version int16, topics ...kmsg.OffsetFetchRequestTopic) {
	r := kmsg.NewPtrOffsetFetchRequest()
	r.Group, r.Topics = group, topics
	resp := ask(l, r, kmsg.NewPtrOffsetFetchResponse(), version)
	for _, t := range resp.Topics { // Kafka's are in the order of a hash table
		slices.SortFunc(t.Partitions, func(a, b kmsg.OffsetFetchResponseTopicPartition) int { return int(a.Partition - b.Partition) })
	}
	slices.SortFunc(resp.Topics, func(a, b kmsg.OffsetFetchResponseTopic) int { return strings.Compare(a.Topic, b.Topic) })
	k.say(what, resp)
}

func (k *talk) describes(l *link, what string, groups ...string) {
	r := kmsg.NewPtrDescribeGroupsRequest()
	r.Groups, r.IncludeAuthorizedOperations = groups, true
	resp := ask(l, r, kmsg.NewPtrDescribeGroupsResponse(), 5)
	for _, g := range resp.Groups {
		slices.SortFunc(g.Members, func(a, b kmsg.DescribeGroupsResponseGroupMember) int {
			return strings.Compare(k.order(a.MemberID), k.order(b.MemberID))
		})
	}
	k.say(what, resp)
}

// lonely is a member that does everything wrong, and then everything right.
func (k *talk) lonely() {
	l := k.dial()
	join := joinOld("lonely", 10_000)
	with := func(change func(r *kmsg.JoinGroupRequest), version int16) *kmsg.JoinGroupResponse {
		r := *join
		change(&r)
		return ask(l, &r, kmsg.NewPtrJoinGroupResponse(), version)
	}
	k.say("no group name", with(func(r *kmsg.JoinGroupRequest) { r.Group = "" }, 7))
	k.say("short session", with(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 999 }, 7))
	k.say("long session", with(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 1_800_001 }, 7))
	k.say("stale id", with(func(r *kmsg.JoinGroupRequest) { r.MemberID = "stale" }, 7))
	k.say("no protocols", with(func(r *kmsg.JoinGroupRequest) { r.Protocols = nil }, 7))
	k.say("no protocol type", with(func(r *kmsg.JoinGroupRequest) { r.ProtocolType = "" }, 7))
	k.say("no protocols, of old", with(func(r *kmsg.JoinGroupRequest) { r.Protocols = nil }, 0))
	first := with(func(r *kmsg.JoinGroupRequest) {}, 7)
	k.say("a new member", first)
	join.MemberID = first.MemberID
	second := with(func(r *kmsg.JoinGroupRequest) {}, 7)
	k.say("comes back", second)
	k.say("once more", with(func(r *kmsg.JoinGroupRequest) {}, 7))
	k.say("with an instance", with(func(r *kmsg.JoinGroupRequest) { r.InstanceID = kmsg.StringPtr("stranger") }, 7))
	k.describes(l, "before its assignment", "lonely")

	sync := func(change func(r *kmsg.SyncGroupRequest), version int16) *kmsg.SyncGroupResponse {
		r := kmsg.NewPtrSyncGroupRequest()
		r.Group, r.MemberID, r.Generation = "lonely", second.MemberID, second.Generation
		r.ProtocolType, r.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
		r.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: second.MemberID, MemberAssignment: []byte("all")}}
		change(r)
		return ask(l, r, kmsg.NewPtrSyncGroupResponse(), version)
	}
	k.say("sync without a name", sync(func(r *kmsg.SyncGroupRequest) { r.Group = "" }, 5))
	k.say("sync of another group", sync(func(r *kmsg.SyncGroupRequest) { r.Group = "another" }, 5))
	k.say("sync of a stranger", sync(func(r *kmsg.SyncGroupRequest) { r.MemberID = "stranger" }, 5))
	k.say("sync of another generation", sync(func(r *kmsg.SyncGroupRequest) { r.Generation++ }, 5))
	k.say("sync with another protocol", sync(func(r *kmsg.SyncGroupRequest) { r.Protocol = kmsg.StringPtr("x") }, 5))
	k.say("sync with another type", sync(func(r *kmsg.SyncGroupRequest) { r.ProtocolType = kmsg.StringPtr("x") }, 5))
	k.say("sync without a protocol", sync(func(r *kmsg.SyncGroupRequest) { r.Protocol = nil }, 5))
	commit := commits("lonely", partitionAt(0, 1, ""))
	commit.MemberID, commit.Generation = second.MemberID, second.Generation
	k.say("a commit too early", ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	k.say("sync", sync(func(r *kmsg.SyncGroupRequest) {}, 5))
	k.say("sync again", sync(func(r *kmsg.SyncGroupRequest) {}, 3))
	k.describes(l, "described", "lonely")

	beat := func(change func(r *kmsg.HeartbeatRequest)) *kmsg.HeartbeatResponse {
		r := kmsg.NewPtrHeartbeatRequest()
		r.Group, r.MemberID, r.Generation = "lonely", second.MemberID, second.Generation
		change(r)
		return ask(l, r, kmsg.NewPtrHeartbeatResponse(), 4)
	}
	k.say("heartbeat", beat(func(r *kmsg.HeartbeatRequest) {}))
	k.say("heartbeat without a name", beat(func(r *kmsg.HeartbeatRequest) { r.Group = "" }))
	k.say("heartbeat of another group", beat(func(r *kmsg.HeartbeatRequest) { r.Group = "another" }))
	k.say("heartbeat of a stranger", beat(func(r *kmsg.HeartbeatRequest) { r.MemberID = "stranger" }))
	k.say("heartbeat of the past", beat(func(r *kmsg.HeartbeatRequest) { r.Generation-- }))

	commit.Topics[0].Partitions = []kmsg.OffsetCommitRequestTopicPartition{
		partitionAt(0, 5, "note"), partitionAt(99, 5, ""), partitionAt(2, 7, strings.Repeat("x", 4096)),
	}
	k.say("a commit in parts", sorted(ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8)))
	commit.Topics[0].Partitions = []kmsg.OffsetCommitRequestTopicPartition{partitionAt(1, 8, "")}
	commit.Generation++
	k.say("a commit of the future", ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	commit.Generation, commit.MemberID = -1, ""
	k.say("a commit of nobody", ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	k.say("no group of that name", ask(l, func() *kmsg.OffsetCommitRequest { r := *commit; r.Group, r.Generation = "none", 3; return &r }(), kmsg.NewPtrOffsetCommitResponse(), 8))
	k.fetches(l, "fetch", "lonely", 7, kmsg.OffsetFetchRequestTopic{Topic: "t", Partitions: []int32{0, 3}})
	k.fetches(l, "fetch of old", "lonely", 1, kmsg.OffsetFetchRequestTopic{Topic: "t", Partitions: []int32{0, 3}})
	k.fetches(l, "fetch of no such topic", "lonely", 5, kmsg.OffsetFetchRequestTopic{Topic: "nothing", Partitions: []int32{0}})
	k.fetches(l, "fetch of all", "lonely", 7)

	del := kmsg.NewPtrOffsetDeleteRequest()
	del.Group = "lonely"
	del.Topics = []kmsg.OffsetDeleteRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: 0}, {Partition: 99}}}}
	deleted := ask(l, del, kmsg.NewPtrOffsetDeleteResponse(), 0)
	for _, t := range deleted.Topics {
		slices.SortFunc(t.Partitions, func(a, b kmsg.OffsetDeleteResponseTopicPartition) int { return int(a.Partition - b.Partition) })
	}
	k.say("delete offsets", deleted)
	deletion := kmsg.NewPtrDeleteGroupsRequest()
	deletion.Groups = []string{"lonely"}
	k.say("delete the group", ask(l, deletion, kmsg.NewPtrDeleteGroupsResponse(), 2))

	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = "another"
	leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: second.MemberID}}
	k.say("leave another group", ask(l, leave, kmsg.NewPtrLeaveGroupResponse(), 4))
	leave.Group = "lonely"
	leave.Members = append(leave.Members, kmsg.LeaveGroupRequestMember{MemberID: "stranger"},
		kmsg.LeaveGroupRequestMember{InstanceID: kmsg.StringPtr("stranger")}, kmsg.LeaveGroupRequestMember{MemberID: "s", InstanceID: kmsg.StringPtr("s")})
	k.say("leave", ask(l, leave, kmsg.NewPtrLeaveGroupResponse(), 4))
	k.say("leave of old", ask(l, func() *kmsg.LeaveGroupRequest { r := *leave; r.MemberID = "stranger"; return &r }(), kmsg.NewPtrLeaveGroupResponse(), 2))
	k.describes(l, "empty", "lonely")
}

func sorted(r *kmsg.OffsetCommitResponse) *kmsg.OffsetCommitResponse {
	for _, t := range r.Topics {
		slices.SortFunc(t.Partitions, func(a, b kmsg.OffsetCommitResponseTopicPartition) int { return int(a.Partition - b.Partition) })
	}
	return r
}

// simple is offsets without a group.
func (k *talk) simple() {
	l := k.dial()
	for version := int16(1); version <= 8; version++ {
		r := commits("simple", partitionAt(0, int64(version), "note"))
		r.Generation = -1
		k.say("commit", ask(l, r, kmsg.NewPtrOffsetCommitResponse(), version))
		k.fetches(l, "fetch", "simple", min(version, 7))
	}
	// Not in a group that is to go: Kafka 2.7 keeps one for ever that such a commit was for.
	large := commits("large", partitionAt(0, 1, strings.Repeat("x", 4097)), partitionAt(1, 1, ""))
	large.Generation = -1
	k.say("a large note", sorted(ask(l, large, kmsg.NewPtrOffsetCommitResponse(), 8)))
	nameless := commits("", partitionAt(0, 1, ""))
	nameless.Generation = -1
	k.say("without a name", ask(l, nameless, kmsg.NewPtrOffsetCommitResponse(), 8))
	k.fetches(l, "fetch without a name", "", 7)
	k.describes(l, "described", "simple", "", "nothing")
	list := kmsg.NewPtrListGroupsRequest()
	for _, states := range [][]string{nil, {"Empty"}, {"Stable", "Dead"}, {"nonsense"}} {
		list.StatesFilter = states
		r := ask(l, list, kmsg.NewPtrListGroupsResponse(), 4)
		slices.SortFunc(r.Groups, func(a, b kmsg.ListGroupsResponseGroup) int { return strings.Compare(a.Group, b.Group) })
		k.say("list", r)
	}
}

// pair is two members, one of whom waits for the other.
func (k *talk) pair() {
	a, b := k.dial(), k.dial()
	one := ask(a, joinOld("pair", 10_000), kmsg.NewPtrJoinGroupResponse(), 3)
	k.say("one", one)
	two := joinOld("pair", 10_000)
	two.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "sticky", Metadata: []byte("two")}, {Name: "range", Metadata: []byte("two")}}
	b.send(two, 3)
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID, beat.Generation = "pair", one.MemberID, one.Generation
	eventually(k.T, func() bool { return ask(a, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode != 0 })
	k.say("heartbeat", ask(a, beat, kmsg.NewPtrHeartbeatResponse(), 4))
	k.describes(a, "preparing", "pair")
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = "pair", one.MemberID, one.Generation
	k.say("sync", ask(a, sync, kmsg.NewPtrSyncGroupResponse(), 3))
	commit := commits("pair", partitionAt(0, 1, ""))
	commit.MemberID, commit.Generation = one.MemberID, one.Generation
	k.say("commit", ask(a, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	again := joinOld("pair", 10_000)
	again.MemberID = one.MemberID
	first := ask(a, again, kmsg.NewPtrJoinGroupResponse(), 3)
	slices.SortFunc(first.Members, func(x, y kmsg.JoinGroupResponseMember) int {
		return strings.Compare(string(x.ProtocolMetadata), string(y.ProtocolMetadata))
	})
	k.say("one again", first)
	second := receive(b, kmsg.NewPtrJoinGroupResponse(), 3)
	k.say("two", second)
	k.describes(a, "completing", "pair")

	sync.MemberID, sync.Generation = second.MemberID, second.Generation
	b.send(sync, 3)
	sync.MemberID = one.MemberID
	sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: second.MemberID, MemberAssignment: []byte("all")}, {MemberID: "stranger"}}
	k.say("sync of one", ask(a, sync, kmsg.NewPtrSyncGroupResponse(), 3))
	k.say("sync of two", receive(b, kmsg.NewPtrSyncGroupResponse(), 3))
	two.MemberID = second.MemberID
	k.say("two joins with nothing new", ask(b, two, kmsg.NewPtrJoinGroupResponse(), 5))

	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group, leave.MemberID = "pair", one.MemberID
	k.say("one leaves", ask(a, leave, kmsg.NewPtrLeaveGroupResponse(), 1))
	k.say("two alone", ask(b, two, kmsg.NewPtrJoinGroupResponse(), 5))
}

// static is members that keep their places.
func (k *talk) static() {
	l := k.dial()
	join := joinOld("static", 10_000)
	join.InstanceID = kmsg.StringPtr("i1")
	one := ask(l, join, kmsg.NewPtrJoinGroupResponse(), 7)
	k.say("static", one)
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation, sync.InstanceID = "static", one.MemberID, one.Generation, join.InstanceID
	sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: one.MemberID, MemberAssignment: []byte("all")}}
	sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	k.say("sync", ask(l, sync, kmsg.NewPtrSyncGroupResponse(), 5))
	k.describes(l, "described", "static")
	two := ask(l, join, kmsg.NewPtrJoinGroupResponse(), 7)
	k.say("started again", two)
	k.say("sync of the old one", ask(l, sync, kmsg.NewPtrSyncGroupResponse(), 5))
	sync.MemberID = two.MemberID
	k.say("sync of the new one", ask(l, sync, kmsg.NewPtrSyncGroupResponse(), 5))
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID, beat.Generation, beat.InstanceID = "static", one.MemberID, one.Generation, join.InstanceID
	k.say("heartbeat of the old one", ask(l, beat, kmsg.NewPtrHeartbeatResponse(), 4))
	beat.InstanceID = nil
	k.say("heartbeat of the old one by its id", ask(l, beat, kmsg.NewPtrHeartbeatResponse(), 4))
	commit := commits("static", partitionAt(0, 1, ""))
	commit.MemberID, commit.Generation, commit.InstanceID = one.MemberID, one.Generation, join.InstanceID
	k.say("commit of the old one", ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = "static"
	leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: one.MemberID, InstanceID: join.InstanceID}}
	k.say("leave of the old one", ask(l, leave, kmsg.NewPtrLeaveGroupResponse(), 4))
	leave.Members = []kmsg.LeaveGroupRequestMember{{InstanceID: join.InstanceID}}
	k.say("leave by the instance", ask(l, leave, kmsg.NewPtrLeaveGroupResponse(), 4))
	k.describes(l, "empty", "static")
}

// full is a group of three, which is as many as there may be.
func (k *talk) full() {
	first := k.dial()
	one := ask(first, joinOld("full", 10_000), kmsg.NewPtrJoinGroupResponse(), 3)
	var waiting []*link
	for range 2 {
		l := k.dial()
		l.send(joinOld("full", 10_000), 3)
		waiting = append(waiting, l)
	}
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{"full"}
	eventually(k.T, func() bool {
		return len(ask(first, describe, kmsg.NewPtrDescribeGroupsResponse(), 5).Groups[0].Members) == 3
	})
	again := joinOld("full", 10_000)
	again.MemberID = one.MemberID
	r := ask(first, again, kmsg.NewPtrJoinGroupResponse(), 3)
	for _, l := range waiting {
		k.say("another", kproto.Error(receive(l, kmsg.NewPtrJoinGroupResponse(), 3).ErrorCode).Name())
	}
	k.say("members", len(r.Members))
	k.say("one too many", ask(k.dial(), joinOld("full", 10_000), kmsg.NewPtrJoinGroupResponse(), 3))
}

// ends is the ends of groups.
func (k *talk) ends() {
	l := k.dial()
	del := kmsg.NewPtrOffsetDeleteRequest()
	remove := func(what, group, topic string, partition int32) {
		del.Group = group
		del.Topics = []kmsg.OffsetDeleteRequestTopic{{Topic: topic, Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: partition}}}}
		k.say(what, ask(l, del, kmsg.NewPtrOffsetDeleteResponse(), 0))
	}
	remove("no name", "", "t", 0)
	remove("no such group", "nothing", "t", 0)
	remove("no such topic", "lonely", "nothing", 0)
	remove("one that is not there", "lonely", "u", 0)
	remove("the first", "lonely", "t", 0)
	k.fetches(l, "what is left", "lonely", 7)
	remove("the last", "lonely", "t", 2)
	k.describes(l, "after its last offset", "lonely")
	deletion := kmsg.NewPtrDeleteGroupsRequest()
	deletion.Groups = []string{"simple", "full", "nothing", "lonely", "static"}
	r := ask(l, deletion, kmsg.NewPtrDeleteGroupsResponse(), 2)
	slices.SortFunc(r.Groups, func(a, b kmsg.DeleteGroupsResponseGroup) int { return strings.Compare(a.Group, b.Group) })
	k.say("delete groups", r)
	k.fetches(l, "of a deleted group", "simple", 7)
}

// newer is what Kafka 2.7 does not have.
func (k *talk) newer() {
	l := k.dial()
	join := joinOld("static", 10_000)
	join.InstanceID, join.Reason = kmsg.StringPtr("i1"), kmsg.StringPtr("because")
	one := ask(l, join, kmsg.NewPtrJoinGroupResponse(), 9)
	k.say("static", one)
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation, sync.InstanceID = "static", one.MemberID, one.Generation, join.InstanceID
	sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: one.MemberID, MemberAssignment: []byte("all")}}
	sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	k.say("sync", ask(l, sync, kmsg.NewPtrSyncGroupResponse(), 5))
	k.say("started again", ask(l, join, kmsg.NewPtrJoinGroupResponse(), 9))
	k.say("of version 8", ask(l, join, kmsg.NewPtrJoinGroupResponse(), 8))
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = "static"
	leave.Members = []kmsg.LeaveGroupRequestMember{{InstanceID: join.InstanceID, Reason: kmsg.StringPtr("over")}, {MemberID: "s"}}
	k.say("leave", ask(l, leave, kmsg.NewPtrLeaveGroupResponse(), 5))

	commit := commits("simple", partitionAt(0, 1, "note"))
	commit.Generation = -1
	k.say("commit", ask(l, commit, kmsg.NewPtrOffsetCommitResponse(), 8))
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.RequireStable = true
	fetch.Groups = []kmsg.OffsetFetchRequestGroup{
		{Group: "simple", Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{0, 1}}}}, {Group: "simple"}, {Group: "nothing"},
		{Group: "nothing", Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{0}}}},
	}
	k.say("fetch", ask(l, fetch, kmsg.NewPtrOffsetFetchResponse(), 8))
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKeys = []string{"simple", "nothing"}
	found := ask(l, find, kmsg.NewPtrFindCoordinatorResponse(), 4)
	for i := range found.Coordinators { // each cluster has its own
		found.Coordinators[i].NodeID, found.Coordinators[i].Port = 0, 0
	}
	k.say("find", found)
	find.CoordinatorType = 7
	for _, c := range ask(l, find, kmsg.NewPtrFindCoordinatorResponse(), 4).Coordinators {
		k.say("find", []any{c.Key, c.ErrorCode, c.NodeID, c.Host, c.Port})
	}
}
