package controller_test

import (
	"fmt"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// BenchmarkPlan is what every change of the image costs a controller: nothing is due in 10,000 partitions.
func BenchmarkPlan(b *testing.B) {
	image := &kzk.Image{Brokers: make(map[int32]*kzk.Broker), Topics: make(map[string]*kzk.Topic)}
	for id := range int32(3) {
		image.Brokers[id] = &kzk.Broker{ID: id, Epoch: 1}
	}
	for n := range 100 {
		t := &kzk.Topic{Name: fmt.Sprint("t", n), HasID: true, Partitions: make(map[int32]*kzk.Partition)}
		for p := range int32(100) {
			t.Partitions[p] = &kzk.Partition{Replicas: []int32{0, 1, 2}, State: &kzk.State{ISR: []int32{0, 1, 2}, Mzxid: 2}}
		}
		image.Topics[t.Name] = t
	}
	for b.Loop() {
		if changes := controller.Plan(controller.Input{Image: image}); len(changes) > 0 {
			b.Fatal(changes)
		}
	}
}
