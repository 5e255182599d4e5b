package shape

import (
	"encoding/binary"
	"fmt"
)

// Shape is the body of one API's requests, in all versions.
type Shape struct{ fields []field }

// field is a part of a body, or of an element of a list.
type field struct {
	name     string
	min, max int16 // the versions that have it
	kind     kind
	nullable bool    // of a text
	size     int     // of a fixed one
	elements []field // of a list; one without a name where the elements are no structures
	structs  bool    // the elements of a list are structures, and end in tags
}

type kind uint8

const (
	fixed kind = iota
	text
	data
	list
)

// Error is a body that does not have the shape of its request.
type Error struct {
	// Path is the field, such as topics[3].configs[0].name, and Offset where in the body it begins.
	Path   string
	Offset int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d: %s", e.Path, e.Offset, e.Reason) }

// What the parts of a message take at most: an element of a list (the largest structure there is has 80 bytes, and most
// lists are questions, of which each has an element of the answer, of no more), what a number in a list has of the answer
// (those that name partitions; replicas have nothing), a string besides its bytes, the map of a tag section that is not
// empty, and a tag in it, whose share of the map is moved as the map grows.
const (
	structCost  = 96
	elementCost = 2 * structCost
	numberCost  = 48
	textCost    = 48
	tagsCost    = 512
	tagCost     = 192
)

// Check walks a body of that version and returns how many bytes of memory its message takes at most, and an answer that has
// as many elements: byte slices of the message, which are parts of the body, are not counted. The error is an [*Error].
// What is left over behind the body is ignored, as by Kafka.
func (s *Shape) Check(body []byte, version int16, flexible bool) (cost int, err error) {
	w := walker{body: body, version: version, flexible: flexible}
	if e := w.fields(s.fields, true); e != nil {
		return 0, e
	}
	return w.cost, nil
}

// walker is a position in a body.
type walker struct {
	body     []byte
	at       int
	version  int16
	flexible bool
	cost     int
}

func (w *walker) left() int { return len(w.body) - w.at }

func (w *walker) errorf(at int, format string, args ...any) *Error {
	return &Error{Offset: at, Reason: fmt.Sprintf(format, args...)}
}

// fields walks a structure: the body itself, or an element.
func (w *walker) fields(fields []field, structure bool) *Error {
	for i := range fields {
		f := &fields[i]
		if w.version < f.min || w.version > f.max {
			continue
		}
		if err := w.field(f); err != nil {
			return err.in(f.name)
		}
	}
	if structure && w.flexible {
		if err := w.tags(); err != nil {
			return err.in("tags")
		}
	}
	return nil
}

// in puts a field's name before an error's path.
func (e *Error) in(name string) *Error {
	switch {
	case name == "":
	case e.Path == "" || e.Path[0] == '[':
		e.Path = name + e.Path
	default:
		e.Path = name + "." + e.Path
	}
	return e
}

func (w *walker) field(f *field) *Error {
	switch f.kind {
	case fixed:
		return w.skip(w.at, f.size, 1)
	case list:
		return w.list(f)
	}
	begin := w.at
	n, err := w.length(f.kind == text)
	switch {
	case err != nil:
		return err
	case n < 0 && f.kind == text && !f.nullable:
		return w.errorf(begin, "a string that must not be null")
	}
	n = max(n, 0)
	if f.kind == text {
		w.cost += textCost + n + n/8
	}
	return w.skip(begin, n, 1)
}

// skip passes n times size bytes of what began at begin.
func (w *walker) skip(begin, size, n int) *Error {
	if size > 0 && n > w.left()/size {
		return w.errorf(begin, "%d bytes, where %d are left", size*n, w.left())
	}
	w.at += size * n
	return nil
}

// length reads the length of a string, of bytes or of a list: -1 is null.
func (w *walker) length(short bool) (int, *Error) {
	begin, n := w.at, 0
	switch {
	case w.flexible:
		v, err := w.uvarint()
		if err != nil {
			return 0, err
		}
		n = int(int64(v) - 1)
	case short:
		if err := w.skip(begin, 2, 1); err != nil {
			return 0, err
		}
		n = int(int16(binary.BigEndian.Uint16(w.body[begin:])))
	default:
		if err := w.skip(begin, 4, 1); err != nil {
			return 0, err
		}
		n = int(int32(binary.BigEndian.Uint32(w.body[begin:])))
	}
	if n < -1 {
		return 0, w.errorf(begin, "a length of %d", n)
	}
	return n, nil
}

// uvarint reads an unsigned varint of 32 bits, in at most 5 bytes, as kmsg does.
func (w *walker) uvarint() (uint32, *Error) {
	v, n := binary.Uvarint(w.body[w.at:])
	if n <= 0 || n > binary.MaxVarintLen32 || v > 1<<32-1 {
		return 0, w.errorf(w.at, "a varint that breaks off, or is too large")
	}
	w.at += n
	return uint32(v), nil
}

func (w *walker) list(f *field) *Error {
	begin := w.at
	n, err := w.length(false)
	if err != nil {
		return err
	}
	n = max(n, 0)
	if n > w.left() { // an element has a byte at least
		return w.errorf(begin, "%d elements, where %d bytes are left", n, w.left())
	}
	if e := f.elements[0]; !f.structs && e.kind == fixed {
		w.cost += n * (e.size + numberCost)
		return w.skip(begin, e.size, n)
	}
	w.cost += n * elementCost
	for i := range n {
		if err := w.fields(f.elements, f.structs); err != nil {
			return err.in(fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

// tags walks a section of tagged fields: a count, then number, size and bytes of each.
func (w *walker) tags() *Error {
	begin := w.at
	n, err := w.uvarint()
	switch {
	case err != nil:
		return err
	case n == 0:
		return nil
	case int64(n) > int64(w.left()/2): // a tag has two bytes at least
		return w.errorf(begin, "%d tagged fields, where %d bytes are left", n, w.left())
	}
	w.cost += tagsCost + int(n)*tagCost
	for range n {
		if _, err := w.uvarint(); err != nil {
			return err
		}
		size, err := w.uvarint()
		if err != nil {
			return err
		}
		if err := w.skip(begin, int(size), 1); err != nil {
			return err
		}
	}
	return nil
}
