package kafkacmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Lines says how a line is a record: [[headers HeadersEnd] key KeyEnd] value. The zero value takes the whole line for
// the value.
type Lines struct {
	KeyEnd      string // "" for no key in the line
	HeadersEnd  string // "" for no headers in the line
	HeaderEnd   string // between headers
	HeaderIs    string // between a header's name and its value
	Null        string // a key, value or header's value that reads so is null
	HasNull     bool
	EmptyIsNull bool // an empty key or value is null
	// Lenient takes a line without a separator for a value, instead of refusing it.
	Lenient bool
}

// errors about a line, in the words that tell what is missing.
var (
	errNoKey     = errors.New("no key separator in it")
	errNoHeaders = errors.New("no end of the headers in it")
)

// HeaderError tells of a header that cannot be read.
type HeaderError struct {
	Pair      string
	Separator string // that is not in it
	NullName  bool   // its name is what stands for null
}

func (e *HeaderError) Error() string {
	if e.NullName {
		return fmt.Sprintf("the name of the header %q is null", e.Pair)
	}
	return fmt.Sprintf("no %q in the header %q", e.Separator, e.Pair)
}

// Parse makes a record of a line without its line end. The record's bytes are the line's.
func (l Lines) Parse(line []byte, r *kmodel.Record) error {
	if l.HeadersEnd != "" {
		headers, rest, found := bytes.Cut(line, []byte(l.HeadersEnd))
		switch {
		case found:
			line = rest
			if err := l.headers(headers, r); err != nil {
				return err
			}
		case !l.Lenient:
			return errNoHeaders
		}
	}
	r.Value = line
	if l.KeyEnd != "" {
		key, value, found := bytes.Cut(line, []byte(l.KeyEnd))
		switch {
		case found:
			r.Key, r.Value = l.data(key), value
		case !l.Lenient:
			return errNoKey
		}
	}
	r.Value = l.data(r.Value)
	return nil
}

func (l Lines) headers(text []byte, r *kmodel.Record) error {
	if l.HasNull && string(text) == l.Null {
		return nil
	}
	for pair := range bytes.SplitSeq(text, []byte(l.HeaderEnd)) {
		name, value, found := bytes.Cut(pair, []byte(l.HeaderIs))
		switch {
		case !found && !l.Lenient:
			return &HeaderError{Pair: string(pair), Separator: l.HeaderIs}
		case !found:
			value = nil
		case l.HasNull && string(name) == l.Null:
			return &HeaderError{Pair: string(pair), NullName: true}
		case l.HasNull && string(value) == l.Null:
			value = nil
		}
		r.Headers = append(r.Headers, kmodel.Header{Key: string(name), Value: value})
	}
	return nil
}

// data is a key or value; null is nil, and nothing else is.
func (l Lines) data(b []byte) []byte {
	if l.HasNull && string(b) == l.Null || l.EmptyIsNull && len(b) == 0 {
		return nil
	}
	if b == nil {
		return []byte{}
	}
	return b
}

// maxLine bounds a line: brokers take a megabyte where nobody has told them to take more.
const maxLine = 128 << 20

// blockSize is how much of the input is read at once. Records keep their block.
const blockSize = 128 << 10

// LineReader cuts input into lines that stay valid: a record's bytes are the producer's.
type LineReader struct {
	src   io.Reader
	block []byte // what was read; a line may reach into the next block
	from  int    // of what has not been returned
	err   error
}

// NewLineReader returns a reader of the lines of src.
func NewLineReader(src io.Reader) *LineReader { return &LineReader{src: src} }

// Next returns a line without its line end; io.EOF is the end.
func (l *LineReader) Next() ([]byte, error) {
	seen := l.from
	for {
		if i := bytes.IndexByte(l.block[seen:], '\n'); i >= 0 {
			line := l.block[l.from : seen+i : seen+i]
			l.from = seen + i + 1
			return line, nil
		}
		if l.err != nil {
			if l.from == len(l.block) || l.err != io.EOF {
				return nil, l.err
			}
			line := l.block[l.from:]
			l.from = len(l.block)
			return line, nil
		}
		begun := len(l.block) - l.from
		if begun > maxLine {
			return nil, fmt.Errorf("a line is longer than %d MiB", maxLine>>20)
		}
		l.fill()
		seen = l.from + begun
	}
}

// fill reads on. Blocks are never written where a line has been returned.
func (l *LineReader) fill() {
	if len(l.block) == cap(l.block) {
		rest := l.block[l.from:]
		block := make([]byte, len(rest), max(blockSize, 2*len(rest)))
		copy(block, rest)
		l.block, l.from = block, 0
	}
	n, err := l.src.Read(l.block[len(l.block):cap(l.block)])
	l.block, l.err = l.block[:len(l.block)+n], err
}

// unescape reads \t, \n, \r, \0, \\ and \xNN in a separator: shells pass them on as they are typed.
func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", errors.New(`ends in a \`)
		}
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case '0':
			b.WriteByte(0)
		case '\\':
			b.WriteByte('\\')
		case 'x':
			var c byte
			if i+2 >= len(s) {
				return "", errors.New(`\x wants two hexadecimal digits`)
			}
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &c); err != nil {
				return "", errors.New(`\x wants two hexadecimal digits`)
			}
			b.WriteByte(c)
			i += 2
		default:
			return "", fmt.Errorf(`\%c means nothing`, s[i])
		}
	}
	return b.String(), nil
}
