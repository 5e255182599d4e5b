package lease

import (
	"iter"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Table has the timeout of every session, in milliseconds. All servers of an ensemble
// have the same one after the same transactions.
type Table struct{ timeouts map[zkproto.SessionID]int32 }

// NewTable returns an empty table.
func NewTable() *Table { return &Table{timeouts: make(map[zkproto.SessionID]int32)} }

// Open adds a session.
func (t *Table) Open(id zkproto.SessionID, timeout int32) { t.timeouts[id] = timeout }

// Close removes a session.
func (t *Table) Close(id zkproto.SessionID) { delete(t.timeouts, id) }

// Timeout is the timeout of a session, and false where there is no such session.
func (t *Table) Timeout(id zkproto.SessionID) (int32, bool) {
	v, ok := t.timeouts[id]
	return v, ok
}

// Len is the number of sessions.
func (t *Table) Len() int { return len(t.timeouts) }

// All yields every session and its timeout, in no order.
func (t *Table) All() iter.Seq2[zkproto.SessionID, int32] {
	return func(yield func(zkproto.SessionID, int32) bool) {
		for id, timeout := range t.timeouts {
			if !yield(id, timeout) {
				return
			}
		}
	}
}
