package quorum

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// historyOf has the transactions from first to last of each epoch.
func historyOf(ranges ...[2]zab.Zxid) history {
	var h history
	for _, r := range ranges {
		for z := r[0]; z <= r[1]; z++ {
			h = append(h, item{z, fmt.Sprintf("%v by this one", z)})
		}
	}
	return h
}

// onDisk writes a server's files: a log, and snapshots of the beginnings that end at snaps.
func onDisk(t *testing.T, mem *storage.Memory, h history, snaps ...zab.Zxid) {
	t.Helper()
	a, err := openApp(&cluster{t: t}, 1, mem, "/data")
	must(t, err)
	for i, it := range h {
		must(t, a.log.Append(txnOf(it.zxid, it.value)))
		if i%4 == 3 {
			must(t, a.log.Roll())
		}
	}
	must(t, a.log.Close())
	for _, zxid := range snaps {
		until := slices.IndexFunc(h, func(it item) bool { return it.zxid > zxid })
		if until < 0 {
			until = len(h)
		}
		must(t, a.save(h[:until], zxid))
	}
}

// TestCrashOnTheWay cuts the power at each step of a cut, and of a snapshot's installation:
// what is found then is the state from before, as far as it may still count, or the new one.
func TestCrashOnTheWay(t *testing.T) {
	before := historyOf([2]zab.Zxid{epoch1 + 1, epoch1 + 10})
	parted := historyOf([2]zab.Zxid{epoch1 + 1, epoch1 + 5}, [2]zab.Zxid{epoch2 + 1, epoch2 + 3})
	ahead := historyOf([2]zab.Zxid{epoch1 + 1, epoch1 + 9}, [2]zab.Zxid{epoch3 + 1, epoch3 + 1})
	for _, test := range []struct {
		name    string
		before  history
		snaps   []zab.Zxid
		after   history
		install bool
	}{
		{"cut", before, []zab.Zxid{epoch1 + 4}, before[:6], false},
		{"cut with a snapshot too many", before, []zab.Zxid{epoch1 + 4, epoch1 + 8, epoch1 + 10}, before[:6], false},
		{"cut everything", before, nil, nil, false},
		{"install over a tail", before, []zab.Zxid{epoch1 + 4}, before[:6], true},
		{"install below a snapshot", before, []zab.Zxid{epoch1 + 10}, before[:6], true},
		{"install ahead", before[:6], []zab.Zxid{epoch1 + 4}, ahead, true},
		{"install another history", parted, []zab.Zxid{epoch1 + 4, epoch2 + 2}, ahead, true},
		{"install an older history", parted, []zab.Zxid{epoch1 + 4}, ahead[:9], true},
		{"install what is there", before, []zab.Zxid{epoch1 + 4}, before, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			mem := storage.NewMemory()
			onDisk(t, mem, test.before, test.snaps...)
			var images []*storage.Memory
			armed := false
			a, err := openApp(&cluster{t: t}, 1, storage.NewFaults(mem, func(storage.Call) error {
				if armed {
					for seed := range uint64(4) {
						images = append(images, mem.Crash(seed+uint64(len(images))))
					}
				}
				return nil
			}), "/data")
			must(t, err)
			n := &Node{o: Options{Folder: a.folder, Log: a.log, App: a}.withDefaults()}
			armed = true
			if test.install {
				must(t, n.install(a.log, test.after, test.after.last()))
			} else {
				must(t, n.truncate(a.log, test.after.last()))
			}
			armed = false
			must(t, a.log.Append(txnOf(next, "new")))
			must(t, a.log.Sync())
			must(t, a.log.Close())
			if len(images) == 0 {
				t.Fatal("it did nothing")
			}
			for i, image := range images {
				if h := goOn(t, image); !slices.Equal(h, test.after) && !isStep(h, test.before, test.after) {
					t.Fatalf("crash %d leaves %v", i, h)
				}
			}
			if h := whole(t, mem.Crash(1)); !slices.Equal(h, test.after) {
				t.Fatalf("it has become %v", h)
			}
		})
	}
}

// isStep says whether h lies between before and what of it is not above the end of after.
func isStep(h, before, after history) bool {
	kept := 0
	for kept < len(before) && before[kept].zxid <= after.last() {
		kept++
	}
	return len(h) >= kept && len(h) <= len(before) && slices.Equal(h, before[:len(h)])
}

// next is a transaction of a new epoch, with which a server goes on.
const next = zab.Zxid(7<<32 + 1)

// goOn starts on the files, adds the next transaction, and returns what was there before it.
func goOn(t *testing.T, mem *storage.Memory) history {
	t.Helper()
	a, err := openApp(&cluster{t: t}, 1, mem, "/data")
	must(t, err)
	_, err = Load(a.folder, a.log, a.tree.last())
	must(t, err)
	must(t, a.log.Append(txnOf(next, "new")))
	must(t, a.log.Sync())
	must(t, a.log.Close())
	return whole(t, mem)
}

// whole returns what is there before the next transaction. The log must lead up to it without
// a hole.
func whole(t *testing.T, mem *storage.Memory) history {
	t.Helper()
	a, err := openApp(&cluster{t: t}, 1, mem, "/data")
	must(t, err)
	defer a.log.Close()
	if a.tree.last() != next {
		t.Fatalf("the next transaction is lost: %v", a.tree)
	}
	it := a.log.ReadFrom(0)
	defer it.Close()
	var log history
	for it.Next() {
		log = append(log, itemOf(it.Txn()))
	}
	must(t, it.Err())
	if len(log) > len(a.tree) || !slices.Equal(log, a.tree[len(a.tree)-len(log):]) {
		t.Fatalf("the log has %v, the tree %v", log, a.tree)
	}
	return a.tree[:len(a.tree)-1]
}

func TestTruncate_WhatIsNotThere(t *testing.T) {
	mem := storage.NewMemory()
	h := historyOf([2]zab.Zxid{epoch1 + 1, epoch1 + 5}, [2]zab.Zxid{epoch2 + 1, epoch2 + 3})
	onDisk(t, mem, h, epoch1+4)
	for _, zxid := range []zab.Zxid{epoch1 + 7, epoch2} { // between the epochs
		a, err := openApp(&cluster{t: t}, 1, mem.Crash(1), "/data")
		must(t, err)
		n := &Node{o: Options{Folder: a.folder, Log: a.log, App: a}.withDefaults()}
		err = n.truncate(a.log, zxid)
		if back := (*txnlog.CannotGoBackError)(nil); !errors.As(err, &back) || back.Zxid != zxid || back.Nearest != epoch1+4 {
			t.Fatalf("to %v: %v", zxid, err)
		}
		must(t, a.log.Close())
	}
}
