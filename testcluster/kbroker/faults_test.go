package kbroker_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestLogFails: a broker whose disk has failed says so and ends, so that another one leads what it has led; nothing that
// was acknowledged is lost.
func TestLogFails(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	broken := errors.New("the disk is broken")
	var on atomic.Bool
	members := []*member{nil, startBroker(t, configure(t, e.ConnectString(), 2)), startBroker(t, configure(t, e.ConnectString(), 3))}
	m := prepare(t, configure(t, e.ConnectString(), 1))
	m.options.FS = storage.NewFaults(storage.Disk(), func(c storage.Call) error {
		if on.Load() && c.Op == storage.OpSync && strings.HasSuffix(c.Path, ".log") {
			return broken
		}
		return nil
	})
	m.start(t)
	members[0] = m
	created, err := admin(t, members...).CreateTopic(within(t), 3, 3, map[string]*string{"flush.messages": kgoString("1")}, "t")
	ok(t, err)
	ok(t, created.Err)
	w := write(t, "t", members...)
	w.await(20)
	on.Store(true)
	select {
	case <-m.Done():
	case <-within(t).Done():
		t.Fatal("the broker goes on")
	}
	if err := m.Err(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "the log of t-") {
		t.Errorf("it says %v", err)
	}
	m.Kill() // what its owner does at last; the process would end
	m.Broker = nil
	w.await(50)
	w.finish("t", members[1:]...)
	on.Store(false)
	m.start(t)
	for _, m := range members {
		ok(t, m.Await(within(t), allInSync("t")))
	}
}
