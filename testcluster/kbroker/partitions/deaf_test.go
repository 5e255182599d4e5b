package partitions_test

import (
	"strings"
	"testing"
	"time"
)

// TestFetch_HoldsItselfToTheMemoryThatIsLeft: consumers that ask for much and read nothing make the answers of others
// smaller, which go on to be answers; when they have gone, all is as before.
func TestFetch_HoldsItselfToTheMemoryThatIsLeft(t *testing.T) {
	w := newWorld(t, 0, nil)
	const batches, size = 48, 512 << 10
	w.maxHeld = batches * size * 3 / 2
	b := w.start(1)
	w.topic("t", []int32{1})
	b.leads("t", 0, 0)
	c := b.client()
	value := strings.Repeat("x", size)
	for range batches {
		c.must("t", 0, batch(value))
	}
	q := fetchRequest(12, "t", 0, 0)
	q.MaxBytes, q.Topics[0].Partitions[0].PartitionMaxBytes = 1<<30, 1<<30
	count := func() int { return len(values(t, fetched(c.request(q)).RecordBatches)) }
	if n := count(); n != batches {
		t.Fatalf("%d records of %d", n, batches)
	}
	var deaf []*client
	for range 4 { // each of them asks again and again
		d := b.client()
		for range 10 {
			d.send(q)
		}
		deaf = append(deaf, d)
	}
	until(t, "smaller answers", func() bool { return count() < batches })
	for range 20 {
		if count() == 0 {
			t.Error("an answer has no batch")
		}
	}
	for _, d := range deaf {
		ok(t, d.conn.Close())
	}
	until(t, "whole answers", func() bool { return count() == batches })
}

// until waits for what the deaf ones' connections do in the background.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}
