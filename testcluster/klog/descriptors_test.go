package klog

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// descriptors is how many files this process has open below a folder.
func descriptors(t *testing.T, below string) (n int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the system does not say which files are open")
	}
	links, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, link := range links {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", link.Name()))
		if rel, rerr := filepath.Rel(below, target); err == nil && rerr == nil && filepath.IsLocal(rel) {
			n++
		}
	}
	return n
}

// TestDescriptors: logs that were written, rolled, read by time and by offset, compacted and truncated, and then deleted
// while readers were at them, leave no file open and no folder behind; nor does the end of the folder.
func TestDescriptors(t *testing.T) {
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), t.TempDir()
	e.cfg.SegmentBytes = 1200
	e.cfg.CleanupCompact, e.cfg.MinCleanableRatio, e.cfg.FileDeleteDelayMs = true, 0, 0
	e.open()
	before := descriptors(t, e.path)
	topics := 200
	if testing.Short() {
		topics = 20
	}
	for i := range topics {
		topic := fmt.Sprintf("topic%d", i)
		l, err := e.dir.Create(topic, 0, Incarnation{Czxid: int64(i + 1)})
		must(t, err)
		for range 4 {
			_, err := l.AppendLeader(batchOf(e.now(), "k="+padded(l.EndOffset(), 900)), 0, AppendOptions{})
			must(t, err)
		}
		l.SetHighWatermark(l.EndOffset())
		l.ring.clear()
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for offset := int64(0); offset < 4; offset++ {
					if c, err := l.Read(offset, 100, 4, true); err == nil {
						c.Release()
					}
					_, _, _, _ = l.OffsetForTime(e.now())
				}
			})
		}
		if i%10 == 0 {
			must(t, e.dir.noteCleaned(l, 0))
			e.dir.compactOne(t.Context())
		}
		if i%10 == 1 {
			must(t, l.Truncate(2))
		}
		must(t, e.dir.Delete(topic, 0))
		readers.Wait()
	}
	if after := descriptors(t, e.path); after != before {
		t.Errorf("%d files were open, and now %d", before, after)
	}
	e.dir.removeDoomed()
	names, err := folderNames(e.fs, e.path)
	must(t, err)
	if len(names) > 12 {
		t.Errorf("there are still %v", names)
	}
	must(t, e.dir.Close())
	if left := descriptors(t, e.path); left != 0 {
		t.Errorf("%d files are still open", left)
	}
}
