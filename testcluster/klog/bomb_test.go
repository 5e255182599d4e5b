package klog

import (
	"runtime"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestAppendLeader_Bombs: clients that send, at the same time, small batches which become large cost the memory of one.
func TestAppendLeader_Bombs(t *testing.T) {
	const size = 16 << 20
	bomb := compressed(t, kproto.CodecGzip, batchOf(1, string(make([]byte, size))))
	if len(bomb) > 100<<10 {
		t.Fatalf("%d bytes are none", len(bomb))
	}
	e := newEnv(t)
	e.cfg.SegmentBytes = 1 << 20
	l := e.open()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			b := append([]byte(nil), bomb...)
			if _, err := l.AppendLeader(b, 0, AppendOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	runtime.ReadMemStats(&after)
	// One that grows to its size, the one before that is garbage, and what the collector lets stand.
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 8*size {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	if l.EndOffset() != 16 {
		t.Errorf("it ends at %d", l.EndOffset())
	}
}
