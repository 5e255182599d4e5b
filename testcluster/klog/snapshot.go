package klog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// A snapshot of the producers is named by the offset up to which it holds:
//
//	i16 version 1 | u32 CRC-32C of what follows | i32 count | entries
//
// and an entry has the last batch of a producer alone:
//
//	i64 producer id | i16 epoch | i32 last sequence | i64 last offset | i32 offset delta |
//	i64 timestamp | i32 coordinator epoch | i64 first offset of the open transaction, or -1
//
// Source: ProducerStateManager.writeSnapshot.
const (
	snapshotVersion = 1
	snapshotHeader  = 2 + 4 + 4
	snapshotEntry   = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (p producers) encode() []byte {
	be := binary.BigEndian
	b := make([]byte, snapshotHeader, snapshotHeader+len(p)*snapshotEntry)
	be.PutUint16(b, snapshotVersion)
	be.PutUint32(b[6:], uint32(len(p)))
	for _, info := range p.list() {
		known := p[info.ID]
		last := seenBatch{lastSequence: -1, lastOffset: -1, time: known.lastTime}
		if known.n > 0 {
			last = known.batches[known.n-1]
		}
		b = be.AppendUint64(b, uint64(info.ID))
		b = be.AppendUint16(b, uint16(known.epoch))
		b = be.AppendUint32(b, uint32(last.lastSequence))
		b = be.AppendUint64(b, uint64(last.lastOffset))
		b = be.AppendUint32(b, uint32(last.delta))
		b = be.AppendUint64(b, uint64(known.lastTime))
		b = be.AppendUint32(b, uint32(known.coordinatorEpoch))
		b = be.AppendUint64(b, uint64(known.txnStart))
	}
	be.PutUint32(b[2:], crc32.Checksum(b[6:], castagnoli))
	return b
}

// decodeProducers reads a snapshot.
func decodeProducers(path string, b []byte) (producers, error) {
	be := binary.BigEndian
	bad := func(format string, args ...any) (producers, error) {
		return nil, &FormatError{File: path, Reason: fmt.Sprintf(format, args...)}
	}
	if len(b) < snapshotHeader {
		return bad("%d bytes are too few", len(b))
	}
	if v := be.Uint16(b); v != snapshotVersion {
		return bad("version %d, only %d is known", v, snapshotVersion)
	}
	if be.Uint32(b[2:]) != crc32.Checksum(b[6:], castagnoli) {
		return bad("wrong checksum")
	}
	count := int64(be.Uint32(b[6:]))
	if rest := int64(len(b) - snapshotHeader); rest != count*snapshotEntry {
		return bad("%d bytes for %d entries", rest, count)
	}
	p := make(producers, count)
	for e := b[snapshotHeader:]; len(e) > 0; e = e[snapshotEntry:] {
		known := &producer{
			epoch:            int16(be.Uint16(e[8:])),
			lastTime:         int64(be.Uint64(e[26:])),
			coordinatorEpoch: int32(be.Uint32(e[34:])),
			txnStart:         int64(be.Uint64(e[38:])),
		}
		last := seenBatch{int32(be.Uint32(e[10:])), int64(be.Uint64(e[14:])), int32(be.Uint32(e[22:])), known.lastTime}
		if last.lastSequence >= 0 && last.lastOffset >= 0 && last.delta >= 0 {
			known.batches[0], known.n = last, 1
		}
		p[int64(be.Uint64(e))] = known
	}
	return p, nil
}

// snapshotOffsets are the offsets of the snapshots among the names of a folder.
func snapshotOffsets(names []string) []int64 {
	var found []int64
	for _, name := range names {
		if offset, ok := parseFileName(name, snapshotSuffix); ok {
			found = append(found, offset)
		}
	}
	return found
}

func folderNames(fsys storage.FS, path string) ([]string, error) {
	entries, err := fsys.ReadDir(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// noOffset is above every offset.
const noOffset = math.MaxInt64
