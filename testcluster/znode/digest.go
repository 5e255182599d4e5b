package znode

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

// resum brings the tree's digest up to date after node i, at path, changed. The digest is the sum of a CRC-32 for each
// node but those below /zookeeper, which servers change by themselves. Source: DigestCalculator, NodeHashMapImpl.
func (t *Tree) resum(i uint32, path string) {
	if !t.opts.Digest || strings.HasPrefix(path, systemPath+"/") {
		return
	}
	if path == "/" {
		path = ""
	}
	n := t.nodes.at(i)
	sum := t.nodes.sum(i)
	t.digest -= uint64(*sum)
	b := append(t.buf[:0], path...)
	crc := crc32.Update(0, crc32.IEEETable, b)
	crc = crc32.Update(crc, crc32.IEEETable, t.data(i))
	b = binary.BigEndian.AppendUint64(b[:0], uint64(n.czxid))
	b = binary.BigEndian.AppendUint64(b, uint64(n.mzxid))
	b = binary.BigEndian.AppendUint64(b, uint64(n.pzxid))
	b = binary.BigEndian.AppendUint64(b, uint64(n.ctime))
	b = binary.BigEndian.AppendUint64(b, uint64(n.mtime))
	b = binary.BigEndian.AppendUint32(b, uint32(n.version))
	b = binary.BigEndian.AppendUint32(b, uint32(n.cversion))
	b = binary.BigEndian.AppendUint32(b, uint32(n.aversion))
	b = binary.BigEndian.AppendUint64(b, uint64(n.owner))
	*sum = crc32.Update(crc, crc32.IEEETable, b)
	t.digest += uint64(*sum)
	t.buf = b[:0]
}

// unsum takes node i out of the digest.
func (t *Tree) unsum(i uint32) {
	if t.opts.Digest {
		sum := t.nodes.sum(i)
		t.digest -= uint64(*sum)
		*sum = 0
	}
}

// javaLen is a string's length in UTF-16 units.
func javaLen(s string) int64 {
	n := int64(0)
	for i := 0; i < len(s); n++ {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, w := utf8.DecodeRuneInString(s[i:])
		if r > 0xffff {
			n++
		}
		i += w
	}
	return n
}
