package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// decided is the writes whose transactions have a zxid, until they are committed. The
// applier takes them.
type decided struct {
	mu        sync.Mutex
	changed   sync.Cond
	list      []*write
	last      zkproto.Zxid // of what was put
	committed zkproto.Zxid
	closed    bool

	applied zkproto.Zxid // everything up to here is in the tree
	taken   zkproto.Zxid // the applier is on the way to here
	busy    bool         // as long as it is
	waiting int          // who waits for applied
	settled sync.Cond    // of mu, for those
}

// init says where the tree ends. It is not for a queue in use.
func (d *decided) init(zxid zkproto.Zxid) {
	d.changed.L, d.settled.L = &d.mu, &d.mu
	d.last, d.committed, d.applied = zxid, zxid, zxid
}

func (d *decided) put(w *write) {
	d.mu.Lock()
	d.list = append(d.list, w)
	d.last = w.x.Zxid
	d.mu.Unlock()
}

// commit lets everything up to a zxid be applied.
func (d *decided) commit(zxid zkproto.Zxid) {
	d.mu.Lock()
	d.committed = max(d.committed, zxid)
	d.mu.Unlock()
	d.changed.Signal()
}

// commitEntries is commit for an ensemble. What was not decided here comes as bytes.
func (d *decided) commitEntries(entries []zab.Entry) {
	d.mu.Lock()
	for _, e := range entries {
		if e.Zxid > d.last {
			w := &write{raw: e.Data}
			w.x.Zxid = e.Zxid
			d.list = append(d.list, w)
			d.last = e.Zxid
		}
		d.committed = max(d.committed, e.Zxid)
	}
	d.mu.Unlock()
	d.changed.Signal()
}

// mark has w taken behind everything that is decided now. It is no transaction.
func (d *decided) mark(w *write) {
	d.mu.Lock()
	w.x.Zxid = d.last
	d.list = append(d.list, w)
	d.mu.Unlock()
	d.changed.Signal()
}

// drop forgets what is not committed: whoever leads next decides about it.
func (d *decided) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for n < len(d.list) && d.list[n].x.Zxid <= d.committed {
		n++
	}
	clear(d.list[n:])
	d.list = d.list[:n]
	d.last = d.committed
}

// take waits for committed writes and appends them to dst, in order. None means that there
// will be no more. What was taken before is applied by now.
func (d *decided) take(dst []*write) []*write {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
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
	if n > 0 {
		d.busy = true
		d.taken = dst[len(dst)-1].x.Zxid
	}
	return dst
}

// settle notes that what was taken is applied. The lock is held.
func (d *decided) settle() {
	if d.busy {
		d.busy, d.applied = false, d.taken
	}
	if d.waiting > 0 {
		d.settled.Broadcast()
	}
}

func (d *decided) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.changed.Broadcast()
}

// await waits until everything up to a zxid is in the tree. A zxid without a counter is an
// epoch's beginning and no transaction: then it is everything that is committed. It is false
// if over says so before; whoever changes what over says calls nudge.
func (d *decided) await(zxid zkproto.Zxid, over func() bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting++
	defer func() { d.waiting-- }()
	if zxid.Counter() == 0 {
		zxid = d.committed
	}
	for d.applied < zxid {
		if over() {
			return false
		}
		d.settled.Wait()
	}
	return true
}

// nudge has those who wait look whether it is over.
func (d *decided) nudge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled.Broadcast()
}

// idle waits until everything that is committed is in the tree, and the applier has nothing in
// hand, be it no transaction.
func (d *decided) idle(over func() bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting++
	defer func() { d.waiting-- }()
	for d.busy || d.applied < d.committed {
		if over() {
			return false
		}
		d.settled.Wait()
	}
	return true
}

// restart begins anew behind another tree. The applier is idle.
func (d *decided) restart(zxid zkproto.Zxid) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.committed, d.applied, d.taken = zxid, zxid, zxid, zxid
}
