package partitions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// descriptors is how many files this process has open below a folder.
func descriptors(t *testing.T, below string) (n int) {
	t.Helper()
	links, err := os.ReadDir("/proc/self/fd")
	ok(t, err)
	for _, link := range links {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", link.Name()))
		if rel, rerr := filepath.Rel(below, target); err == nil && rerr == nil && filepath.IsLocal(rel) {
			n++
		}
	}
	return n
}

// TestTopics_ComeAndGo: 200 topics that are made, written, read and deleted leave no file and no goroutine behind, on the
// leader or on the follower.
func TestTopics_ComeAndGo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system does not say which files are open")
	}
	w := &world{t: t, brokers: map[int32]*broker{}}
	w.minISR.Store(1)
	root := t.TempDir()
	w.fs = func(id int32) (storage.FS, string) { return storage.Disk(), filepath.Join(root, fmt.Sprint(id)) }
	w.begin(2)
	w.topic("stays", []int32{1, 2})
	c := w.brokers[1].client()
	w.brokers[1].leads("stays", 0, 0)
	c.must("stays", 0, batch("a"))
	files, goroutines := descriptors(t, root), runtime.NumGoroutine()
	for i := range 20 {
		for j := range 10 {
			name := fmt.Sprintf("t%d-%d", i, j)
			w.topic(name, []int32{1, 2})
			w.brokers[1].leads(name, 0, 0)
			c.must(name, 0, batch("a"))
			if got := c.all(name, 0); len(got) != 1 {
				t.Fatalf("%s has %v", name, got)
			}
		}
		for j := range 10 {
			w.remove(fmt.Sprintf("t%d-%d", i, j), 1)
		}
	}
	for _, b := range w.brokers {
		eventually(t, "all are gone", func() bool { return len(b.dir.Logs()) == 1 })
	}
	eventually(t, fmt.Sprintf("there are %d files and %d goroutines again", files, goroutines), func() bool {
		return descriptors(t, root) == files && runtime.NumGoroutine() <= goroutines
	})
	c.must("stays", 0, batch("b"))
}
