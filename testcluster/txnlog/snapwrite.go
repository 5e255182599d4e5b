package txnlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	snapMagic     = 0x5a4b534e // "ZKSN"
	snapDbid      = -1
	digestVersion = 2
	sealSize      = 8 + 4 + 1
)

// SnapshotWriter writes a snapshot, part after part. The methods are called in the order of
// the file: Sessions, Session as often as announced, ACLs, ACL as often as announced, Node
// with parents before children, End, then Digest and LastProcessed if wanted, Flush. Errors
// stick; Flush and Err report the first.
type SnapshotWriter struct {
	dst    io.Writer
	buf    []byte
	hashed int         // bytes of buf that sum has seen
	sum    hash.Hash32 // nil: no seals
	part   snapPart
	left   int // entries announced and not yet written
	err    error
}

// snapPart is the part of a snapshot that comes next.
type snapPart uint8

const (
	partSessions snapPart = iota
	partACLs
	partNodes
	partTail
)

const snapBuffer = 64 << 10

// NewSnapshotBody returns a writer of the body alone, which is what a leader sends a learner
// after SNAP: no file header, no seals, no sections behind the nodes.
func NewSnapshotBody(dst io.Writer) *SnapshotWriter {
	return &SnapshotWriter{dst: dst, buf: make([]byte, 0, snapBuffer+4096)}
}

// newSnapshotContent returns a writer of a whole file's content.
func newSnapshotContent(dst io.Writer) *SnapshotWriter {
	w := NewSnapshotBody(dst)
	w.sum = adler32.New()
	w.buf = jute.AppendInt(w.buf, snapMagic)
	w.buf = jute.AppendInt(w.buf, fileVersion)
	w.buf = jute.AppendLong(w.buf, snapDbid)
	return w
}

// Err is the first error met.
func (w *SnapshotWriter) Err() error { return w.err }

// Sessions announces the number of sessions.
func (w *SnapshotWriter) Sessions(count int) {
	w.announce(partSessions, count)
}

// Session writes one session, with its timeout in milliseconds.
func (w *SnapshotWriter) Session(id zkproto.SessionID, timeout int32) {
	if w.entry(partACLs) {
		w.buf = jute.AppendLong(w.buf, int64(id))
		w.buf = jute.AppendInt(w.buf, timeout)
		w.spill()
	}
}

// ACLs announces the number of ACLs in the table.
func (w *SnapshotWriter) ACLs(count int) {
	w.announce(partACLs, count)
}

// ACL writes one ACL of the table. Nodes refer to it by id; -1 is the open ACL, which is not
// in the table.
func (w *SnapshotWriter) ACL(id int64, acl []zkproto.ACL) {
	if w.entry(partNodes) {
		w.buf = jute.AppendLong(w.buf, id)
		w.buf = zkproto.AppendACLs(w.buf, acl)
		w.spill()
	}
}

// Node writes one node. The root's path is "". Nil data is null.
func (w *SnapshotWriter) Node(path, data []byte, acl int64, stat *zkproto.StatPersisted) {
	if w.err != nil || !w.at(partNodes) {
		return
	}
	w.buf = jute.AppendInt(w.buf, int32(len(path)))
	w.buf = append(w.buf, path...)
	w.buf = jute.AppendBuffer(w.buf, data)
	w.buf = jute.AppendLong(w.buf, acl)
	w.buf = stat.AppendTo(w.buf)
	w.spill()
}

// End writes what stands behind the last node.
func (w *SnapshotWriter) End() {
	if w.err != nil || !w.at(partNodes) {
		return
	}
	w.part = partTail
	w.buf = jute.AppendString(w.buf, "/")
	w.seal()
}

// Digest writes the tree's digest at a zxid, which lies at or above the snapshot's own: a
// snapshot is written while transactions are applied, and replay checks the digest there.
func (w *SnapshotWriter) Digest(zxid zkproto.Zxid, digest uint64) {
	if w.err == nil && w.tail() {
		w.buf = jute.AppendLong(w.buf, int64(zxid))
		w.buf = jute.AppendInt(w.buf, digestVersion)
		w.buf = jute.AppendLong(w.buf, int64(digest))
		w.seal()
	}
}

// LastProcessed writes the last zxid applied, which 3.9 adds.
func (w *SnapshotWriter) LastProcessed(zxid zkproto.Zxid) {
	if w.err == nil && w.tail() {
		w.buf = jute.AppendLong(w.buf, int64(zxid))
		w.seal()
	}
}

// Flush writes what is buffered. A snapshot that is not complete is an error.
func (w *SnapshotWriter) Flush() error {
	if w.err == nil && w.part != partTail {
		w.err = errors.New("write a snapshot: it is not complete")
	}
	w.flush()
	return w.err
}

func (w *SnapshotWriter) announce(part snapPart, count int) {
	if w.err != nil || !w.at(part) {
		return
	}
	w.part++
	w.left = count
	w.buf = jute.AppendInt(w.buf, int32(count))
}

// entry counts one announced entry; the part is already the next one.
func (w *SnapshotWriter) entry(next snapPart) bool {
	if w.err == nil && (w.part != next || w.left == 0) {
		w.err = errors.New("write a snapshot: more entries than announced")
	}
	w.left--
	return w.err == nil
}

// at checks that a part may begin.
func (w *SnapshotWriter) at(part snapPart) bool {
	if w.part != part {
		w.err = errors.New("write a snapshot: its parts came in the wrong order")
	} else if w.left > 0 {
		w.err = fmt.Errorf("write a snapshot: %d entries fewer than announced", w.left)
	}
	return w.err == nil
}

// tail checks that a section may follow the nodes.
func (w *SnapshotWriter) tail() bool {
	if w.sum == nil {
		w.err = errors.New("write a snapshot: a body has no sections behind the nodes")
		return false
	}
	return w.at(partTail)
}

// seal closes a section with the checksum of all before it.
func (w *SnapshotWriter) seal() {
	if w.sum == nil {
		return
	}
	w.sum.Write(w.buf[w.hashed:])
	w.hashed = len(w.buf)
	w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(w.sum.Sum32()))
	w.buf = jute.AppendString(w.buf, "/")
}

func (w *SnapshotWriter) spill() {
	if len(w.buf) >= snapBuffer {
		w.flush()
	}
}

func (w *SnapshotWriter) flush() {
	if w.err != nil {
		return
	}
	if w.sum != nil {
		w.sum.Write(w.buf[w.hashed:])
	}
	if _, err := w.dst.Write(w.buf); err != nil {
		w.err = fmt.Errorf("write a snapshot: %w", err)
	}
	w.buf, w.hashed = w.buf[:0], 0
}
