package kbroker_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What one broker has made, deleted or grown, the others know when they are asked next.
func TestMetadata_IsNotBehindOtherBrokers(t *testing.T) {
	zk := zooKeeper(t).ConnectString()
	one, two := startBroker(t, configure(t, zk, 1)), startBroker(t, configure(t, zk, 2))
	ok(t, one.Await(within(t), hasController))
	ok(t, two.Await(within(t), hasController))
	makes, asks := admin(t, one), client(t, nil, two)
	for i := range 30 {
		name := fmt.Sprint("t", i)
		made, err := makes.CreateTopic(within(t), 2, 1, nil, name)
		ok(t, err)
		req := kmsg.NewPtrMetadataRequest()
		byName, byID := kmsg.NewMetadataRequestTopic(), kmsg.NewMetadataRequestTopic()
		byName.Topic, byID.TopicID = &name, made.ID
		switch i % 3 {
		case 0:
			req.Topics = []kmsg.MetadataRequestTopic{byName}
		case 1:
			req.Topics = []kmsg.MetadataRequestTopic{byID}
		}
		resp, err := asks.Broker(2).Request(within(t), req)
		ok(t, err)
		topics := resp.(*kmsg.MetadataResponse).Topics
		found := slices.IndexFunc(topics, func(t kmsg.MetadataResponseTopic) bool { return t.TopicID == made.ID })
		if found < 0 || topics[found].ErrorCode != 0 {
			t.Fatalf("%s: %+v", name, topics)
		}
		for _, p := range topics[found].Partitions {
			if p.ErrorCode != 0 {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}
