package group_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// crowd is clients that come all at once.
type crowd struct {
	t     *testing.T
	w     *world
	codes map[kproto.Error]int
	ids   []string // that were told, in order
}

func newCrowd(t *testing.T) *crowd {
	w := newWorld(io.Discard)
	w.start()
	return &crowd{t: t, w: w, codes: map[kproto.Error]int{}}
}

// join sends a JoinGroup and takes what the shard replies, to whomever.
func (c *crowd) join(from group.Client, req *kmsg.JoinGroupRequest) {
	c.w.tickets++
	c.w.shard.JoinGroup(c.w.now, c.w.tickets, from, req)
	c.take()
}

func (c *crowd) take() {
	out := c.w.shard.Take()
	for _, r := range out.Replies {
		if resp, ok := r.Response.(*kmsg.JoinGroupResponse); ok {
			c.codes[kproto.Error(resp.ErrorCode)]++
			if resp.MemberID != "" {
				c.ids = append(c.ids, resp.MemberID)
			}
		}
	}
	for _, a := range out.Appends {
		c.w.shard.Appended(c.w.now, a.ID, kproto.NoError)
	}
}

// pass lets time pass.
func (c *crowd) pass(d time.Duration) {
	for end := c.w.now.Add(d); ; {
		at, ok := c.w.shard.Deadline()
		if !ok || at.After(end) {
			c.w.now = end
			return
		}
		c.w.now = at
		c.w.shard.Tick(at)
		c.take()
	}
}

func (c *crowd) held() int {
	c.t.Helper()
	counted, anew := c.w.shard.Held()
	if counted != anew {
		c.t.Errorf("held and unproven are counted as %d, and are %d", counted, anew)
	}
	return counted[0]
}

func bigJoin(version int16, name string, metadata int, protocols ...string) *kmsg.JoinGroupRequest {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Version, req.Group, req.ProtocolType = version, name, "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 30*60*1000, 30*60*1000
	for _, p := range protocols {
		req.Protocols = append(req.Protocols, kmsg.JoinGroupRequestProtocol{Name: p, Metadata: bytes.Repeat([]byte("m"), metadata)})
	}
	return req
}

// TestHold_OneGroup: who comes with megabytes again and again fills the group to its bound, and no further; when they are
// gone there is room again.
func TestHold_OneGroup(t *testing.T) {
	c := newCrowd(t)
	for range 100 {
		c.join(group.Client{ID: "c"}, bigJoin(3, "g", 1<<20, "range"))
	}
	if held := c.held(); held > 8<<20 || c.codes[kproto.GroupMaxSizeReached] < 90 {
		t.Errorf("the group holds %d bytes; %v", held, c.codes)
	}
	c.pass(2 * time.Hour)
	if held := c.held(); held != 0 {
		t.Errorf("without members the group holds %d bytes", held)
	}
	c.codes = map[kproto.Error]int{}
	c.join(group.Client{ID: "c"}, bigJoin(3, "g", 1<<20, "range"))
	if c.codes[kproto.GroupMaxSizeReached] != 0 {
		t.Error("there is no room later")
	}
}

// TestHold_ManyGroups: the same with a new group each time. Groups that are there get their places back meanwhile.
func TestHold_ManyGroups(t *testing.T) {
	c := newCrowd(t)
	c.join(group.Client{ID: "old"}, bigJoin(3, "old", 100, "range"))
	c.pass(10 * time.Second)
	again := bigJoin(3, "old", 100, "range")
	again.MemberID = c.ids[0]
	for n := range 200 {
		c.join(group.Client{ID: "c"}, bigJoin(3, fmt.Sprint("g", n), 1<<20, "range"))
	}
	if held := c.held(); held > 17<<20 || c.w.shard.Groups() > 20 {
		t.Errorf("%d groups hold %d bytes; %v", c.w.shard.Groups(), held, c.codes)
	}
	c.codes = map[kproto.Error]int{}
	c.join(group.Client{ID: "old"}, again)
	if c.codes[kproto.NoError] != 1 {
		t.Errorf("who was there before: %v", c.codes)
	}
}

// TestHold_Promises: ids that are asked for and never used, with the longest client id there is.
func TestHold_Promises(t *testing.T) {
	c := newCrowd(t)
	long := strings.Repeat("ü", 16000)
	for n := range 100_000 {
		c.join(group.Client{ID: long}, bigJoin(9, fmt.Sprint("g", n%1000), 10, "range"))
	}
	if held := c.held(); held > 17<<20 || c.codes[kproto.GroupMaxSizeReached] == 0 {
		t.Errorf("promises hold %d bytes; %v", held, c.codes)
	}
	for _, id := range c.ids {
		if len(id) > 300 || !strings.HasPrefix(id, "üü") || strings.ToValidUTF8(id, "?") != id {
			t.Fatalf("a member id is %q", id)
		}
	}
	c.pass(time.Hour)
	if held := c.held(); held != 0 || c.w.shard.Groups() != 0 {
		t.Errorf("in the end %d groups hold %d bytes", c.w.shard.Groups(), held)
	}
}

// TestHold_Sane: a thousand of Java's consumers with a hundred topics each, in two steps as they come, all find room.
func TestHold_Sane(t *testing.T) {
	c := newCrowd(t)
	meta := kmsg.NewConsumerMemberMetadata()
	for n := range 100 {
		meta.Topics = append(meta.Topics, fmt.Sprintf("orders.region-%03d", n))
	}
	size := len(meta.AppendTo(nil))
	const members = 1000
	ask := func() *kmsg.JoinGroupRequest { return bigJoin(9, "g", size, "range", "cooperative-sticky") }
	for n := range members {
		c.join(group.Client{ID: fmt.Sprintf("consumer-orders-%d", n), Host: "/10.0.0.1"}, ask())
	}
	ids := c.ids
	if c.codes[kproto.MemberIDRequired] != members {
		t.Fatal(c.codes)
	}
	for n, id := range ids {
		req := ask()
		req.MemberID = id
		c.join(group.Client{ID: fmt.Sprintf("consumer-orders-%d", n), Host: "/10.0.0.1"}, req)
	}
	c.pass(time.Hour / 4)
	if c.held(); c.codes[kproto.NoError] != members {
		t.Error(c.codes)
	}
}

// TestHold_ManyProtocols: a member that names a hundred thousand protocols is looked at in no time to speak of.
func TestHold_ManyProtocols(t *testing.T) {
	c := newCrowd(t)
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprint("p", i)
	}
	c.join(group.Client{ID: "c"}, bigJoin(3, "g", 1, names...))
	c.pass(10 * time.Second)
	if c.held(); c.codes[kproto.NoError] != 1 {
		t.Error(c.codes)
	}
}
