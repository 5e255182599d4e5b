package groups_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
)

// TestSameAsApache has the same talk with brokers of Apache's and with one of ours, and compares what they say, field by
// field. Kafka 3.9 is there for versions of requests that 2.7 does not have.
func TestSameAsApache(t *testing.T) {
	for _, test := range []struct {
		release string
		parts   []func(k *talk)
	}{
		{"27", []func(*talk){(*talk).lonely, (*talk).simple, (*talk).pair, (*talk).static, (*talk).full, (*talk).ends}},
		{"39", []func(*talk){(*talk).newer}},
	} {
		t.Run(test.release, func(t *testing.T) {
			peertest.FindKafka(t, test.release)
			ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
			defer cancel()
			c := startCluster(t, 1, "group.initial.rebalance.delay.ms=0", "group.max.size=3")
			apache := peertest.StartKafka(t, test.release, c.zk.ConnectString()+"/apache", peertest.KafkaOptions{Config: []string{
				"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=6", "group.initial.rebalance.delay.ms=0",
				"group.min.session.timeout.ms=1000", "group.max.size=3",
			}})
			a := strings.Split(converse(ctx, t, c.seeds[0], test.parts), "\n")
			b := strings.Split(converse(ctx, t, apache.Bootstrap(), test.parts), "\n")
			t.Logf("%d lines", len(a))
			for i := range a {
				if i >= len(b) || a[i] != b[i] {
					t.Fatalf("line %d\nours:   %s\ntheirs: %s", i+1, a[i], strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""))
				}
			}
		})
	}
}

// talk is a conversation with a broker; what it says is written down with its members' ids replaced by numbers.
type talk struct {
	*testing.T
	addr  string
	said  strings.Builder
	names map[string]string
}

func converse(ctx context.Context, t *testing.T, addr string, parts []func(*talk)) string {
	c := &cluster{t: t, seeds: []string{addr}, brokers: make([]*kbroker.Broker, 1)}
	c.topic(ctx, "t", 4)
	c.topic(ctx, "u", 1)
	k := &talk{T: t, addr: addr, names: map[string]string{}}
	k.ready()
	for _, part := range parts {
		part(k)
	}
	k.records(ctx, c)
	return k.said.String()
}

// records are what the broker has written of all that, by group.
func (k *talk) records(ctx context.Context, c *cluster) {
	cl := c.client(kgo.ConsumeTopics(groups.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, groups.Topic)
	if err != nil {
		k.Fatal(err)
	}
	var left int64
	ends.Each(func(o kadm.ListedOffset) { left += o.Offset })
	byGroup := map[string][]string{}
	for left > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			k.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			left--
			group, text := recordText(r.Key, r.Value)
			byGroup[group] = append(byGroup[group], text)
		})
	}
	for _, group := range slices.Sorted(maps.Keys(byGroup)) {
		for _, text := range byGroup[group] {
			k.say("record of "+group, text)
		}
	}
}

// recordText is every field of a record but the times.
func recordText(key, value []byte) (group, text string) {
	if key[1] == 2 {
		var k kmsg.GroupMetadataKey
		v := kmsg.NewGroupMetadataValue()
		if err := errors.Join(k.ReadFrom(key), v.ReadFrom(value)); value != nil && err != nil {
			return "", err.Error()
		}
		v.CurrentStateTimestamp = 0
		slices.SortFunc(v.Members, func(a, b kmsg.GroupMetadataValueMember) int { return bytes.Compare(a.Subscription, b.Subscription) })
		return k.Group, fmt.Sprint(k.Version, value == nil, show(v))
	}
	var k kmsg.OffsetCommitKey
	v := kmsg.NewOffsetCommitValue()
	if err := errors.Join(k.ReadFrom(key), v.ReadFrom(value)); value != nil && err != nil {
		return "", err.Error()
	}
	v.CommitTimestamp, v.ExpireTimestamp = 0, 0
	return k.Group, fmt.Sprint(k.Version, k.Topic, k.Partition, value == nil, show(v))
}

func (k *talk) dial() *link {
	nc, err := net.Dial("tcp", k.addr)
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { _ = nc.Close() })
	return &link{t: k.T, nc: nc}
}

var memberID = regexp.MustCompile(`[a-z0-9]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// say writes a response down.
func (k *talk) say(what string, v any) {
	text := fmt.Sprintf("%s: %s", what, show(v))
	text = memberID.ReplaceAllStringFunc(text, func(id string) string {
		if k.names[id] == "" {
			k.names[id] = fmt.Sprintf("member%d", len(k.names)+1)
		}
		return k.names[id]
	})
	k.said.WriteString(text + "\n")
}

// order is what to sort a member by: its number, or the end where it has none yet.
func (k *talk) order(id string) string {
	if name := k.names[id]; name != "" {
		return name
	}
	return "new"
}

// ready waits until the coordinator has every group that is talked of. Neither cluster has more than one broker.
func (k *talk) ready() {
	l := k.dial()
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKey = "g"
	eventually(k.T, func() bool { return ask(l, find, kmsg.NewPtrFindCoordinatorResponse(), 3).ErrorCode == 0 })
	for _, name := range []string{"", "lonely", "another", "none", "nothing", "simple", "large", "pair", "static", "full"} {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.Group = name
		eventually(k.T, func() bool { return ask(l, req, kmsg.NewPtrOffsetFetchResponse(), 7).ErrorCode == 0 })
	}
}
