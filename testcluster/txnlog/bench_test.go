package txnlog

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// BenchmarkWriter is appends of 200 bytes by one goroutine, group-committed to a real disk;
// txn/sync is how many a sync covered.
func BenchmarkWriter(b *testing.B) {
	f, err := OpenFolder(storage.Disk(), FolderConfig{DataDir: b.TempDir()})
	must(b, err)
	l, err := f.OpenLog(Options{})
	must(b, err)
	syncs, done, last := 0, make(chan struct{}), zkproto.Zxid(b.N)
	w := NewWriter(l, WriterOptions{Persisted: func(z zkproto.Zxid) {
		syncs++
		if z == last {
			close(done)
		}
	}})
	txn := makeTxn(0, make([]byte, 168))
	b.SetBytes(200)
	b.ReportAllocs()
	b.ResetTimer()
	for z := zkproto.Zxid(1); z <= last; z++ {
		copy(txn, makeTxn(z, nil))
		must(b, w.Append(txn))
	}
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/float64(syncs), "txn/sync")
	must(b, w.Close())
}

// BenchmarkSync is a batch of one: the price of a sync.
func BenchmarkSync(b *testing.B) {
	f, err := OpenFolder(storage.Disk(), FolderConfig{DataDir: b.TempDir()})
	must(b, err)
	l, err := f.OpenLog(Options{})
	must(b, err)
	for z := zkproto.Zxid(1); b.Loop(); z++ {
		must(b, l.Append(makeTxn(z, make([]byte, 168))))
		must(b, l.Sync())
	}
	must(b, l.Close())
}

const benchNodes = 1_000_000

func writeNodes(w *SnapshotWriter) {
	w.Sessions(0)
	w.ACLs(0)
	var stat zkproto.StatPersisted
	data, path := make([]byte, 100), []byte{}
	w.Node(nil, nil, -1, &stat)
	for i := range benchNodes {
		path = fmt.Appendf(path[:0], "/bench/node-%09d", i)
		w.Node(path, data, -1, &stat)
	}
	w.End()
	w.LastProcessed(1)
}

func BenchmarkSnapshotWrite1M(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		w := newSnapshotContent(io.Discard)
		writeNodes(w)
		must(b, w.Flush())
	}
}

func BenchmarkSnapshotRead1M(b *testing.B) {
	var out bytes.Buffer
	w := newSnapshotContent(&out)
	writeNodes(w)
	must(b, w.Flush())
	b.SetBytes(int64(out.Len()))
	b.ReportAllocs()
	for b.Loop() {
		n := countSink{}
		_, err := ReadSnapshot(bytes.NewReader(out.Bytes()), "bench", &n)
		must(b, err)
		if n.nodes != benchNodes+1 {
			b.Fatalf("%d nodes", n.nodes)
		}
	}
}

type countSink struct{ nodes int }

func (*countSink) Session(zkproto.SessionID, int32) error { return nil }
func (*countSink) ACL(int64, []zkproto.ACL) error         { return nil }
func (c *countSink) Node(_, _ []byte, _ int64, _ *zkproto.StatPersisted) error {
	c.nodes++
	return nil
}
