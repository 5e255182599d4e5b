package admin_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
)

// A topic with a replica on a broker that is down is deleted for clients all the same.
func TestDeleteTopics_WithBrokerDown(t *testing.T) {
	c := newCluster(t, 2)
	ask1[*kmsg.CreateTopicsResponse](c, 1, create(placed("a", []int32{0}, []int32{1, 2})))
	if err := c.brokers[2].Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := ask1[*kmsg.DeleteTopicsResponse](c, 1, deletion("a")).Topics[0]; got.ErrorCode != 0 || time.Since(began) > 15*time.Second {
		t.Errorf("%+v after %s", got, time.Since(began))
	}
}

// Without ZooKeeper a request waits as long as its caller lets it, and Close ends it.
func TestClose_EndsWhatWaitsForZooKeeper(t *testing.T) {
	c := newCluster(t, 1)
	a, _ := standalone(t, c, nil, nil)
	c.stopZooKeeper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := a.CreateTopic(ctx, admin.NewTopic{Name: "a", Partitions: 1, ReplicationFactor: 1}); err == nil || kproto.Code(err) == kproto.TopicAlreadyExists {
		t.Errorf("%v", err)
	}
	ended := make(chan error)
	go func() {
		ended <- a.CreateTopic(context.Background(), admin.NewTopic{Name: "b", Partitions: 1, ReplicationFactor: 1})
	}()
	a.Close()
	if err := <-ended; err == nil {
		t.Error("a topic without ZooKeeper")
	}
	// What can be told without ZooKeeper is told.
	if got := ask1[*kmsg.DescribeConfigsResponse](c, 1, description(ofBroker, "1", "broker.id")).Resources[0]; got.ErrorCode != 0 || len(got.Configs) != 1 {
		t.Errorf("%+v", got)
	}
}
