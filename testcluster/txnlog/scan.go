package txnlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// scanner reads the entries of one log file, from the start.
type scanner struct {
	f      storage.File
	path   string
	mark   int64
	marked bool
	limit  int64 // nothing at or beyond it is read
	off    int64 // of the next entry
	last   zkproto.Zxid

	buf      []byte // bytes of the file from bufStart on
	bufStart int64
}

const scanBuffer = 256 << 10

// damage is why a scanner cannot go on: what is wrong with the entry at its offset.
type damage struct {
	reason string
	torn   bool // missing sectors or a short write could look like this
}

func (d *damage) Error() string { return d.reason }

// openScanner reads the file header. limit -1 is the file's size. A file that is empty, all
// zero or ends within its header is one whose creation was cut short: errNoEntries.
func openScanner(fsys storage.FS, path string, limit int64) (*scanner, error) {
	f, err := storage.Open(fsys, path)
	if err != nil {
		return nil, err
	}
	s := &scanner{f: f, path: path, limit: limit}
	if err := s.begin(); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

var errNoEntries = errors.New("the file was never begun")

func (s *scanner) begin() error {
	if s.limit < 0 {
		size, err := s.f.Size()
		if err != nil {
			return err
		}
		s.limit = size
	}
	head, err := s.peek(fileHeaderSize)
	if err != nil {
		return err
	}
	if allZero(head) {
		empty, err := s.allZero()
		if err != nil {
			return err
		}
		if empty {
			return errNoEntries
		}
	}
	if len(head) < fileHeaderSize {
		if n := min(len(head), 8); bytes.Equal(head[:n], logHeader(0)[:n]) {
			return errNoEntries
		}
		return s.corrupt(0, "not a transaction log: shorter than its header")
	}
	if s.mark, s.marked, err = parseLogHeader(head); err != nil {
		return s.corrupt(0, err.Error())
	}
	s.off = fileHeaderSize
	return nil
}

// next returns the next transaction, in memory that the next call reuses. It reports io.EOF
// where the file ends, or the zeros begin, and *damage for a broken entry. s.off is then the
// end of the last good entry.
//
// A follower of Apache 3.8 writes some transactions a second time when it has been brought
// up to date under load (FileTxnLog warns: Current zxid is <= ...). In Apache's files what is
// not above the last zxid is passed over; in one of ours it is damage.
func (s *scanner) next() ([]byte, error) {
	for {
		txn, err := s.entry()
		if err != nil {
			return nil, err
		}
		zxid := txnZxid(txn)
		if zxid <= s.last && s.marked {
			return nil, s.broken(false, "zxid %v after %v", zxid, s.last)
		}
		s.off += int64(len(txn)) + entryOverhead
		if zxid > s.last {
			s.last = zxid
			return txn, nil
		}
	}
}

// entry returns the transaction that stands at s.off.
func (s *scanner) entry() ([]byte, error) {
	head, err := s.peek(entryPrefix)
	if err != nil {
		return nil, err
	}
	if allZero(head) {
		return nil, io.EOF
	}
	if len(head) < entryPrefix {
		return nil, s.broken(true, "the file ends within an entry's first %d bytes", entryPrefix)
	}
	sum := binary.BigEndian.Uint64(head)
	length := int64(int32(binary.BigEndian.Uint32(head[8:])))
	switch {
	case length < 0:
		return nil, s.broken(false, "negative length %d", length)
	case length+entryOverhead > s.limit-s.off:
		return nil, s.broken(true, "an entry of %d bytes reaches beyond the end of the file", length)
	}
	entry, err := s.peek(int(length) + entryOverhead)
	if err != nil {
		return nil, err
	}
	if int64(len(entry)) < length+entryOverhead {
		return nil, s.broken(true, "the file became shorter while it was read")
	}
	txn, end := entry[entryPrefix:entryPrefix+length], entry[entryPrefix+length]
	if end != entryEnd {
		return nil, s.broken(end == 0 || hasHole(entry, s.off), "an entry ends with byte %#02x, not with %#02x", end, entryEnd)
	}
	if got := uint64(adler32.Checksum(txn)); got != sum {
		return nil, s.broken(hasHole(entry, s.off), "checksum %#x, but the bytes have %#x", sum, got)
	}
	if length < txnHeaderSize {
		return nil, s.broken(false, "a transaction of %d bytes is shorter than its header", length)
	}
	return txn, nil
}

// hasHole says whether one of the sectors that an entry at offset off covers could be
// missing: the entry has nothing but zeros there. The entry's first four bytes do not count,
// they are the zero half of a 32-bit checksum.
func hasHole(entry []byte, off int64) bool {
	for from := 0; from < len(entry); {
		to := min(len(entry), int((off+int64(from))/storage.SectorSize+1)*storage.SectorSize-int(off))
		if to > 4 && allZero(entry[from:to]) {
			return true
		}
		from = to
	}
	return false
}

func (s *scanner) broken(torn bool, format string, args ...any) *damage {
	return &damage{torn: torn, reason: fmt.Sprintf(format, args...)}
}

func (s *scanner) corrupt(off int64, reason string) *CorruptError {
	return &CorruptError{File: s.path, Offset: off, Reason: reason}
}

func (s *scanner) close() { s.f.Close() }

// peek returns the n bytes at s.off, or as many as there are.
func (s *scanner) peek(n int) ([]byte, error) {
	if left := s.limit - s.off; int64(n) > left {
		n = int(left)
	}
	at := s.off - s.bufStart
	if at < 0 || at+int64(n) > int64(len(s.buf)) {
		if err := s.fill(n); err != nil {
			return nil, err
		}
		at = 0
	}
	return s.buf[at:min(at+int64(n), int64(len(s.buf)))], nil
}

// fill reads from s.off on, at least n bytes where the file has them. n is bounded by the
// file's size.
func (s *scanner) fill(n int) error {
	want := max(n, int(min(scanBuffer, s.limit-s.off)))
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	got, err := s.f.ReadAt(s.buf[:want], s.off)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read the transaction log: %w", err)
	}
	s.buf, s.bufStart = s.buf[:got], s.off
	return nil
}

// allZero says whether the file has nothing but zeros.
func (s *scanner) allZero() (bool, error) {
	buf := make([]byte, min(scanBuffer, s.limit))
	for off := int64(0); off < s.limit; off += int64(len(buf)) {
		n, err := s.f.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			return false, fmt.Errorf("read the transaction log: %w", err)
		}
		if !allZero(buf[:n]) {
			return false, nil
		}
	}
	return true, nil
}

var zeros [512]byte

func allZero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
