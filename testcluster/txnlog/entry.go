package txnlog

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	fileHeaderSize = 16
	fileVersion    = 2
	logMagic       = 0x5a4b4c47 // "ZKLG"

	entryPrefix   = 8 + 4 // checksum and length
	entryOverhead = entryPrefix + 1
	entryEnd      = 'B'

	txnHeaderSize = 32
	zxidOffset    = 12

	markTag  = 0x7a6b << 48
	markMask = 1<<48 - 1
)

// txnZxid is the zxid in a transaction's header.
func txnZxid(txn []byte) zkproto.Zxid {
	return zkproto.Zxid(binary.BigEndian.Uint64(txn[zxidOffset:]))
}

// checkTxn refuses what could not be read back.
func checkTxn(txn []byte) error {
	if len(txn) < txnHeaderSize {
		return fmt.Errorf("append a transaction of %d bytes: its header alone has %d", len(txn), txnHeaderSize)
	}
	return nil
}

// appendEntry appends one entry of the log.
func appendEntry(b, txn []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(adler32.Checksum(txn)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(txn)))
	b = append(b, txn...)
	return append(b, entryEnd)
}

// logHeader is the first 16 bytes of a log.
func logHeader(mark int64) []byte {
	b := binary.BigEndian.AppendUint32(nil, logMagic)
	b = binary.BigEndian.AppendUint32(b, fileVersion)
	return appendMark(b, mark)
}

func appendMark(b []byte, mark int64) []byte {
	return binary.BigEndian.AppendUint64(b, markTag|uint64(mark))
}

// parseLogHeader returns the mark, and whether there is one.
func parseLogHeader(b []byte) (mark int64, marked bool, err error) {
	if magic := binary.BigEndian.Uint32(b); magic != logMagic {
		return 0, false, fmt.Errorf("not a transaction log: it begins with %x, not with %x (ZKLG)", magic, logMagic)
	}
	if version := binary.BigEndian.Uint32(b[4:]); version != fileVersion {
		return 0, false, fmt.Errorf("transaction log of version %d, not %d", version, fileVersion)
	}
	dbid := binary.BigEndian.Uint64(b[8:])
	if dbid&^markMask != markTag {
		return fileHeaderSize, false, nil
	}
	return int64(dbid & markMask), true, nil
}
