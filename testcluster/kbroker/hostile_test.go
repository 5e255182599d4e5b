package kbroker_test

import (
	"encoding/binary"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire/shape"
)

// hostileSeed makes the bodies; a failure names it.
const hostileSeed = 20260001

// TestHostileBodies: requests of every API in every version, as they are and with bytes changed, cut and added, end with
// an answer or with the connection; the broker goes on, and takes no memory for what is not there.
func TestHostileBodies(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	b.options.Logger = slog.New(slog.DiscardHandler)
	ctx := within(t)
	created, err := admin(t, b).CreateTopic(ctx, 1, 1, nil, "t")
	ok(t, err)
	ok(t, created.Err)
	b.stop(t)
	b.start(t) // without lines in the log: there would be thousands

	rng := rand.New(rand.NewPCG(hostileSeed, 1))
	for _, key := range slices.Sorted(func(yield func(int16) bool) {
		for key := range advertised {
			if !yield(key) {
				return
			}
		}
	}) {
		if key == int16(kmsg.ControlledShutdown) { // which takes the broker's word for what it is
			continue
		}
		for version := int16(0); version <= advertised[key]; version++ {
			for range 20 {
				hostile(t, b.addr(), key, version, rng)
			}
		}
	}
	ctx = within(t)
	created, err = admin(t, b).CreateTopic(ctx, 1, 1, nil, "after")
	ok(t, err)
	ok(t, created.Err)
	cl := client(t, []kgo.Opt{kgo.DefaultProduceTopic("after")}, b)
	ok(t, cl.ProduceSync(ctx, kgo.StringRecord("still here")).FirstErr())
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	if mem.HeapAlloc > 512<<20 {
		t.Errorf("seed %d: %d MiB are in use", hostileSeed, mem.HeapAlloc>>20)
	}
}

// TestRepeatedQuestions: what is asked for a thousand times in one request is answered once, where the answer may be much
// larger than the question.
func TestRepeatedQuestions(t *testing.T) {
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1))
	ctx := within(t)
	adm := admin(t, b)
	created, err := adm.CreateTopic(ctx, 50, 1, nil, "t")
	ok(t, err)
	ok(t, created.Err)
	commit := kadm.Offsets{}
	commit.Add(kadm.Offset{Topic: "t", Partition: 1, At: 7, LeaderEpoch: -1, Metadata: strings.Repeat("m", 4000)})
	ok(t, adm.CommitAllOffsets(ctx, "g", commit))
	cl := client(t, nil, b)
	const times = 1000

	metadata := kmsg.NewPtrMetadataRequest()
	byID := kmsg.NewMetadataRequestTopic()
	byID.TopicID = created.ID
	metadata.Topics = slices.Repeat([]kmsg.MetadataRequestTopic{byID}, times)
	known, err := metadata.RequestWith(ctx, cl)
	ok(t, err)
	if len(known.Topics) != 1 || len(known.Topics[0].Partitions) != 50 {
		t.Errorf("Metadata: %d topics", len(known.Topics))
	}

	topic := kmsg.NewOffsetFetchRequestGroupTopic()
	topic.Topic, topic.Partitions = "t", slices.Repeat([]int32{1}, times)
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group, group.Topics = "g", slices.Repeat([]kmsg.OffsetFetchRequestGroupTopic{topic}, 10)
	offsets := kmsg.NewPtrOffsetFetchRequest()
	offsets.Groups = slices.Repeat([]kmsg.OffsetFetchRequestGroup{group}, 10)
	fetched, err := offsets.RequestWith(ctx, cl)
	ok(t, err)
	if len(fetched.Groups) != 10 {
		t.Errorf("OffsetFetch: %d groups", len(fetched.Groups))
	}
	for _, g := range fetched.Groups {
		var partitions []kmsg.OffsetFetchResponseGroupTopicPartition
		for _, t := range g.Topics {
			partitions = append(partitions, t.Partitions...)
		}
		if g.ErrorCode != 0 || len(partitions) != 1 || partitions[0].Offset != 7 || len(*partitions[0].Metadata) != 4000 {
			t.Errorf("OffsetFetch: error %d, %d partitions", g.ErrorCode, len(partitions))
		}
	}
	topic.Partitions = topic.Partitions[:1]
	group.Topics = []kmsg.OffsetFetchRequestGroupTopic{topic}
	offsets.Groups = slices.Repeat([]kmsg.OffsetFetchRequestGroup{group}, 20*times)
	if fetched, err := offsets.RequestWith(ctx, client(t, []kgo.Opt{kgo.RequestRetries(0)}, b)); err == nil {
		t.Errorf("OffsetFetch: %d groups, of 80 MB", len(fetched.Groups))
	}

	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = slices.Repeat([]string{"g"}, times)
	described, err := describe.RequestWith(ctx, cl)
	ok(t, err)
	if len(described.Groups) != 1 {
		t.Errorf("DescribeGroups: %d groups", len(described.Groups))
	}
}

// TestShapes: the body of each API that the broker serves is measured before it is decoded, or is parsed by hand.
func TestShapes(t *testing.T) {
	for key := range advertised {
		if byHand := key == int16(kmsg.Produce) || key == int16(kmsg.Fetch); byHand != (shape.For(key) == nil) {
			t.Errorf("%s: parsed by hand: %v", kmsg.NameForKey(key), byHand)
		}
	}
}

// hostile sends one request, changed a little, and waits for an answer or the end of the connection, but not for long:
// some requests wait by their nature.
func hostile(t *testing.T, addr string, key, version int16, rng *rand.Rand) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	ok(t, err)
	defer conn.Close()
	ok(t, conn.SetDeadline(time.Now().Add(5*time.Millisecond)))
	req := kmsg.RequestForKey(key)
	fill(reflect.ValueOf(req).Elem(), rng)
	req.SetVersion(version)
	body := req.AppendTo(nil)
	for range rng.IntN(4) {
		switch i := rng.IntN(len(body) + 1); {
		case rng.IntN(3) == 0:
			body = body[:i]
		case i == len(body) || rng.IntN(2) == 0:
			body = slices.Insert(body, i, byte(rng.Uint32()))
		default:
			body[i] = byte(rng.Uint32())
		}
	}
	header := kproto.RequestHeader{Key: key, Version: version, CorrelationID: 1, ClientID: "hostile", HasClientID: true}
	frame := append(header.AppendTo(make([]byte, 4), req.IsFlexible()), body...)
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	_, _ = conn.Write(frame)
	_, _ = io.ReadFull(conn, make([]byte, 4))
}

// fill gives a message's fields values as a careless client has them: names that exist and that do not, small numbers
// and the largest there are, lists of some elements.
func fill(v reflect.Value, rng *rand.Rand) {
	texts := []string{"t", "", "absent", "1", "retention.ms", "__consumer_offsets", "a/b", "\x00", "\xff\xfe"}
	numbers := []int64{0, 1, 2, -1, -2, 1000, -1 << 31, 1<<31 - 1, 1<<63 - 1}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "UnknownTags" {
				fill(v.Field(i), rng)
			}
		}
	case reflect.Slice:
		if rng.IntN(8) == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), rng.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), rng)
		}
	case reflect.Pointer:
		if rng.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), rng)
		}
	case reflect.String:
		v.SetString(texts[rng.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(numbers[rng.IntN(len(numbers))] << (64 - v.Type().Bits()) >> (64 - v.Type().Bits()))
	}
}
