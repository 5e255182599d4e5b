package kafkacmd

import (
	"bytes"
	"math"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// scanRecordJSON reads a record as AppendRecordJSON writes it, without blanks, base64 or headers, and gives up on
// anything else: then ParseRecordJSON has to read it in the general way, which takes ten times as long. Text without
// escapes is not copied.
func scanRecordJSON(line []byte, r *kmodel.Record) bool {
	s := recordScan{rest: line}
	partition, timestamp := int64(-1), int64(-1)
	var key, value []byte
	if !s.skip('{') {
		return false
	}
	for first := true; !s.skip('}'); first = false {
		if !first && !s.skip(',') {
			return false
		}
		name, ok := s.text()
		if !ok || !s.skip(':') {
			return false
		}
		switch string(name) {
		case "topic", "timestamp_type":
			_, ok = s.text()
		case "offset", "leader_epoch":
			_, ok = s.number()
		case "partition":
			partition, ok = s.number()
			ok = ok && partition == int64(int32(partition))
		case "timestamp":
			timestamp, ok = s.number()
		case "key":
			key, ok = s.textOrNull()
		case "value":
			value, ok = s.textOrNull()
		case "headers":
			ok = s.word("[]")
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	if len(s.rest) > 0 {
		return false
	}
	r.Partition, r.Timestamp, r.Key, r.Value, r.Headers = int32(partition), timestamp, key, value, r.Headers[:0]
	return true
}

// recordScan is what has not been read. Each method says whether what it looks for stands there, and reads it then.
type recordScan struct{ rest []byte }

func (s *recordScan) skip(c byte) bool {
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *recordScan) word(w string) bool {
	rest, found := bytes.CutPrefix(s.rest, []byte(w))
	s.rest = rest
	return found
}

// number reads a whole number as AppendRecordJSON writes it.
func (s *recordScan) number() (int64, bool) {
	negative := s.skip('-')
	n, digits := int64(0), 0
	for digits < len(s.rest) && s.rest[digits] >= '0' && s.rest[digits] <= '9' {
		if n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(s.rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits > 1 && s.rest[0] == '0' {
		return 0, false
	}
	s.rest = s.rest[digits:]
	if negative {
		n = -n
	}
	return n, true
}

func (s *recordScan) textOrNull() ([]byte, bool) {
	if s.word("null") {
		return nil, true
	}
	return s.text()
}

// text reads a string. It is never nil.
func (s *recordScan) text() ([]byte, bool) {
	if !s.skip('"') {
		return nil, false
	}
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := s.rest[:i:i]
			s.rest = s.rest[i+1:]
			return text, true
		case c == '\\':
			return s.escaped(i)
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// simpleEscapes are those of one letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f'}

// escaped is text from its first escape on.
func (s *recordScan) escaped(from int) ([]byte, bool) {
	text := append(make([]byte, 0, 2*from+16), s.rest[:from]...)
	for i := from; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return text, true
		case c < ' ':
			return nil, false
		case c != '\\':
			text = append(text, c)
		default:
			i++
			if i == len(s.rest) || simpleEscapes[s.rest[i]] == 0 { // \u too is left to others
				return nil, false
			}
			text = append(text, simpleEscapes[s.rest[i]])
		}
	}
	return nil, false
}
