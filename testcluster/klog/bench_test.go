package klog

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// benchBatch is a batch of about size bytes, of records with values of 100 bytes.
func benchBatch(size int) []byte {
	value := []byte(strings.Repeat("x", 100))
	var records []kproto.Record
	for n := 0; n < size-200; n += 114 {
		records = append(records, kproto.Record{Timestamp: time.Now().UnixMilli(), Value: value})
	}
	return kproto.AppendBatch(nil, kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}, records)
}

// benchLog is a log on the disk whose old segments go soon.
func benchLog(b *testing.B) (*Dir, *Log) {
	cfg := DefaultConfig()
	cfg.SegmentBytes, cfg.RetentionBytes = 256<<20, 256<<20
	d, err := Open(b.Context(), Options{FS: storage.Disk(), Path: b.TempDir(), Config: func(string) Config { return cfg },
		Tuning: Tuning{RetentionEvery: 100 * time.Millisecond}})
	must(b, err)
	b.Cleanup(d.Abandon)
	l, err := d.Create("bench", 0, Incarnation{})
	must(b, err)
	return d, l
}

var benchSizes = []int{1 << 10, 16 << 10, 1 << 20}

func BenchmarkAppendLeader(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			_, l := benchLog(b)
			batch := benchBatch(size)
			b.SetBytes(int64(len(batch)))
			b.ReportAllocs()
			for b.Loop() {
				kproto.SetBaseOffset(batch, 0)
				if _, err := l.AppendLeader(batch, 0, AppendOptions{}); err != nil {
					b.Fatal(err)
				}
				l.SetHighWatermark(math.MaxInt64)
			}
		})
	}
}

// BenchmarkAppendLeader_Compressed: records are looked at, whatever their codec.
func BenchmarkAppendLeader_Compressed(b *testing.B) {
	for c := kproto.CodecNone; c <= kproto.CodecZstd; c++ {
		b.Run(c.String(), func(b *testing.B) {
			_, l := benchLog(b)
			plain := benchBatch(64 << 10)
			batch := compressed(b, c, plain)
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				kproto.SetBaseOffset(batch, 0)
				if _, err := l.AppendLeader(batch, 0, AppendOptions{}); err != nil {
					b.Fatal(err)
				}
				l.SetHighWatermark(math.MaxInt64)
			}
		})
	}
}

func BenchmarkAppendFollower(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			_, l := benchLog(b)
			batch := benchBatch(size)
			b.SetBytes(int64(len(batch)))
			b.ReportAllocs()
			for b.Loop() {
				kproto.SetBaseOffset(batch, l.EndOffset())
				if _, err := l.AppendFollower(batch, 0); err != nil {
					b.Fatal(err)
				}
				l.SetHighWatermark(math.MaxInt64)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, from := range []string{"memory", "disk"} {
		for _, size := range benchSizes {
			b.Run(fmt.Sprintf("%s/%dKiB", from, size>>10), func(b *testing.B) {
				_, l := benchLog(b)
				for total := 0; total < 64<<20; total += size {
					_, err := l.AppendLeader(benchBatch(size), 0, AppendOptions{})
					must(b, err)
				}
				first := l.ring.entries[l.ring.head].base
				if from == "disk" {
					first = 0
					l.ring.clear()
				}
				b.ReportAllocs()
				total := 0
				next := first
				for b.Loop() {
					if next >= l.EndOffset() {
						next = first
					}
					c, err := l.Read(next, 1<<20, math.MaxInt64, true)
					if err != nil || c.Size == 0 {
						b.Fatal(c.Size, err)
					}
					total += c.Size
					next = c.Next
					c.Release()
				}
				if from == "disk" { // from memory nothing is copied
					b.SetBytes(int64(total / b.N))
				}
			})
		}
	}
}
