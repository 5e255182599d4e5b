package kbroker_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// advertised is what clients may ask for: keys with their newest versions. All begin at 0, as librdkafka needs it.
var advertised = map[int16]int16{
	0: 9, 1: 12, 2: 7, 3: 12, 7: 3, 8: 8, 9: 8, 10: 4, 11: 9, 12: 4, 13: 5, 14: 5, 15: 5, 16: 4, 17: 1, 18: 4, 19: 7, 20: 6,
	21: 2, 22: 4, 23: 4, 29: 3, 30: 3, 31: 3, 32: 4, 33: 2, 34: 2, 35: 4, 37: 3, 42: 2, 43: 2, 44: 1, 45: 0, 46: 0, 47: 0,
	48: 1, 49: 1, 50: 0, 51: 0, 60: 2,
}

func TestApiVersions(t *testing.T) {
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1))
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(within(t), client(t, nil, b))
	ok(t, err)
	got := map[int16]int16{}
	for _, k := range resp.ApiKeys {
		got[k.ApiKey] = k.MaxVersion
		if k.MinVersion != 0 {
			t.Errorf("%s from version %d", kmsg.NameForKey(k.ApiKey), k.MinVersion)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(advertised)) {
		if have, there := got[key]; !there || have != advertised[key] {
			t.Errorf("%s up to %d (%v), want %d", kmsg.NameForKey(key), have, there, advertised[key])
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("also advertised: %v", got)
	}
}

// TestLife: a topic's life on three brokers, with a foreign client, and with the loss of a broker in the middle.
func TestLife(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	var members []*member
	for id := int32(1); id <= 3; id++ {
		members = append(members, startBroker(t, configure(t, e.ConnectString(), id, "offsets.topic.replication.factor=3", "min.insync.replicas=2")))
	}
	ctx := within(t)
	adm := admin(t, members...)
	created, err := adm.CreateTopic(ctx, 3, 3, nil, "life")
	ok(t, err)
	ok(t, created.Err)

	const n = 300
	producer := client(t, []kgo.Opt{kgo.DefaultProduceTopic("life")}, members...)
	produce := func(from int) {
		t.Helper()
		var records []*kgo.Record
		for i := from; i < from+n; i++ {
			records = append(records, &kgo.Record{Key: fmt.Append(nil, i), Value: fmt.Append(nil, "value ", i)})
		}
		ok(t, producer.ProduceSync(ctx, records...).FirstErr())
	}
	produce(0)
	leader := members[0]
	leader.kill()
	produce(n)
	leader.start(t)
	produce(2 * n)

	group := client(t, []kgo.Opt{
		kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("life"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}, members...)
	got := map[string]int{}
	for len(got) < 3*n {
		f := group.PollFetches(ctx)
		ok(t, f.Err0())
		f.EachRecord(func(r *kgo.Record) { got[string(r.Key)]++ })
	}
	for key, times := range got {
		if times != 1 {
			t.Errorf("record %s came %d times", key, times)
		}
	}
	ok(t, group.CommitUncommittedOffsets(ctx))
	lag, err := adm.Lag(ctx, "readers")
	ok(t, err)
	if l := lag["readers"]; l.State != "Stable" || l.Lag.Total() != 0 || len(l.Members) != 1 {
		t.Errorf("%+v", l)
	}
	group.Close()

	deleted, err := adm.DeleteTopic(ctx, "life")
	ok(t, err)
	ok(t, deleted.Err)
	for _, m := range members {
		ok(t, m.Await(ctx, func(img *kzk.Image) bool { return img.Topics["life"] == nil && len(img.Deletions) == 0 }))
	}
}

// TestAutoCreate: a topic comes into being when it is produced to, if the client and the broker allow it.
func TestAutoCreate(t *testing.T) {
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1, "num.partitions=2"))
	ctx := within(t)
	cl := client(t, []kgo.Opt{kgo.AllowAutoTopicCreation()}, b)
	ok(t, cl.ProduceSync(ctx, &kgo.Record{Topic: "auto", Value: []byte("x")}).FirstErr())
}

// TestProducerIDs: what brokers give out is given out once, beyond a block's end too.
func TestProducerIDs(t *testing.T) {
	e := zooKeeper(t)
	a, b := startBroker(t, configure(t, e.ConnectString(), 1)), startBroker(t, configure(t, e.ConnectString(), 2))
	ctx := within(t)
	var mu sync.Mutex
	seen := map[int64]bool{}
	var asking sync.WaitGroup
	for _, m := range []*member{a, b, a, b} {
		cl := client(t, nil, m)
		id := m.ID()
		asking.Go(func() {
			for range 700 {
				req := kmsg.NewPtrInitProducerIDRequest()
				resp, err := cl.Broker(int(id)).Request(ctx, req)
				if err != nil {
					t.Error(err)
					return
				}
				got := resp.(*kmsg.InitProducerIDResponse)
				mu.Lock()
				if got.ErrorCode != 0 || got.ProducerEpoch != 0 || seen[got.ProducerID] {
					t.Errorf("%+v, given out before: %v", got, seen[got.ProducerID])
				}
				seen[got.ProducerID] = true
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	if len(seen) != 4*700 {
		t.Errorf("%d ids", len(seen))
	}
}

// TestTransactions_AreRefused: in words that a client takes for an end, not for a reason to try again.
func TestTransactions_AreRefused(t *testing.T) {
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1))
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = kmsg.StringPtr("tx")
	req.TransactionTimeoutMillis = 1000
	resp, err := client(t, nil, b).Broker(1).Request(within(t), req)
	ok(t, err)
	if got := resp.(*kmsg.InitProducerIDResponse); kerr.ErrorForCode(got.ErrorCode) != kerr.UnsupportedVersion {
		t.Errorf("%+v", got)
	}
	if _, _, err := client(t, []kgo.Opt{kgo.TransactionalID("tx")}, b).ProducerID(within(t)); !errors.Is(err, kerr.UnsupportedVersion) {
		t.Errorf("a client with transactions is told: %v", err)
	}
}

// TestDescribeCluster: both ways to ask for the brokers say the same.
func TestDescribeCluster(t *testing.T) {
	e := zooKeeper(t)
	a, b := startBroker(t, configure(t, e.ConnectString(), 1, "broker.rack=here")), startBroker(t, configure(t, e.ConnectString(), 2))
	ctx := within(t)
	both := func(img *kzk.Image) bool { return len(img.Brokers) == 2 && hasController(img) }
	ok(t, errors.Join(a.Await(ctx, both), b.Await(ctx, both)))
	cl := client(t, nil, a)
	meta, err := kadm.NewClient(cl).BrokerMetadata(ctx)
	ok(t, err)
	controllers := kmsg.NewPtrDescribeClusterRequest()
	controllers.EndpointType = 2
	resp, err := controllers.RequestWith(ctx, cl)
	ok(t, err)
	if kerr.ErrorForCode(resp.ErrorCode) != kerr.MismatchedEndpointType {
		t.Errorf("%+v", resp)
	}
	resp, err = kmsg.NewPtrDescribeClusterRequest().RequestWith(ctx, cl)
	ok(t, err)
	if resp.Version != 2 || resp.EndpointType != 1 || resp.ClusterID != meta.Cluster || resp.ClusterID != a.ClusterID() || resp.ControllerID != meta.Controller || len(resp.Brokers) != len(meta.Brokers) {
		t.Errorf("%+v\n%+v", resp, meta)
	}
	for i, br := range resp.Brokers {
		if m := meta.Brokers[i]; m.NodeID != br.NodeID || m.Host != br.Host || m.Port != br.Port || (m.Rack == nil) != (br.Rack == nil) {
			t.Errorf("%+v\n%+v", br, m)
		}
	}
}
