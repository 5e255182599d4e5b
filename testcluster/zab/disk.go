package zab

// The disk works in order and on its own time: operations are numbered as they are handed out, and Persisted says how
// far it has come. Whatever depends on durability - votes, ACKs, the answers about epochs - hangs on an operation
// here, and happens when its number is reached.

// pendingOp is an operation that is not durable yet.
type pendingOp struct {
	seq  uint64
	kind DiskKind
	zxid Zxid
	// term is the one that asked for it. When a later one has begun, all that is left of it is that it is durable.
	term uint64
}

// disk is the queue of those, in order. It is used over and over.
type disk struct {
	seq     uint64
	pending []pendingOp
	head    int
	// persisted is the end of the log on the disk.
	persisted Zxid
}

func (d *disk) idle() bool { return d.head == len(d.pending) }

// write hands out an operation.
func (c *Core) write(op DiskOp) {
	d := &c.disk
	d.seq++
	op.Seq = d.seq
	zxid := op.Zxid
	if op.Kind == AppendTxn {
		zxid = op.Entry.Zxid
	}
	d.pending = append(d.pending, pendingOp{seq: d.seq, kind: op.Kind, zxid: zxid, term: c.term})
	c.out.disk.add(op)
	c.out.some = true
}

// appendLog adds a transaction to the log, in memory and on disk.
func (c *Core) appendLog(e Entry) {
	c.log.append(e)
	c.write(DiskOp{Kind: AppendTxn, Entry: e})
}

func (c *Core) writeAccepted(epoch int64) {
	c.accepted = epoch
	c.write(DiskOp{Kind: WriteAccepted, Epoch: epoch})
}

func (c *Core) writeCurrent(epoch int64) {
	c.current = epoch
	c.write(DiskOp{Kind: WriteCurrent, Epoch: epoch})
}

// Persisted tells that all disk operations up to seq are durable.
func (c *Core) Persisted(seq uint64) {
	d := &c.disk
	for d.head < len(d.pending) && d.pending[d.head].seq <= seq {
		op := d.pending[d.head]
		d.head++
		switch op.kind {
		case AppendTxn, TruncateLog, InstallSnapshot:
			d.persisted = op.zxid
		}
		switch {
		case op.term != c.term:
		case c.learner != nil:
			c.learner.persisted(op)
		case c.leader != nil:
			c.leader.persisted(op)
		}
	}
	switch {
	case d.head == len(d.pending):
		d.pending, d.head = d.pending[:0], 0
	case d.head > 1024 && 2*d.head > len(d.pending):
		d.pending = append(d.pending[:0], d.pending[d.head:]...)
		d.head = 0
	}
	if c.leader != nil {
		c.leader.commit() // once for all that has become durable
	}
	c.evict()
	c.startElection()
}

// evict keeps the committed log within its bounds.
func (c *Core) evict() { c.log.evict(c.cfg.CommitLogCount, c.cfg.CommitLogBytes, c.disk.persisted) }
