package kproto

import "math"

// uvarint reads an unsigned varint at b[i:] and returns it and the index behind it, which is -1
// if there is none, or one of more than 10 bytes.
func uvarint(b []byte, i int) (uint64, int) {
	if i < len(b) && b[i] < 0x80 { // nearly all are of one byte
		return uint64(b[i]), i + 1
	}
	return longUvarint(b, i)
}

func longUvarint(b []byte, i int) (uint64, int) {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if i >= len(b) {
			return 0, -1
		}
		c := b[i]
		i++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if shift == 63 && c > 1 {
				return 0, -1
			}
			return v, i
		}
	}
	return 0, -1
}

// varlong reads a zigzag varint of up to 64 bits.
func varlong(b []byte, i int) (int64, int) {
	v, i := uvarint(b, i)
	return int64(v>>1) ^ -int64(v&1), i
}

// varint reads a zigzag varint of up to 32 bits; a larger one gives the index -1.
func varint(b []byte, i int) (int, int) {
	v, i := varlong(b, i)
	if v < math.MinInt32 || v > math.MaxInt32 {
		return 0, -1
	}
	return int(v), i
}

func appendVarint(dst []byte, v int64) []byte {
	u := uint64(v)<<1 ^ uint64(v>>63)
	for u >= 0x80 {
		dst = append(dst, byte(u)|0x80)
		u >>= 7
	}
	return append(dst, byte(u))
}

// varintSize is the number of bytes of appendVarint(nil, v).
func varintSize(v int64) int {
	u, n := uint64(v)<<1^uint64(v>>63), 1
	for u >= 0x80 {
		u >>= 7
		n++
	}
	return n
}
