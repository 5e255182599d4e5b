package zabtest

import "github.com/zoka-project/zoka/testcluster/zab"

// history is what the world knows of the truth: the committed transactions, in their order.
type history struct {
	entries []zab.Entry
	// numbers has the last write of each session.
	numbers map[int]int
	// leaders has who led each epoch.
	leaders map[int64]leadership
}

type leadership struct {
	by   *server
	term int
}

func newHistory() history {
	return history{numbers: map[int]int{}, leaders: map[int64]leadership{}}
}

// checkCommitted takes the first n transactions of a server's tree as committed. Where they are the first that are
// known of, they become part of the history.
func (w *World) checkCommitted(s *server, n int) {
	h := &w.history
	for ; s.verified < n && w.err == nil; s.verified++ {
		e := s.tree[s.verified]
		if s.verified < len(h.entries) {
			if f := h.entries[s.verified]; !same(e, f) {
				w.fail(s, "its transaction %d is %s, and %s has been committed there", s.verified+1, show(e), show(f))
			}
			continue
		}
		w.extend(s, e)
	}
}

// extend makes e the next committed transaction.
func (w *World) extend(s *server, e zab.Entry) {
	h := &w.history
	if last := lastOf(h.entries); len(h.entries) > 0 && !follows(last, e.Zxid) {
		w.fail(s, "%s is committed, and the last one committed is %v", show(e), last)
		return
	}
	if !w.quorum(func(t *server) bool { return t.disk.has(e) }) {
		w.fail(s, "%s is committed, and no quorum has it on disk", show(e))
		return
	}
	session, number, z, ok := parsePayload(e.Data)
	if !ok || z != e.Zxid.String() {
		w.fail(s, "%v is committed with the data %q", e.Zxid, e.Data)
		return
	}
	if number <= h.numbers[session] {
		w.fail(s, "%s is committed, after the session's write %d", show(e), h.numbers[session])
		return
	}
	h.numbers[session] = number
	h.entries = append(h.entries, e)
}

// checkServing looks at a server that begins to serve: it has all that was committed before its epoch, nothing that
// is not committed, and nobody else leads.
func (w *World) checkServing(s *server) {
	h, epoch := &w.history, s.role.Epoch
	if s.role.State == zab.Leading {
		if was, ok := h.leaders[epoch]; ok && (was.by != s || was.term != s.term) {
			w.fail(s, "it leads epoch %d, which server %d has led", epoch, was.by.id)
			return
		}
		h.leaders[epoch] = leadership{s, s.term}
		w.checkCommitted(s, len(s.tree))
	}
	if before := after(h.entries, zab.Zxid(epoch<<32)); len(s.tree) < before {
		w.fail(s, "it serves in epoch %d with %d transactions, and %d had been committed before", epoch, len(s.tree), before)
		return
	}
	if len(s.tree) > len(h.entries) {
		w.fail(s, "it serves %s, which is not committed", show(s.tree[len(h.entries)]))
		return
	}
	if s.disk.current != epoch {
		w.fail(s, "it serves in epoch %d, and its currentEpoch is %d", epoch, s.disk.current)
		return
	}
	w.checkCommitted(s, len(s.tree))
}

// checkDurable looks whether what has been committed after z is still on the disks of a quorum, now that s has
// lost something.
func (w *World) checkDurable(s *server, z zab.Zxid) {
	h := &w.history
	for _, e := range h.entries[after(h.entries, z):] {
		if !w.quorum(func(t *server) bool { return t.disk.has(e) }) {
			w.fail(s, "%s was committed, and is no longer on the disks of a quorum", show(e))
			return
		}
	}
}
