package group_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/group"
)

// FuzzRequests has a shard with a group in it answer requests made of any bytes, each of them once.
func FuzzRequests(f *testing.F) {
	for _, req := range []kmsg.Request{
		(&client{group: "g", id: "m1-1", kind: "consumer", protocols: []string{"range"}, session: 1e10}).joinRequest("why"),
		&kmsg.SyncGroupRequest{Group: "g", MemberID: "m1-1", Generation: 1},
		&kmsg.HeartbeatRequest{Group: "g", MemberID: "m1-1", Generation: 1},
		&kmsg.LeaveGroupRequest{Group: "g", Members: []kmsg.LeaveGroupRequestMember{{MemberID: "m1-1"}}},
		&kmsg.OffsetCommitRequest{Group: "g", MemberID: "m1-1", Generation: 1, Topics: []kmsg.OffsetCommitRequestTopic{{Topic: "t"}}},
		&kmsg.OffsetFetchRequest{Groups: []kmsg.OffsetFetchRequestGroup{{Group: "g"}}},
		&kmsg.OffsetDeleteRequest{Group: "g", Topics: []kmsg.OffsetDeleteRequestTopic{{Topic: "t"}}},
		&kmsg.DeleteGroupsRequest{Groups: []string{"g", "h"}},
		&kmsg.DescribeGroupsRequest{Groups: []string{"g", "h"}},
	} {
		for _, version := range []int16{0, 2, 4, 5, 8} {
			req.SetVersion(version)
			f.Add(req.Key(), version, req.AppendTo(nil))
		}
	}
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		req := kmsg.RequestForKey(key)
		if req == nil || version < 0 || version > 9 || countsFar(body) {
			return
		}
		req.SetVersion(version)
		if req.ReadFrom(body) != nil {
			return
		}
		var out strings.Builder
		w := newWorld(&out)
		w.config.InitialDelay = 0
		for _, line := range []string{"m1 join v=3", "m1 sync assign=m1:all", "m1 commit t-0=5", "m2 join group=h v=3 instance=i", "s commit group=s t-0=1"} {
			if err := w.do(line); err != nil {
				t.Fatal(err)
			}
		}
		asked := 0
		ask := func() group.Ticket { asked++; return w.ticket(w.client(fmt.Sprint("fuzz", asked)), "fuzz") }
		for range 2 {
			w.request(ask, req)
			w.collect("")
			w.run(20 * time.Second)
		}
		w.move()
		w.shard.Close()
		w.collect("")
		if len(w.asked) > 0 || strings.Contains(out.String(), "VIOLATION") {
			t.Errorf("%d of %d have no answer\n%s", len(w.asked), asked, out.String())
		}
	})
}

// countsFar tells whether there may be a number of tags in the millions, whatever the length of the body: kmsg counts them
// all down.
func countsFar(body []byte) bool {
	row := 0
	for _, b := range body {
		if row++; b < 0x80 {
			row = 0
		}
		if row == 3 {
			return true
		}
	}
	return false
}

// request hands a request to the shard as the driver does.
func (w *world) request(ask func() group.Ticket, req kmsg.Request) {
	switch r := req.(type) {
	case *kmsg.JoinGroupRequest:
		w.shard.JoinGroup(w.now, ask(), group.Client{ID: "fuzz"}, r)
	case *kmsg.SyncGroupRequest:
		w.shard.SyncGroup(w.now, ask(), r)
	case *kmsg.HeartbeatRequest:
		w.shard.Heartbeat(w.now, ask(), r)
	case *kmsg.LeaveGroupRequest:
		w.shard.LeaveGroup(w.now, ask(), r)
	case *kmsg.OffsetCommitRequest:
		w.shard.OffsetCommit(w.now, ask(), r)
	case *kmsg.OffsetDeleteRequest:
		w.shard.OffsetDelete(w.now, ask(), r)
	case *kmsg.DeleteGroupsRequest:
		for _, name := range r.Groups {
			w.shard.DeleteGroup(w.now, ask(), name)
		}
	case *kmsg.OffsetFetchRequest:
		for i := range r.Groups {
			w.shard.OffsetFetch(&r.Groups[i])
		}
	case *kmsg.DescribeGroupsRequest:
		for _, name := range r.Groups {
			w.shard.Describe(name, r.IncludeAuthorizedOperations)
		}
	case *kmsg.ListGroupsRequest:
		w.shard.List(r.StatesFilter)
	}
}
