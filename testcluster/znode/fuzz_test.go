package znode

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// Whatever can be decoded can be applied: the tree stays whole, and a snapshot of it is the same tree.
func FuzzApply(f *testing.F) {
	pack := func(all []*txn.Txn) (b []byte) {
		for _, x := range all {
			enc := x.AppendTo(nil)
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(enc))), enc...)
		}
		return b
	}
	m := newModel(1, 10)
	for range 10 {
		var all []*txn.Txn
		for range 12 {
			all = append(all, m.next())
		}
		f.Add(pack(all))
	}
	f.Add(pack([]*txn.Txn{
		{Header: txn.Header{Type: zkproto.OpDelete}, Body: &txn.Delete{Path: "/zookeeper"}},
		{Header: txn.Header{Type: zkproto.OpCreate}, Body: create("/zookeeper")},
		{Header: txn.Header{Type: zkproto.OpCreate}, Body: create("/zookeeper/quota")},
		{Header: txn.Header{Type: zkproto.OpCreate}, Body: create("/zookeeper/quota/zookeeper_limits")},
		{Header: txn.Header{Type: zkproto.OpCreate}, Body: create("/zookeeper/quota/zookeeper_limits/zookeeper_stats")},
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tr := New(modelOptions)
		for len(b) >= 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			x, err := txn.Decode(b[2 : 2+n])
			b = b[2+n:]
			if err == nil {
				tr.Apply(&x, nil)
			}
		}
		verify(t, tr)
		c := copyOf(t, tr, 3, func() {})
		verify(t, c)
		whole := true // a restored tree has the system's znodes again
		for _, path := range []string{systemPath, quotaPath, ConfigPath} {
			_, ok := tr.Find(path)
			whole = whole && ok
		}
		if whole && (c.Digest() != tr.Digest() || c.NodeCount() != tr.NodeCount()) {
			t.Errorf("the copy has digest %x and %d nodes, want %x and %d", c.Digest(), c.NodeCount(), tr.Digest(), tr.NodeCount())
		}
	})
}

// Everything but Apply, StartWalk and Close may run side by side; the race detector is the judge.
func TestReads_SideBySide(t *testing.T) {
	m, tr := newModel(1, 100), New(modelOptions)
	for range 500 {
		tr.Apply(m.next(), nil)
	}
	var wg sync.WaitGroup
	for range 4 {
		w := tr.StartWalk()
		wg.Go(func() {
			for w.Next(3, func(s *SnapshotNode) {
				n, ok := tr.Find(string(s.Path))
				if !ok || tr.Persisted(n) != s.Stat || string(tr.Data(n)) != string(s.Data) || len(tr.AppendChildren(nil, n)) != tr.NumChildren(n) {
					t.Errorf("%s differs", s.Path)
				}
				tr.QuotaRoot(tr.Path(n))
			}) {
			}
			for id := range tr.EphemeralSessions() {
				tr.Ephemerals(id)
			}
			for path := range tr.Reapable(1<<60, 1) {
				tr.Descendants(path)
			}
		})
	}
	wg.Wait()
	for len(tr.walks) > 0 {
		tr.walks[0].Close()
	}
}
