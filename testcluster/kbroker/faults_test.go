package kbroker_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker"
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
	if err := m.Err(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "FATAL: shutdown broker because all log dirs have failed: log folder "+m.config.LogDirs[0]) {
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

// TestOneFolderFails: a broker with two log folders, one of which has failed, goes on with the other one, now and after a
// restart; others lead what was in the failed one, until that is back.
func TestOneFolderFails(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	good, bad := t.TempDir(), filepath.Join(t.TempDir(), "bad")
	var on atomic.Bool
	members := []*member{nil, startBroker(t, configure(t, e.ConnectString(), 2)), startBroker(t, configure(t, e.ConnectString(), 3))}
	m := prepare(t, configure(t, e.ConnectString(), 1, "log.dirs="+good+","+bad))
	m.options.FS = storage.NewFaults(storage.Disk(), func(c storage.Call) error {
		if on.Load() && strings.HasPrefix(c.Path, bad) && (c.Op == storage.OpWrite || c.Op == storage.OpSync) {
			return syscall.ENOSPC
		}
		return nil
	})
	m.start(t)
	members[0] = m
	created, err := admin(t, members...).CreateTopic(within(t), 6, 3, nil, "t")
	ok(t, err)
	ok(t, created.Err)
	ok(t, m.Await(within(t), allInSync("t")))
	w := write(t, "t", members...)
	w.await(50)
	on.Store(true)
	// Broker 1 is in the ISRs of those three that it has in its good folder.
	halved := func(img *kzk.Image) bool {
		in := 0
		for _, p := range img.Topics["t"].Partitions {
			if p.State.Leader < 0 {
				return false
			}
			for _, id := range p.State.ISR {
				if id == 1 {
					in++
				}
			}
		}
		return in == 3
	}
	ok(t, members[1].Await(within(t), halved))
	w.await(100)
	if err := m.Err(); err != nil {
		t.Fatal(err)
	}
	m.stop(t)
	w.await(20)
	m.start(t) // the folder is still bad
	ok(t, members[1].Await(within(t), halved))
	w.await(50)
	on.Store(false)
	m.stop(t)
	m.start(t)
	ok(t, m.Await(within(t), allInSync("t")))
	w.finish("t", members...)
}

// TestOfflineIsNotElected: a replica in a folder that has failed leads nothing, even where nobody in sync is left: if the
// topic allows an unclean election, another replica does.
func TestOfflineIsNotElected(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	good, bad := t.TempDir(), filepath.Join(t.TempDir(), "bad")
	var on atomic.Bool
	m := prepare(t, configure(t, e.ConnectString(), 1, "log.dirs="+good+","+bad))
	m.options.FS = storage.NewFaults(storage.Disk(), func(c storage.Call) error {
		if on.Load() && strings.HasPrefix(c.Path, bad) && (c.Op == storage.OpWrite || c.Op == storage.OpSync) {
			return syscall.ENOSPC
		}
		return nil
	})
	m.start(t)
	const abrupt = "controlled.shutdown.enable=false"
	second := startBroker(t, configure(t, e.ConnectString(), 2, abrupt))
	third := startBroker(t, configure(t, e.ConnectString(), 3, abrupt))
	created, err := admin(t, m).CreateTopic(within(t), 2, 3, map[string]*string{"unclean.leader.election.enable": kgoString("true")}, "t")
	ok(t, err)
	ok(t, created.Err)
	ok(t, m.Await(within(t), allInSync("t")))
	third.stop(t)
	on.Store(true)
	cl := client(t, []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())}, m, second)
	ok(t, cl.ProduceSync(within(t), &kgo.Record{Topic: "t", Partition: 0}, &kgo.Record{Topic: "t", Partition: 1}).FirstErr())
	// leaders says whether the two partitions, the one in the good folder and the other, have such leaders and such ISRs.
	leaders := func(isr ...string) func(*kzk.Image) bool {
		return func(img *kzk.Image) bool {
			var are []string
			for _, p := range img.Topics["t"].Partitions {
				are = append(are, fmt.Sprint(p.State.Leader >= 0, p.State.ISR))
			}
			slices.Sort(are)
			return slices.Equal(are, isr)
		}
	}
	ok(t, m.Await(within(t), func(img *kzk.Image) bool {
		return leaders("true [1 2]", "true [2]")(img) || leaders("true [2 1]", "true [2]")(img)
	}))
	second.stop(t)
	ok(t, m.Await(within(t), leaders("false [1]", "true [1]"))) // it was elected, and has resigned
	third.start(t)
	ok(t, m.Await(within(t), func(img *kzk.Image) bool {
		return leaders("true [1]", "true [3]")(img) || leaders("true [1 3]", "true [3]")(img)
	}))
}

// TestTwins: a partition that is in two log folders is no start.
func TestTwins(t *testing.T) {
	e := zooKeeper(t)
	one, two := t.TempDir(), t.TempDir()
	for _, dirs := range []string{one, two} {
		m := startBroker(t, configure(t, e.ConnectString(), 1, "log.dirs="+dirs))
		if dirs == one {
			_, err := admin(t, m).CreateTopic(within(t), 1, 1, nil, "t")
			ok(t, err)
		}
		ok(t, m.Await(within(t), func(img *kzk.Image) bool { return img.Topics["t"] != nil && img.Topics["t"].Partitions[0].State != nil }))
		m.stop(t)
	}
	_, err := kbroker.Start(within(t), kbroker.Options{Config: configure(t, e.ConnectString(), 1, "log.dirs="+one+","+two)})
	if err == nil || !strings.Contains(err.Error(), "t-0 is in two log folders, "+one+" and "+two) {
		t.Errorf("it says %v", err)
	}
}
