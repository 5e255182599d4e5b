package txnlog

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"
	"math"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// SnapshotSink takes a snapshot's content, in the file's order. What it is given by slice or
// pointer is valid during the call only. An error says that the content makes no sense, and
// is reported as corruption of the file.
type SnapshotSink interface {
	// Session is an open session and its timeout in milliseconds.
	Session(id zkproto.SessionID, timeout int32) error
	// ACL is one row of the table that nodes refer to. The slice may be kept.
	ACL(id int64, acl []zkproto.ACL) error
	// Node comes after its parent. The root's path is "". Nil data is null. ACL -1 is the
	// open one.
	Node(path, data []byte, acl int64, stat *zkproto.StatPersisted) error
}

// SnapshotTail is what may stand behind the nodes of a snapshot.
type SnapshotTail struct {
	Digest           *SnapshotDigest // nil: none, or of a version that 3.6 and later do not write
	LastProcessed    zkproto.Zxid
	HasLastProcessed bool
}

// SnapshotDigest is the tree's digest at a zxid at or above the snapshot's own.
type SnapshotDigest struct {
	Zxid   zkproto.Zxid
	Digest uint64
}

// ReadSnapshot reads the content of a snapshot file, already unpacked, and checks its seals.
// name is for errors, which are *CorruptError unless reading itself fails.
func ReadSnapshot(src io.Reader, name string, sink SnapshotSink) (SnapshotTail, error) {
	r := &snapReader{src: bufio.NewReaderSize(src, snapReadBuffer), name: name, sum: adler32.New()}
	r.header()
	r.body(sink)
	r.checkSeal()
	tail := r.tail()
	return tail, r.err
}

// ReadSnapshotBody reads a body as [NewSnapshotBody] writes it, and leaves src at the byte
// behind it.
func ReadSnapshotBody(src *bufio.Reader, name string, sink SnapshotSink) error {
	r := &snapReader{src: src, name: name}
	r.body(sink)
	return r.err
}

const snapReadBuffer = 256 << 10

// snapReader reads the primitives, sticky like jute.Reader but from a stream.
type snapReader struct {
	src    *bufio.Reader
	name   string
	off    int64
	sum    hash.Hash32 // nil: not needed
	path   []byte      // the current node's
	record []byte      // for what does not fit into src's buffer
	err    error
}

func (r *snapReader) fail(off int64, format string, args ...any) {
	if r.err == nil {
		r.err = &CorruptError{File: r.name, Offset: off, Reason: fmt.Sprintf(format, args...)}
	}
}

// take returns the next n bytes, valid until the next call, or nil after an error. It never
// holds more than twice what the stream has delivered.
func (r *snapReader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	p, err := r.src.Peek(min(n, r.src.Size()))
	if err == nil && n <= len(p) {
		_, err = r.src.Discard(n)
	} else if err == nil {
		p, err = r.takeLong(n)
	}
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			r.fail(r.off, "the snapshot ends here, %d bytes were expected", n)
		} else {
			r.err = fmt.Errorf("read snapshot %s at offset %d: %w", r.name, r.off, err)
		}
		return nil
	}
	r.off += int64(n)
	if r.sum != nil {
		r.sum.Write(p)
	}
	return p
}

func (r *snapReader) takeLong(n int) ([]byte, error) {
	r.record = r.record[:0]
	for len(r.record) < n {
		p, err := r.src.Peek(min(n-len(r.record), r.src.Size()))
		if err != nil {
			return nil, err
		}
		r.record = append(r.record, p...)
		if _, err := r.src.Discard(len(p)); err != nil {
			return nil, err
		}
	}
	return r.record, nil
}

func (r *snapReader) int() int32 {
	if p := r.take(4); p != nil {
		return int32(binary.BigEndian.Uint32(p))
	}
	return 0
}

func (r *snapReader) long() int64 {
	if p := r.take(8); p != nil {
		return int64(binary.BigEndian.Uint64(p))
	}
	return 0
}

// count reads a number of entries; -1, which is null, counts as none.
func (r *snapReader) count(what string) int {
	at := r.off
	n := r.int()
	if n < -1 {
		r.fail(at, "%d %s", n, what)
	}
	return int(n)
}

func (r *snapReader) header() {
	magic, version := r.int(), r.int()
	r.long() // dbid, unused
	if r.err == nil && magic != snapMagic {
		r.fail(0, "not a snapshot: it begins with %08x, not with %08x (ZKSN)", uint32(magic), snapMagic)
	}
	if r.err == nil && version != fileVersion {
		r.fail(4, "snapshot of version %d, not %d", version, fileVersion)
	}
}

func (r *snapReader) body(sink SnapshotSink) {
	for n := r.count("sessions"); n > 0 && r.err == nil; n-- {
		at := r.off
		id, timeout := r.long(), r.int()
		if r.err == nil {
			r.refused(at, sink.Session(zkproto.SessionID(id), timeout))
		}
	}
	for n := r.count("ACLs"); n > 0 && r.err == nil; n-- {
		at := r.off
		id, acl := r.long(), r.acl()
		if r.err == nil {
			r.refused(at, sink.ACL(id, acl))
		}
	}
	r.nodes(sink)
}

// refused reports what a sink said about the entry at an offset.
func (r *snapReader) refused(at int64, err error) {
	if err != nil {
		r.fail(at, "%v", err)
	}
}

// acl reads a vector of ACL. Its bytes are gathered first, so that a count that lies costs
// nothing.
func (r *snapReader) acl() []zkproto.ACL {
	n := r.count("entries in an ACL")
	vector := jute.AppendInt(nil, int32(n))
	for ; n > 0 && r.err == nil; n-- {
		vector = append(vector, r.take(4)...)
		vector = r.appendString(vector)
		vector = r.appendString(vector)
	}
	if r.err != nil {
		return nil
	}
	return zkproto.DecodeACLs(jute.NewReader(vector))
}

// appendString appends a string as it stands, length first.
func (r *snapReader) appendString(b []byte) []byte {
	n := r.count("bytes in a string")
	b = jute.AppendInt(b, int32(n))
	return append(b, r.take(max(n, 0))...)
}

// nodeFixed is a node without path and data: ACL id and StatPersisted.
const nodeFixed = 8 + 60

func (r *snapReader) nodes(sink SnapshotSink) {
	var stat zkproto.StatPersisted
	fixed := jute.NewReader(nil)
	for r.err == nil {
		at := r.off
		n := r.count("bytes in a path")
		if n < 0 {
			r.fail(at, "a node without a path")
		}
		r.path = append(r.path[:0], r.take(max(n, 0))...)
		if len(r.path) == 1 && r.path[0] == '/' {
			return
		}
		dataLen := r.count("bytes of data")
		if dataLen > math.MaxInt32-nodeFixed {
			r.fail(at, "%d bytes of data", dataLen)
		}
		record := r.take(max(dataLen, 0) + nodeFixed)
		if r.err != nil {
			return
		}
		fixed.Reset(record[len(record)-nodeFixed:])
		acl := fixed.Long()
		stat.Decode(fixed)
		var data []byte
		if dataLen >= 0 {
			data = record[:dataLen:dataLen]
		}
		r.refused(at, sink.Node(r.path, data, acl, &stat))
	}
}

// checkSeal compares the checksum so far with the one that stands here.
func (r *snapReader) checkSeal() {
	if r.err != nil {
		return
	}
	at, want := r.off, r.sum.Sum32()
	got := r.long()
	end := r.take(5)
	if r.err != nil {
		return
	}
	if uint64(got) != uint64(want) {
		r.fail(at, "checksum %#x, but the bytes have %#x", uint64(got), want)
	} else if string(end) != "\x00\x00\x00\x01/" {
		r.fail(at+8, "a seal ends with % x", end)
	}
}

const (
	digestSection        = 8 + 4 + 8 + sealSize
	lastProcessedSection = 8 + sealSize
)

// tail reads the sections that are there. Neither says what it is, so their length has to: a
// server without digests writes the last zxid alone.
func (r *snapReader) tail() (t SnapshotTail) {
	if r.err != nil {
		return t
	}
	left := r.left()
	if left >= digestSection {
		t.Digest = r.digest()
		r.checkSeal()
		left = r.left()
	}
	if left > 0 {
		t.LastProcessed, t.HasLastProcessed = zkproto.Zxid(r.long()), true
		r.checkSeal()
	}
	if r.err == nil && r.left() > 0 {
		r.fail(r.off, "bytes behind the snapshot's last section")
	}
	return t
}

// left is the number of bytes before the end, or a digest section's length if that is less.
func (r *snapReader) left() int {
	if r.err != nil {
		return 0
	}
	p, err := r.src.Peek(digestSection)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = fmt.Errorf("read snapshot %s at offset %d: %w", r.name, r.off, err)
	}
	return len(p)
}

// digest reads a digest. Before version 2 it was text, of a sum that nobody computes now.
func (r *snapReader) digest() *SnapshotDigest {
	zxid, version := r.long(), r.int()
	if version < digestVersion {
		r.take(max(r.count("bytes in a digest"), 0))
		return nil
	}
	return &SnapshotDigest{Zxid: zkproto.Zxid(zxid), Digest: uint64(r.long())}
}
