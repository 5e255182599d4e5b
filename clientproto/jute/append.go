package jute

import (
	"encoding/binary"
	"math"
)

// AppendBool appends one byte, 1 for true.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendInt appends 4 bytes, big-endian two's complement.
func AppendInt(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

// AppendLong appends 8 bytes, big-endian two's complement.
func AppendLong(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

// AppendDouble appends 8 bytes, IEEE 754 big-endian.
func AppendDouble(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v))
}

// AppendBuffer appends a length and the bytes. A nil p is written as null (length -1),
// which is another value than an empty p.
func AppendBuffer(b, p []byte) []byte {
	if p == nil {
		return AppendInt(b, -1)
	}
	return append(AppendInt(b, int32(len(p))), p...)
}

// AppendString appends a byte length and UTF-8. It cannot write null; see [AppendNullString].
func AppendString(b []byte, s string) []byte {
	return append(AppendInt(b, int32(len(s))), s...)
}

// AppendNullString appends the null string (length -1).
func AppendNullString(b []byte) []byte { return AppendInt(b, -1) }

// AppendStrings appends a vector of strings. A nil v is written as the null vector
// (count -1), which is another value than an empty one.
func AppendStrings(b []byte, v []string) []byte {
	if v == nil {
		return AppendInt(b, -1)
	}
	b = AppendInt(b, int32(len(v)))
	for _, s := range v {
		b = AppendString(b, s)
	}
	return b
}

// PutInt overwrites the first 4 bytes of b, for a length that is known afterwards.
func PutInt(b []byte, v int32) { binary.BigEndian.PutUint32(b, uint32(v)) }
