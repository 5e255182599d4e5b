package kafkatools

import (
	"encoding/binary"
	"errors"
)

// errGroupRecord tells that a record is none of __consumer_offsets.
var errGroupRecord = errors.New("is no record of __consumer_offsets")

// fieldReader reads the fields of Kafka's records of groups, whose versions from 4 on are flexible: lengths are varints,
// one more than they say, and unknown fields stand at the end. The first error stays.
type fieldReader struct {
	b        []byte
	flexible bool
	err      error
}

func (r *fieldReader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)) {
		r.err = errGroupRecord
	}
	if r.err != nil {
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *fieldReader) int16() int16 {
	if b := r.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *fieldReader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *fieldReader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *fieldReader) uvarint() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > 1<<31 {
		r.take(-1)
		return 0
	}
	r.take(size)
	return int(n)
}

// length is that of what follows, of which the classic form is as wide as it says; -1 is null.
func (r *fieldReader) length(wide bool) int {
	switch {
	case r.flexible:
		return r.uvarint() - 1
	case wide:
		return int(r.int32())
	}
	return int(r.int16())
}

// text is a string, nil for null.
func (r *fieldReader) text() *string {
	n := r.length(false)
	if n == -1 || r.err != nil {
		return nil
	}
	s := string(r.take(n))
	return &s
}

// bytes is what has an own layout, nil for null.
func (r *fieldReader) bytes() []byte {
	n := r.length(true)
	if n == -1 || r.err != nil {
		return nil
	}
	return r.take(n)
}

// tags calls known for each field behind the others, with its number.
func (r *fieldReader) tags(known func(tag int, b []byte)) {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		tag := r.uvarint()
		b := r.take(r.uvarint())
		if r.err == nil && known != nil {
			known(tag, b)
		}
	}
}

// groupKey is the key of a record of __consumer_offsets.
type groupKey struct {
	version   int16 // 0 and 1: an offset; 2: a group
	group     string
	topic     string
	partition int32
}

func readGroupKey(b []byte) (groupKey, error) {
	r := &fieldReader{b: b}
	k := groupKey{version: r.int16()}
	if k.version < 0 || k.version > 2 {
		return k, errGroupRecord // groups of the newer protocol, which no formatter shows
	}
	k.group = deref(r.text())
	if k.version < 2 {
		k.topic = deref(r.text())
		k.partition = r.int32()
	}
	return k, r.err
}

// offsetValue is what was committed.
type offsetValue struct {
	version     int16
	offset      int64
	leaderEpoch int32 // -1: none
	metadata    string
	committed   int64 // milliseconds
	expires     int64 // -1: never
	topicID     []byte
}

func readOffsetValue(b []byte) (offsetValue, error) {
	r := &fieldReader{b: b}
	v := offsetValue{version: r.int16(), leaderEpoch: -1, expires: -1}
	if v.version < 0 || v.version > 4 {
		return v, errGroupRecord
	}
	r.flexible = v.version >= 4
	v.offset = r.int64()
	if v.version >= 3 {
		v.leaderEpoch = r.int32()
	}
	v.metadata = deref(r.text())
	v.committed = r.int64()
	if v.version == 1 {
		v.expires = r.int64()
	}
	r.tags(func(tag int, b []byte) {
		if tag == 0 && len(b) == 16 {
			v.topicID = b
		}
	})
	return v, r.err
}

// groupValue is a group as its coordinator has it.
type groupValue struct {
	version      int16
	protocolType string
	generation   int32
	protocol     *string
	leader       *string
	since        int64 // the time of the state, -1: not told
	members      []groupMember
}

type groupMember struct {
	id               string
	instance         *string
	client, host     string
	rebalanceTimeout int32 // of versions before 1 it is the session's
	sessionTimeout   int32
	subscription     []byte
	assignment       []byte
}

func readGroupValue(b []byte) (groupValue, error) {
	r := &fieldReader{b: b}
	v := groupValue{version: r.int16(), since: -1}
	if v.version < 0 || v.version > 4 {
		return v, errGroupRecord
	}
	r.flexible = v.version >= 4
	v.protocolType = deref(r.text())
	v.generation = r.int32()
	v.protocol, v.leader = r.text(), r.text()
	if v.version >= 2 {
		v.since = r.int64()
	}
	for n := r.length(true); n > 0 && r.err == nil; n-- {
		var m groupMember
		m.id = deref(r.text())
		if v.version >= 3 {
			m.instance = r.text()
		}
		m.client, m.host = deref(r.text()), deref(r.text())
		if v.version >= 1 {
			m.rebalanceTimeout = r.int32()
		}
		m.sessionTimeout = r.int32()
		if v.version < 1 {
			m.rebalanceTimeout = m.sessionTimeout
		}
		m.subscription, m.assignment = r.bytes(), r.bytes()
		r.tags(nil)
		v.members = append(v.members, m)
	}
	r.tags(nil)
	return v, r.err
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
