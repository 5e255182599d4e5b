package txnlog

import (
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// Iterator reads transactions in order. A loop and its end:
//
//	for it.Next() {
//		apply(it.Txn())
//	}
//	err := it.Err()
//	it.Close()
type Iterator struct {
	fs     storage.FS
	files  []file // still to be opened
	tail   tail
	from   zkproto.Zxid
	s      *scanner // nil between files
	cur    file
	prev   zkproto.Zxid // of the last entry read, wanted or not
	expect zkproto.Zxid // what contiguity asks for next; 0 is no demand
	txn    []byte
	err    error
}

// ReadFrom returns an iterator of all synced transactions whose zxid is at least from, which
// must be there or in a later epoch than the one before it: a hole is a *GapError. From 0
// means all that there are. What is appended after the call is not seen.
func (l *Log) ReadFrom(from zkproto.Zxid) *Iterator {
	it := &Iterator{fs: l.fs, tail: l.readable(), from: from}
	if it.tail.path == "" || from > it.tail.last {
		return it
	}
	if from > 0 {
		it.expect = from
	}
	files, err := listFiles(l.fs, l.dir, logPrefix)
	if err != nil {
		it.err = fmt.Errorf("list the transaction logs: %w", err)
		return it
	}
	for len(files) > 0 && files[len(files)-1].zxid > it.tail.start {
		files = files[:len(files)-1] // begun after this call
	}
	if len(files) > 0 {
		it.files = files[startFor(files, from):]
	}
	return it
}

// ReadAround returns an iterator that begins with the file in which zxid would stand, so that
// the transaction before it is found too. It begins above zxid if all files do.
func (l *Log) ReadAround(zxid zkproto.Zxid) *Iterator {
	files, err := listFiles(l.fs, l.dir, logPrefix)
	if err != nil {
		return &Iterator{fs: l.fs, err: fmt.Errorf("list the transaction logs: %w", err)}
	}
	if len(files) == 0 {
		return l.ReadFrom(0)
	}
	return l.ReadFrom(files[startFor(files, zxid)].zxid)
}

// Next goes on to the next transaction. False is the end, or an error.
func (it *Iterator) Next() bool {
	for it.err == nil {
		if it.s == nil {
			if !it.open() {
				return false
			}
			continue
		}
		txn, err := it.s.next()
		if err != nil {
			it.endFile(err)
			continue
		}
		zxid := it.s.last
		if it.prev < it.cur.zxid && zxid != it.cur.zxid {
			it.err = it.s.corrupt(fileHeaderSize, fmt.Sprintf("the file begins with transaction %v, its name says %v", zxid, it.cur.zxid))
			return false
		}
		it.prev = zxid
		if zxid < it.from {
			continue
		}
		if !follows(it.expect, zxid) {
			it.err = &GapError{File: it.s.path, Expected: it.expect, Got: zxid}
			return false
		}
		it.expect = zxid + 1
		it.txn = txn
		return true
	}
	return false
}

// follows says whether a transaction may come where expect was due.
func follows(expect, zxid zkproto.Zxid) bool {
	return expect == 0 || zxid == expect || zxid.Epoch() > (expect-1).Epoch()
}

// open begins the next file, if there is one.
func (it *Iterator) open() bool {
	if len(it.files) == 0 {
		return false
	}
	it.cur, it.files = it.files[0], it.files[1:]
	limit := int64(-1)
	if it.cur.path == it.tail.path {
		limit = it.tail.end
	}
	s, err := openScanner(it.fs, it.cur.path, limit)
	switch {
	case errors.Is(err, errNoEntries):
		return true // an empty file in the middle; that nothing is missing is checked by zxid
	case err != nil:
		it.err = err
		return false
	}
	s.last = it.prev // zxids grow from file to file too
	it.s = s
	return true
}

// endFile decides whether the file may end as it does: err is why the scanner stopped.
func (it *Iterator) endFile(err error) {
	s := it.s
	defer func() {
		s.close()
		it.s = nil
	}()
	d := (*damage)(nil)
	if !errors.As(err, &d) && err != io.EOF {
		it.err = err
		return
	}
	durable := s.mark
	if it.cur.path == it.tail.path {
		durable = it.tail.end
	}
	switch {
	case d != nil && (s.off < durable || !d.torn || !it.nextFileGoesOn()):
		it.err = s.corrupt(s.off, d.reason)
	case d == nil && s.off < durable:
		it.err = s.corrupt(s.off, endsEarly(durable))
	}
}

// nextFileGoesOn says whether the next file begins right after what was read last: then a
// broken end was never part of the history.
func (it *Iterator) nextFileGoesOn() bool {
	return len(it.files) > 0 && it.files[0].zxid > it.prev && follows(it.prev+1, it.files[0].zxid)
}

// Txn is the current transaction, header and all. It is valid until the next call of Next.
func (it *Iterator) Txn() []byte { return it.txn }

// Zxid is the current transaction's.
func (it *Iterator) Zxid() zkproto.Zxid { return it.prev }

// Err is why Next returned false; nil at the end.
func (it *Iterator) Err() error { return it.err }

// Close frees the open file.
func (it *Iterator) Close() {
	if it.s != nil {
		it.s.close()
		it.s = nil
	}
	it.files = nil
}
