package quorum

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// withLog is a node with nothing but files: 10 transactions of 100 bytes in each of two
// epochs, the first file of which is gone, and a snapshot of 10 of them if there is one.
func withLog(t *testing.T, snapshot bool) *Node {
	t.Helper()
	c := &cluster{t: t}
	mem := storage.NewMemory()
	a, err := openApp(c, 1, mem, "/data")
	must(t, err)
	t.Cleanup(func() { must(t, a.log.Close()) })
	must(t, mem.Remove("/data/version-2/snapshot.0"))
	value := string(bytes.Repeat([]byte("v"), 100-32))
	var h history
	for _, epoch := range []zab.Zxid{epoch1, epoch2} {
		for i := zab.Zxid(4); i <= 13; i++ {
			zxid := epoch + i
			if epoch == epoch2 {
				zxid -= 3
			}
			must(t, a.log.Append(txnOf(zxid, value)))
			h = append(h, item{zxid, value})
		}
		must(t, a.log.Roll())
	}
	if snapshot {
		must(t, a.save(h[:10], h[9].zxid))
	}
	return &Node{o: Options{Folder: a.folder, Log: a.log}.withDefaults(), ctx: t.Context()}
}

func TestSearch(t *testing.T) {
	last1, last2 := epoch1+13, epoch2+10
	for _, test := range []struct {
		zxid     zab.Zxid
		snapshot bool
		factor   float64
		want     zab.ProbeResult
	}{
		{zxid: epoch1 + 5, want: zab.ProbeResult{Found: true, Before: epoch1 + 5}},
		{zxid: epoch1 + 4, want: zab.ProbeResult{Found: true, Before: epoch1 + 4}},
		{zxid: epoch1 + 3}, // just before the first: nothing says that there was no other
		{zxid: 0},
		{zxid: last1, want: zab.ProbeResult{Found: true, Before: last1}},
		{zxid: epoch1 + 99, want: zab.ProbeResult{Found: true, Before: last1}},
		{zxid: epoch2, want: zab.ProbeResult{Found: true, Before: last1}},
		{zxid: last2, want: zab.ProbeResult{Found: true, Before: last2}},
		{zxid: epoch3 + 5, want: zab.ProbeResult{Found: true, Before: last2}},
		{zxid: epoch1 + 5, factor: -1},
		{zxid: epoch1 + 5, snapshot: true},
		{zxid: epoch2 + 9, snapshot: true, want: zab.ProbeResult{Found: true, Before: epoch2 + 9}},
		{zxid: epoch1 + 5, snapshot: true, factor: 10, want: zab.ProbeResult{Found: true, Before: epoch1 + 5}},
	} {
		n := withLog(t, test.snapshot)
		if test.factor != 0 {
			n.o.SnapshotSizeFactor = test.factor
		}
		got, err := n.search(test.zxid)
		if err != nil || got != test.want {
			t.Errorf("%v (snapshot %v, factor %v): %+v, %v, want %+v", test.zxid, test.snapshot, test.factor, got, err, test.want)
		}
	}
}

func TestWriteLog(t *testing.T) {
	n := withLog(t, false)
	read := func(from, to zab.Zxid) (zxids []zab.Zxid, err error) {
		var buf bytes.Buffer
		if err := n.writeLog(&buf, from, to); err != nil {
			return nil, err
		}
		src := bufio.NewReader(&buf)
		for {
			p, err := transport.ReadPacket(src, 1<<20)
			if err == io.EOF {
				return zxids, nil
			}
			must(t, err)
			commit, err := transport.ReadPacket(src, 1<<20)
			must(t, err)
			if p.Type != zab.Proposal || itemOf(p.Data).zxid != p.Zxid || commit.Type != zab.Commit || commit.Zxid != p.Zxid {
				t.Fatalf("%v %v, %v %v", p.Type, p.Zxid, commit.Type, commit.Zxid)
			}
			zxids = append(zxids, p.Zxid)
		}
	}
	got, err := read(epoch1+11, epoch2+3)
	must(t, err)
	if want := []zab.Zxid{epoch1 + 12, epoch1 + 13, epoch2 + 1, epoch2 + 2, epoch2 + 3}; !slices.Equal(got, want) {
		t.Fatalf("sent %v, want %v", got, want)
	}
	for _, r := range [][2]zab.Zxid{{epoch1 + 1, epoch2 + 3}, {epoch1 + 11, epoch1 + 99}, {epoch2 + 4, epoch2 + 11}, {epoch2 + 10, epoch3 + 1}} {
		if got, err := read(r[0], r[1]); err == nil {
			t.Errorf("from %v to %v it sent %v", r[0], r[1], got)
		}
	}
}
