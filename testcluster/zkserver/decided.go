package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// decided is the writes whose transactions have a zxid, until they are committed. The
// applier takes them.
type decided struct {
	mu        sync.Mutex
	changed   sync.Cond
	list      []*write
	committed zkproto.Zxid
	closed    bool
}

func (d *decided) put(w *write) {
	d.mu.Lock()
	d.list = append(d.list, w)
	d.mu.Unlock()
}

// commit lets everything up to a zxid be applied.
func (d *decided) commit(zxid zkproto.Zxid) {
	d.mu.Lock()
	d.committed = max(d.committed, zxid)
	d.mu.Unlock()
	d.changed.Signal()
}

// take waits for committed writes and appends them to dst, in order. None means that there
// will be no more.
func (d *decided) take(dst []*write) []*write {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.closed && (len(d.list) == 0 || d.list[0].x.Zxid > d.committed) {
		d.changed.Wait()
	}
	n := 0
	for n < len(d.list) && d.list[n].x.Zxid <= d.committed {
		n++
	}
	dst = append(dst, d.list[:n]...)
	left := copy(d.list, d.list[n:])
	clear(d.list[left:])
	d.list = d.list[:left]
	return dst
}

func (d *decided) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.changed.Broadcast()
}
