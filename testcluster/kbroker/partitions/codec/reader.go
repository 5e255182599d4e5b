package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxItems is how many partitions one request may name: what is kept of each takes many times its bytes. No broker has as
// many.
const MaxItems = 100_000

// ErrMalformed is wrapped by the errors of all parsers.
var ErrMalformed = errors.New("malformed body")

// reader takes values off a body. The first error stays, and makes what follows zero.
type reader struct {
	b        []byte
	flexible bool
	err      error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s, %d bytes before its end", ErrMalformed, what, len(r.b))
	}
	r.b = nil
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail("it is too short")
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) int8() int8 {
	if v := r.take(1); v != nil {
		return int8(v[0])
	}
	return 0
}

func (r *reader) int16() int16 {
	if v := r.take(2); v != nil {
		return int16(binary.BigEndian.Uint16(v))
	}
	return 0
}

func (r *reader) int32() int32 {
	if v := r.take(4); v != nil {
		return int32(binary.BigEndian.Uint32(v))
	}
	return 0
}

func (r *reader) int64() int64 {
	if v := r.take(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// uvarint is an unsigned varint of 32 bits.
func (r *reader) uvarint() uint32 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<32-1 {
		r.fail("a varint")
		return 0
	}
	r.b = r.b[n:]
	return uint32(v)
}

// length is that of a string, of bytes or of an array; -1 is null.
func (r *reader) length(short bool) int {
	var n int
	switch {
	case r.flexible:
		n = int(int64(r.uvarint()) - 1)
	case short:
		n = int(r.int16())
	default:
		n = int(r.int32())
	}
	if n < -1 {
		r.fail("a negative length")
		return -1
	}
	return n
}

// count is the number of an array's elements, each of which has at least size bytes. Null counts as none.
func (r *reader) count(size int) int {
	n := r.length(false)
	if n > len(r.b)/size {
		r.fail("an array longer than the body")
	}
	if r.err != nil {
		return 0
	}
	return max(n, 0)
}

// room says whether there may be another item after n.
func (r *reader) room(n int) bool {
	if n >= MaxItems {
		r.fail("more partitions than a request may name")
		return false
	}
	return r.err == nil
}

// text is a string that must not be null.
func (r *reader) text() []byte {
	n := r.length(true)
	if n < 0 {
		r.fail("a string that is null")
		return nil
	}
	return r.take(n)
}

// nullableText returns false for null.
func (r *reader) nullableText() ([]byte, bool) {
	n := r.length(true)
	if n < 0 {
		return nil, false
	}
	return r.take(n), r.err == nil
}

// bytes is nil for null, and not nil for none.
func (r *reader) bytes() []byte {
	n := r.length(false)
	if n < 0 {
		return nil
	}
	return r.take(n)
}

// tags calls fn with each tag of a flexible body's tag section; fn may be nil.
func (r *reader) tags(fn func(tag uint32, value *reader)) {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		tag := r.uvarint()
		size := r.uvarint()
		if int64(size) > int64(len(r.b)) {
			r.fail("a tag longer than the body")
			return
		}
		value := reader{b: r.take(int(size)), flexible: true}
		if fn != nil {
			fn(tag, &value)
			if value.err != nil && r.err == nil {
				r.err = value.err
			}
		}
	}
}

// end is the error of everything that was read.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		return fmt.Errorf("%w: %d bytes are left over", ErrMalformed, len(r.b))
	}
	return r.err
}
