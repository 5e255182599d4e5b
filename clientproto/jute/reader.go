package jute

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed is wrapped by every error that a [Reader] reports.
var ErrMalformed = errors.New("malformed record")

// Reader decodes one record from bytes. The zero value reads an empty record.
type Reader struct {
	b   []byte
	off int
	err error
}

// NewReader returns a Reader of b. Buffers that it returns share b's memory.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Reset makes r read b from its start and forget an earlier error.
func (r *Reader) Reset(b []byte) { *r = Reader{b: b} }

// Err is the first error met, or nil.
func (r *Reader) Err() error { return r.err }

// Offset is the number of bytes consumed.
func (r *Reader) Offset() int { return r.off }

// Len is the number of bytes left; 0 after an error.
func (r *Reader) Len() int {
	if r.err != nil {
		return 0
	}
	return len(r.b) - r.off
}

// Rest returns the bytes left and consumes them. They share the Reader's memory.
func (r *Reader) Rest() []byte { return r.take(r.Len(), "rest") }

// Done reports the first error met, or that bytes are left over.
func (r *Reader) Done() error {
	if r.err == nil && r.off != len(r.b) {
		r.fail("%d bytes left over after offset %d", len(r.b)-r.off, r.off)
	}
	return r.err
}

// Fail makes r report the given reason, for a caller that finds a field's value to be
// impossible. The first failure wins.
func (r *Reader) Fail(reason string) { r.fail("%s at offset %d", reason, r.off) }

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

func (r *Reader) take(n int, what string) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.off {
		r.fail("%s needs %d bytes at offset %d, %d are left", what, n, r.off, len(r.b)-r.off)
		return nil
	}
	p := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return p
}

// Byte reads 1 byte.
func (r *Reader) Byte() byte {
	if p := r.take(1, "byte"); p != nil {
		return p[0]
	}
	return 0
}

// Bool reads 1 byte; any value but 0 is true.
func (r *Reader) Bool() bool { return r.Byte() != 0 }

// Int reads 4 bytes.
func (r *Reader) Int() int32 {
	if p := r.take(4, "int"); p != nil {
		return int32(binary.BigEndian.Uint32(p))
	}
	return 0
}

// Long reads 8 bytes.
func (r *Reader) Long() int64 {
	if p := r.take(8, "long"); p != nil {
		return int64(binary.BigEndian.Uint64(p))
	}
	return 0
}

// Double reads 8 bytes.
func (r *Reader) Double() float64 { return math.Float64frombits(uint64(r.Long())) }

// Buffer reads a length and that many bytes, which share the Reader's memory. Null is
// returned as nil, an empty buffer as a non-nil slice of length 0.
func (r *Reader) Buffer() []byte {
	n := r.length("buffer")
	if n < 0 {
		return nil
	}
	p := r.take(n, "buffer")
	if p == nil && r.err == nil {
		return []byte{}
	}
	return p
}

// String reads a string; null is returned as "".
func (r *Reader) String() string {
	s, _ := r.NullString()
	return s
}

// NullString reads a string and says whether it was there (false: null, or an error).
func (r *Reader) NullString() (s string, ok bool) {
	n := r.length("string")
	if n < 0 {
		return "", false
	}
	p := r.take(n, "string")
	return string(p), r.err == nil
}

// Count reads a vector's element count. It is -1 for null, and never more than the
// bytes left could hold at minSize bytes an element, so that a caller may allocate it.
func (r *Reader) Count(minSize int) int {
	n := r.length("vector")
	if n > 0 && n > r.Len()/max(minSize, 1) {
		r.fail("vector of %d elements at offset %d, only %d bytes are left", n, r.off, len(r.b)-r.off)
		return -1
	}
	return n
}

// Strings reads a vector of strings; null is returned as nil, an empty vector as a
// non-nil slice of length 0.
func (r *Reader) Strings() []string {
	n := r.Count(4)
	if n < 0 {
		return nil
	}
	v := make([]string, 0, n)
	for range n {
		v = append(v, r.String())
	}
	if r.err != nil {
		return nil
	}
	return v
}

// length reads a length word: -1 is null, anything below is malformed.
func (r *Reader) length(what string) int {
	n := r.Int()
	if r.err != nil {
		return -1
	}
	if n < -1 {
		r.fail("%s of negative length %d at offset %d", what, n, r.off-4)
		return -1
	}
	return int(n)
}

// Peek is the int that comes next, without consuming it; 0 where fewer than 4 bytes are left.
func (r *Reader) Peek() int32 {
	if r.Len() < 4 {
		return 0
	}
	return int32(binary.BigEndian.Uint32(r.b[r.off:]))
}

// Skip consumes the bytes p where they come next, and says whether they did.
func (r *Reader) Skip(p []byte) bool {
	if r.err != nil || !bytes.HasPrefix(r.b[r.off:], p) {
		return false
	}
	r.off += len(p)
	return true
}
