package zkserver

import "sync/atomic"

// flow counts what has been submitted and not been answered: a standalone server's, or that
// of one term of an ensemble's member.
type flow struct {
	limit  int64 // negative: none
	writes atomic.Int64
	bytes  atomic.Int64 // of their bodies
}

// begin takes writes into account, and finish takes them out again.
func (f *flow) begin(ws []*write) {
	size := 0
	for _, w := range ws {
		w.flow = f
		size += len(w.body)
	}
	f.writes.Add(int64(len(ws)))
	f.bytes.Add(int64(size))
}

func (f *flow) finish(writes, bytes int) {
	f.writes.Add(-int64(writes))
	f.bytes.Add(-int64(bytes))
}

// finish takes a batch of writes out of their flows. Those that nobody has submitted have
// none; neighbours nearly always share theirs.
func finish(ws []*write) {
	var f *flow
	writes, bytes := 0, 0
	for _, w := range ws {
		if w.flow == nil {
			continue
		}
		if w.flow != f {
			if f != nil {
				f.finish(writes, bytes)
			}
			f, writes, bytes = w.flow, 0, 0
		}
		writes++
		bytes += len(w.body)
	}
	if f != nil {
		f.finish(writes, bytes)
	}
}

// busy says that too much is submitted and not answered: in number, or in bytes.
func (f *flow) busy() bool {
	return f.limit >= 0 && f.writes.Load() > f.limit || f.bytes.Load() > maxInflightBytes
}
