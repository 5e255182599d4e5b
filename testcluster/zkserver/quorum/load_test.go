package quorum

import (
	"errors"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

const epoch1, epoch2, epoch3 = zab.Zxid(1 << 32), zab.Zxid(2 << 32), zab.Zxid(3 << 32)

func TestLoad_Epochs(t *testing.T) {
	const none = -1
	for _, test := range []struct {
		name              string
		accepted, current int64
		tmp               string
		last              zab.Zxid
		wantAcc, wantCur  int64
		contradiction     bool
	}{
		{name: "a new server", accepted: none, current: none},
		{name: "older than the files", accepted: none, current: none, last: epoch2 + 7, wantAcc: 2, wantCur: 2},
		{name: "in order", accepted: 3, current: 2, last: epoch2 + 1, wantAcc: 3, wantCur: 2},
		{name: "an epoch without a transaction", accepted: 5, current: 5, last: epoch2 + 1, wantAcc: 5, wantCur: 5},
		{name: "no currentEpoch", accepted: 3, current: none, last: epoch2 + 1, wantAcc: 3, wantCur: 2},
		{name: "no acceptedEpoch", accepted: none, current: 2, last: epoch2 + 1, wantAcc: 2, wantCur: 2},
		{name: "acceptedEpoch is lost", accepted: none, current: 3, last: epoch2 + 1, contradiction: true},
		{name: "accepted below current", accepted: 1, current: 2, last: epoch2 + 1, contradiction: true},
		{name: "log ahead of both", accepted: 1, current: 1, last: epoch2 + 1, contradiction: true},
		{name: "a crash on the way to currentEpoch", accepted: 3, current: 1, tmp: "3", last: epoch3 + 1, wantAcc: 3, wantCur: 3},
		{name: "a crash before", accepted: 3, current: 1, last: epoch3 + 1, wantAcc: 3, wantCur: 3},
		{name: "a crash while older epochs came", accepted: 3, current: 1, last: epoch2 + 9, wantAcc: 3, wantCur: 2},
		{name: "a torn one", accepted: 3, current: 1, tmp: "\x00", last: epoch3 + 1, wantAcc: 3, wantCur: 3},
		{name: "a stale one", accepted: 3, current: 2, tmp: "1", last: epoch3 + 1, wantAcc: 3, wantCur: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			mem := storage.NewMemory()
			folder, err := txnlog.OpenFolder(mem, txnlog.FolderConfig{DataDir: "/data"})
			must(t, err)
			for name, epoch := range map[txnlog.EpochFile]int64{txnlog.AcceptedEpoch: test.accepted, txnlog.CurrentEpoch: test.current} {
				if epoch != none {
					must(t, folder.WriteEpoch(name, epoch))
				}
			}
			if test.tmp != "" {
				must(t, storage.WriteFile(mem, folder.SnapDir()+"/"+string(txnlog.CurrentEpochTemp), []byte(test.tmp)))
			}
			log, err := folder.OpenLog(txnlog.Options{PreAlloc: -1})
			must(t, err)
			defer log.Close()
			if test.last > 0 {
				must(t, log.Append(txnOf(test.last, "x")))
				must(t, log.Sync())
			}
			d, err := Load(folder, log, test.last)
			if contradiction := (*EpochError)(nil); test.contradiction {
				if !errors.As(err, &contradiction) || contradiction.Last != test.last {
					t.Fatalf("%+v, %v", d, err)
				}
				return
			}
			must(t, err)
			if want := (zab.Durable{Accepted: test.wantAcc, Current: test.wantCur, Last: test.last}); d != want {
				t.Fatalf("%+v, want %+v", d, want)
			}
			again, err := txnlog.OpenFolder(mem.Crash(1), txnlog.FolderConfig{DataDir: "/data"})
			must(t, err)
			for name, want := range map[txnlog.EpochFile]int64{txnlog.AcceptedEpoch: test.wantAcc, txnlog.CurrentEpoch: test.wantCur} {
				if epoch, ok, err := again.ReadEpoch(name); epoch != want || !ok || err != nil {
					t.Fatalf("%s is %d, %v, %v, want %d", name, epoch, ok, err, want)
				}
			}
		})
	}
}

func TestLoad_BrokenFile(t *testing.T) {
	mem := storage.NewMemory()
	folder, err := txnlog.OpenFolder(mem, txnlog.FolderConfig{DataDir: "/data"})
	must(t, err)
	must(t, storage.WriteFile(mem, folder.SnapDir()+"/currentEpoch", []byte("one")))
	log, err := folder.OpenLog(txnlog.Options{})
	must(t, err)
	defer log.Close()
	_, err = Load(folder, log, 0)
	if corrupt := (*txnlog.CorruptError)(nil); !errors.As(err, &corrupt) {
		t.Fatalf("error %v", err)
	}
}

// TestLoad_NoHole is a crash behind a snapshot of transactions that the log never got.
func TestLoad_NoHole(t *testing.T) {
	c := &cluster{t: t}
	mem := storage.NewMemory()
	a, err := openApp(c, 1, mem, "/data")
	must(t, err)
	var h history
	for z := epoch1 + 1; z <= epoch1+5; z++ {
		h = append(h, item{z, "x"})
		must(t, a.log.Append(txnOf(z, "x")))
	}
	must(t, a.log.Close())
	h = append(h, item{epoch1 + 6, "only committed"})
	must(t, a.save(h, h.last()))

	a, err = openApp(c, 1, mem, "/data")
	must(t, err)
	defer a.log.Close()
	if len(a.tree) != 6 {
		t.Fatalf("loaded %v", a.tree)
	}
	_, err = Load(a.folder, a.log, a.tree.last())
	must(t, err)
	must(t, a.log.Append(txnOf(epoch2+1, "y")))
	must(t, a.log.Sync())
	n := &Node{o: Options{Folder: a.folder, Log: a.log, SnapshotSizeFactor: 1000}, ctx: t.Context()}
	for from, found := range map[zab.Zxid]bool{epoch1 + 3: false, epoch1 + 5: false, epoch2 + 1: true} {
		if r, err := n.search(from); err != nil || r.Found != found {
			t.Fatalf("a learner at %v: %+v, %v", from, r, err)
		}
	}
}
