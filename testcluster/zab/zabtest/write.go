package zabtest

import "github.com/zoka-project/zoka/testcluster/zab"

// write hands ops to the disk.
func (s *server) write(ops []zab.DiskOp) {
	for _, op := range ops {
		s.disk.lastSeq++
		if op.Seq != s.disk.lastSeq {
			s.w.fail(s, "disk operation %d comes after %d", op.Seq, s.disk.lastSeq-1)
			return
		}
		d := diskOp{DiskOp: op}
		if op.Kind == zab.InstallSnapshot {
			tree, ok := s.streams[op.Link]
			if !ok {
				s.w.fail(s, "it installs a snapshot that it has not got")
				return
			}
			delete(s.streams, op.Link)
			d.tree = tree
		}
		s.disk.pending = append(s.disk.pending, d)
	}
	s.disk.begin(s)
}

// begin writes what is pending, all in one go.
func (d *disk) begin(s *server) {
	if d.busy || d.hold || s.core == nil || len(d.pending) == 0 {
		return
	}
	d.busy = true
	w, life, n := s.w, s.life, len(d.pending)
	w.after(w.draw(d.rng, w.DiskMin, w.DiskMax, w.DiskSpike), func() {
		if s.core != nil && s.life == life {
			s.synced(n)
		}
	})
}

// synced carries out the first n of what is pending, and reports it.
func (s *server) synced(n int) {
	d, w := &s.disk, s.w
	var seq uint64
	for _, op := range d.pending[:n] {
		before := d.last()
		if err := d.do(op); err != nil {
			w.fail(s, "%v", err)
			return
		}
		seq = op.Seq
		w.tell.disk(w, s, &op)
		d.pending = d.pending[1:]
		if op.removes() {
			w.checkDurable(s, min(op.Zxid, before))
			s.replace(&op)
		}
		if d.crashAfter > 0 {
			if d.crashAfter--; d.crashAfter == 0 {
				s.crash()
				return
			}
		}
	}
	d.busy = false
	s.input(s.life, func(m Machine) { m.Persisted(seq) })
	d.begin(s)
}

// replace brings the tree in line with a disk from which something has been removed.
func (s *server) replace(op *diskOp) {
	if op.Kind == zab.InstallSnapshot || lastOf(s.tree) > op.Zxid {
		s.tree, s.verified = s.disk.load(), 0
	}
}

// snapshot writes a snapshot file and drops the log files before it.
func (s *server) snapshot() {
	if !s.serves() || len(s.tree) == 0 {
		return
	}
	d := &s.disk
	d.snap, d.snapZxid = s.tree[:len(s.tree):len(s.tree)], lastOf(s.tree)
	d.log = append([]zab.Entry(nil), d.log[after(d.log, d.snapZxid):]...)
}
