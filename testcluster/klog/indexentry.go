package klog

import "encoding/binary"

// An entry of .index: the last offset of a batch, and where the batch begins.

func offsetEntry(b []byte, relative, position int32) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(relative))
	return binary.BigEndian.AppendUint32(b, uint32(position))
}

func entryOffset(entry []byte) int64   { return int64(int32(binary.BigEndian.Uint32(entry))) }
func entryPosition(entry []byte) int64 { return int64(int32(binary.BigEndian.Uint32(entry[4:]))) }

// An entry of .timeindex: the largest timestamp so far, and the last offset of the batch that has it.

func timeEntry(b []byte, timestamp int64, relative int32) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(timestamp))
	return binary.BigEndian.AppendUint32(b, uint32(relative))
}

func entryTime(entry []byte) int64       { return int64(binary.BigEndian.Uint64(entry)) }
func entryTimeOffset(entry []byte) int64 { return entryOffset(entry[8:]) }

// followsOffset says whether an entry of .index may follow prev in a segment of that many bytes.
func followsOffset(size int64) func(prev, entry []byte) bool {
	return func(prev, entry []byte) bool {
		offset, position := entryOffset(entry), entryPosition(entry)
		if offset < 0 || position < 0 || position >= size {
			return false
		}
		if prev == nil {
			return offset != 0 || position != 0 || !allZero(entry)
		}
		return offset > entryOffset(prev) && position > entryPosition(prev)
	}
}

// followsTime says whether an entry of .timeindex may follow prev.
func followsTime(prev, entry []byte) bool {
	if entryTime(entry) < 0 || entryTimeOffset(entry) < 0 || allZero(entry) {
		return false
	}
	return prev == nil || entryTime(entry) > entryTime(prev) && entryTimeOffset(entry) > entryTimeOffset(prev)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
