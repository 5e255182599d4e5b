package group_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// loaded is a world whose shard has read these records, in one batch with a header.
func loaded(t *testing.T, h kproto.BatchHeader, records ...kproto.Record) *world {
	t.Helper()
	w := newWorld(io.Discard)
	w.log = kproto.AppendBatch(nil, h, records)
	w.load(w.log)
	return w
}

var plain = kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}

func offsetRecord(keyVersion, version int16, group string, offset int64) kproto.Record {
	k := kmsg.OffsetCommitKey{Version: keyVersion, Group: group, Topic: "t", Partition: 1}
	v := kmsg.NewOffsetCommitValue()
	v.Version, v.Offset, v.LeaderEpoch, v.Metadata, v.CommitTimestamp = version, offset, 7, "note", epoch.UnixMilli()
	v.ExpireTimestamp = -1
	return kproto.Record{Key: k.AppendTo(nil), Value: v.AppendTo(nil)}
}

func groupRecord(version int16, name string) kproto.Record {
	k := kmsg.GroupMetadataKey{Version: 2, Group: name}
	v := kmsg.NewGroupMetadataValue()
	v.Version, v.ProtocolType, v.Generation = version, "consumer", 5
	v.Protocol, v.Leader, v.CurrentStateTimestamp = kmsg.StringPtr("range"), kmsg.StringPtr("m-1"), epoch.UnixMilli()
	m := kmsg.NewGroupMetadataValueMember()
	m.MemberID, m.ClientID, m.ClientHost, m.SessionTimeoutMillis, m.RebalanceTimeoutMillis = "m-1", "m", "/10.0.0.9", 10_000, 20_000
	if version >= 3 {
		m.InstanceID = kmsg.StringPtr("i")
	}
	m.Subscription, m.Assignment = []byte("sub"), []byte("mine")
	v.Members = append(v.Members, m)
	return kproto.Record{Key: k.AppendTo(nil), Value: v.AppendTo(nil)}
}

func fetched(s *group.Shard, name string) (int64, int32) {
	r := kmsg.NewOffsetFetchRequestGroup()
	r.Group, r.Topics = name, []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{1}}}
	p := s.OffsetFetch(&r).Topics[0].Partitions[0]
	return p.Offset, p.LeaderEpoch
}

// TestRecordsOfAllVersions reads what any Kafka has written.
func TestRecordsOfAllVersions(t *testing.T) {
	for key := int16(0); key <= 1; key++ {
		for version := int16(0); version <= 4; version++ {
			s := loaded(t, plain, offsetRecord(key, version, "g", 42)).shard
			want := int32(-1)
			if version >= 3 {
				want = 7
			}
			if at, epoch := fetched(s, "g"); at != 42 || epoch != want {
				t.Errorf("offset of key version %d, version %d: %d of epoch %d", key, version, at, epoch)
			}
		}
	}
	for version := int16(0); version <= 4; version++ {
		s := loaded(t, plain, groupRecord(version, "g")).shard
		g := s.Describe("g", false)
		if g.State != "Stable" || g.Protocol != "range" || len(g.Members) != 1 || g.Members[0].MemberID != "m-1" ||
			g.Members[0].ClientHost != "/10.0.0.9" || string(g.Members[0].MemberAssignment) != "mine" ||
			string(g.Members[0].ProtocolMetadata) != "sub" || (g.Members[0].InstanceID != nil) != (version >= 3) {
			t.Errorf("group of version %d: %+v", version, g)
		}
	}
}

// TestTombstones deletes what was there before.
func TestTombstones(t *testing.T) {
	gone := func(r kproto.Record) kproto.Record { r.Value = nil; return r }
	s := loaded(t, plain, offsetRecord(1, 3, "g", 1), groupRecord(3, "g"), offsetRecord(1, 3, "h", 2),
		gone(offsetRecord(1, 3, "g", 0)), gone(groupRecord(3, "g"))).shard
	if list := s.List(nil); len(list) != 1 || list[0].Group != "h" {
		t.Errorf("%+v", list)
	}
}

// TestTransactionsInTheLog takes offsets of transactions that were committed, and no others: another broker may have
// written them.
func TestTransactionsInTheLog(t *testing.T) {
	txn := func(pid int64, r kproto.Record) []byte {
		h := kproto.BatchHeader{Attributes: kproto.AttrTransactional, ProducerID: pid}
		return kproto.AppendBatch(nil, h, []kproto.Record{r})
	}
	marker := func(pid int64, kind uint16) []byte {
		h := kproto.BatchHeader{Attributes: kproto.AttrTransactional | kproto.AttrControl, ProducerID: pid}
		key := binary.BigEndian.AppendUint16([]byte{0, 0}, kind)
		return kproto.AppendBatch(nil, h, []kproto.Record{{Key: key, Value: make([]byte, 6)}})
	}
	w := newWorld(io.Discard)
	for _, b := range [][]byte{
		txn(1, offsetRecord(1, 3, "committed", 1)), txn(2, offsetRecord(1, 3, "aborted", 2)),
		txn(3, offsetRecord(1, 3, "open", 3)), marker(2, 0), marker(1, 1),
	} {
		w.log = append(w.log, b...)
	}
	w.load(w.log)
	for name, want := range map[string]int64{"committed": 1, "aborted": -1, "open": -1} {
		if at, _ := fetched(w.shard, name); at != want {
			t.Errorf("%s: %d, want %d", name, at, want)
		}
	}
}

// TestNotUnderstood passes over what is not readable, and says so.
func TestNotUnderstood(t *testing.T) {
	bad := []kproto.Record{
		{Key: nil, Value: []byte("x")}, {Key: []byte{0, 9, 1}, Value: []byte("x")}, {Key: []byte{0, 1, 0, 200}, Value: []byte("x")},
		{Key: offsetRecord(1, 3, "g", 1).Key, Value: []byte{0, 99}}, {Key: offsetRecord(1, 3, "g", 1).Key, Value: []byte{0}},
		{Key: groupRecord(3, "h").Key, Value: []byte{0, 3, 0}}, {Key: []byte{0, 2, 0, 99}},
	}
	var out strings.Builder
	w := newWorld(&out)
	w.events = true
	w.log = kproto.AppendBatch(nil, plain, append(bad, offsetRecord(1, 3, "good", 42)))
	w.load(w.log)
	if at, _ := fetched(w.shard, "good"); at != 42 {
		t.Errorf("the good one: %d", at)
	}
	if want := fmt.Sprintf("loaded 1 groups of %d records, %d not understood", len(bad)+1, len(bad)); !strings.Contains(out.String(), want) {
		t.Errorf("%s\nwants %q", out.String(), want)
	}
}

// FuzzLoad has a shard live with whatever is in its log, and write what it can read again.
func FuzzLoad(f *testing.F) {
	for version := int16(0); version <= 4; version++ {
		o, g := offsetRecord(1, version, "g", 42), groupRecord(version, "g")
		f.Add(o.Key, o.Value)
		f.Add(g.Key, g.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		w := loaded(t, plain, kproto.Record{Key: key, Value: value})
		w.run(w.config.Retention + w.config.RetentionCheck)
		for _, g := range w.shard.List(nil) {
			w.shard.Describe(g.Group, true)
		}
		w.move()
	})
}
