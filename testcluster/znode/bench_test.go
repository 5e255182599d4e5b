package znode

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// fill makes n nodes of 100 bytes below 1000 parents.
func fill(t *Tree, n int) {
	data := make([]byte, 100)
	for p := range min(n, 1000) {
		do(t, 0, zkproto.OpCreate, &txn.Create{Path: fmt.Sprintf("/p%03d", p), ParentCversion: -1})
	}
	x := &txn.Txn{Header: txn.Header{Type: zkproto.OpCreate}}
	var events []Event
	for i := range n {
		x.Zxid, x.Time = t.LastZxid()+1, int64(i)
		x.Body = &txn.Create{Path: fmt.Sprintf("/p%03d/n%09d", i%1000, i), Data: data, ACL: zkproto.OpenACL(), ParentCversion: -1}
		_, events = t.Apply(x, events[:0])
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// rss is the resident memory of the process in bytes, 0 where the system does not tell.
func rss() int {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.Atoi(f[1])
			return kb << 10
		}
	}
	return 0
}

// BenchmarkMemory reports what a node with a name of 10 bytes and data of 100 takes in a tree of a million, and how
// long the garbage collector needs for it. Run it with -benchtime 1x.
func BenchmarkMemory(b *testing.B) {
	for _, digest := range []bool{false, true} {
		b.Run(fmt.Sprintf("digest=%v", digest), func(b *testing.B) {
			for range b.N {
				const n = 1_000_000
				before := liveHeap()
				t := New(Options{Digest: digest})
				fill(t, n)
				b.ReportMetric(float64(liveHeap()-before)/n, "B/node")
				b.ReportMetric(float64(rss())/1e6, "MB-rss")
				start := time.Now()
				runtime.GC()
				b.ReportMetric(float64(time.Since(start).Microseconds()), "µs-gc")
				runtime.KeepAlive(t)
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	for _, digest := range []bool{false, true} {
		t := New(Options{Digest: digest})
		fill(t, 100_000)
		data := make([]byte, 100)
		b.Run(fmt.Sprintf("set/digest=%v", digest), func(b *testing.B) {
			b.ReportAllocs()
			x := &txn.Txn{Header: txn.Header{Type: zkproto.OpSetData}}
			body := &txn.SetData{Data: data}
			x.Body = body
			var events []Event
			for i := range b.N {
				k := i * 7919 % 100_000
				body.Path = fmt.Sprintf("/p%03d/n%09d", k%1000, k)
				x.Zxid = t.LastZxid() + 1
				_, events = t.Apply(x, events[:0])
			}
		})
		b.Run(fmt.Sprintf("create+delete/digest=%v", digest), func(b *testing.B) {
			b.ReportAllocs()
			create := &txn.Txn{Header: txn.Header{Type: zkproto.OpCreate}, Body: &txn.Create{Path: "/p007/x", Data: data, ACL: zkproto.OpenACL(), ParentCversion: -1}}
			del := &txn.Txn{Header: txn.Header{Type: zkproto.OpDelete}, Body: &txn.Delete{Path: "/p007/x"}}
			var events []Event
			for range b.N {
				create.Zxid = t.LastZxid() + 1
				_, events = t.Apply(create, events[:0])
				del.Zxid = t.LastZxid() + 1
				_, events = t.Apply(del, events[:0])
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		t := New(Options{})
		fill(t, n)
		paths := make([]string, 1<<16)
		for i := range paths {
			k := i * 7919 % n
			paths[i] = fmt.Sprintf("/p%03d/n%09d", k%1000, k)
		}
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := t.Find(paths[i&(1<<16-1)]); !ok {
					b.Fatal(paths[i])
				}
			}
		})
	}
}

// BenchmarkSnapshot walks a tree of a million nodes and restores another from what it sees.
func BenchmarkSnapshot(b *testing.B) {
	t := New(Options{Digest: true})
	fill(t, 1_000_000)
	b.Run("walk", func(b *testing.B) {
		for b.Loop() {
			w := t.StartWalk()
			for w.Next(1000, func(*SnapshotNode) {}) {
			}
			w.Close()
		}
	})
	b.Run("walk+restore", func(b *testing.B) {
		for b.Loop() {
			r := NewRestore(Options{Digest: true})
			for id, acl := range t.ACLTable() {
				r.RestoreACL(id, acl)
			}
			w := t.StartWalk()
			for w.Next(1000, func(s *SnapshotNode) {
				if err := r.RestoreNode(string(s.Path), s.Data, s.ACLID, &s.Stat); err != nil {
					b.Fatal(err)
				}
			}) {
			}
			w.Close()
			if c, err := r.Tree(); err != nil || c.Digest() != t.Digest() {
				b.Fatal(err, c.Digest(), t.Digest())
			}
		}
	})
}
