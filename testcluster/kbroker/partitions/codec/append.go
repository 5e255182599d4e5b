package codec

import "encoding/binary"

// What follows appends in the classic encoding, or the compact one of flexible versions.

func appendInt16(b []byte, v int16) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }
func appendInt32(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }
func appendInt64(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

// appendCount appends the length of an array or of bytes; -1 is null.
func appendCount(b []byte, flexible bool, n int) []byte {
	if flexible {
		return binary.AppendUvarint(b, uint64(n+1))
	}
	return appendInt32(b, int32(n))
}

func appendText[T string | []byte](b []byte, flexible bool, s T) []byte {
	if flexible {
		b = binary.AppendUvarint(b, uint64(len(s)+1))
	} else {
		b = appendInt16(b, int16(len(s)))
	}
	return append(b, s...)
}

// appendNullableText appends null for "".
func appendNullableText(b []byte, flexible bool, s string) []byte {
	switch {
	case s != "":
		return appendText(b, flexible, s)
	case flexible:
		return append(b, 0)
	}
	return appendInt16(b, -1)
}

func appendNoTags(b []byte, flexible bool) []byte {
	if flexible {
		return append(b, 0)
	}
	return b
}

// run is how many items from the first on are of one topic.
func run[T any](items []T, same func(a, b *T) bool) int {
	n := 1
	for n < len(items) && same(&items[0], &items[n]) {
		n++
	}
	return n
}

// runs is how many topics there are, one after another.
func runs[T any](items []T, same func(a, b *T) bool) int {
	n := 0
	for len(items) > 0 {
		items = items[run(items, same):]
		n++
	}
	return n
}
