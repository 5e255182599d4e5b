package admin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// What no cluster could hold is refused before it takes memory, and what is quoted fits into every answer.
func TestHostileNumbers(t *testing.T) {
	c := newCluster(t, 1)
	for _, n := range []int32{1<<31 - 1, 200_000} {
		if got := ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("big", n, 1))).Topics[0]; got.ErrorCode != int16(kproto.InvalidPartitions) {
			t.Errorf("%d partitions: %+v", n, got)
		}
	}
	ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 1, 1)))
	for _, n := range []int32{1<<31 - 1, 200_000} {
		if got := ask1[*kmsg.CreatePartitionsResponse](c, 1, growth("a", n)).Topics[0]; got.ErrorCode != int16(kproto.InvalidPartitions) {
			t.Errorf("%d partitions: %+v", n, got)
		}
	}
	replicas := make([]int32, 1<<20)
	for i := range replicas {
		replicas[i] = int32(i)
	}
	if got := ask1[*kmsg.CreateTopicsResponse](c, 1, create(placed("b", []int32{0}, replicas))).Topics[0]; got.ErrorCode != int16(kproto.InvalidPartitions) {
		t.Errorf("a million replicas: %+v", got)
	}
	if got := ask1[*kmsg.CreatePartitionsResponse](c, 1, growth("a", 2, replicas)).Topics[0]; got.ErrorCode != int16(kproto.InvalidReplicaAssignment) || len(*got.ErrorMessage) > 5000 {
		t.Errorf("a million replicas: %d", got.ErrorCode)
	}
	many := make([]kmsg.CreateTopicsRequestTopic, 10_001)
	for i := range many {
		many[i] = topic(fmt.Sprint("t", i), 1, 1)
	}
	for _, got := range ask1[*kmsg.CreateTopicsResponse](c, 1, create(many...)).Topics {
		if got.ErrorCode != int16(kproto.PolicyViolation) {
			t.Fatalf("%+v", got)
		}
	}
	long := strings.Repeat("delete,", 1<<17)
	if got := ask1[*kmsg.IncrementalAlterConfigsResponse](c, 1, increments(ofTopic, "a", "append:cleanup.policy="+long, "subtract:flush.ms="+long)).Resources[0]; got.ErrorCode == 0 {
		t.Errorf("%+v", got)
	}
	if got := ask1[*kmsg.IncrementalAlterConfigsResponse](c, 1, increments(ofTopic, "a", "set:follower.replication.throttled.replicas="+strings.Repeat("1:1,", 1<<18)+"1:1")).Resources[0]; got.ErrorCode == 0 {
		t.Errorf("a configuration of a megabyte: %+v", got)
	}
	twice := description(ofTopic, "a")
	twice.Resources = append(twice.Resources, twice.Resources[0], twice.Resources[0])
	for _, name := range []string{"1", "01", "+1", "0000001"} {
		twice.Resources = append(twice.Resources, description(ofBroker, name).Resources[0])
	}
	if got := ask1[*kmsg.DescribeConfigsResponse](c, 1, twice); len(got.Resources) != 2 {
		t.Errorf("%d answers", len(got.Resources))
	}
	wishes := create(topic("v1", 40_000, 1), topic("v2", 40_000, 1), topic("v3", 40_000, 1), topic("v4", 40_000, 1), topic("v5", 1, 1))
	wishes.ValidateOnly = true
	var codes []int16
	for _, got := range ask1[*kmsg.CreateTopicsResponse](c, 1, wishes).Topics {
		codes = append(codes, got.ErrorCode)
	}
	if many := int16(kproto.PolicyViolation); !slices.Equal(codes, []int16{0, 0, 0, many, many}) {
		t.Errorf("160,001 partitions: %v", codes)
	}
}
