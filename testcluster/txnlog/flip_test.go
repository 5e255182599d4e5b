package txnlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// flip changes one byte of a file, durably.
func flip(t *testing.T, mem *storage.Memory, path string, off int64, to func(byte) byte) {
	t.Helper()
	f, err := mem.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, off)
	must(t, err)
	_, err = f.WriteAt([]byte{to(b[0])}, off)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}

var flips = []func(byte) byte{
	func(b byte) byte { return b ^ 0xff },
	func(b byte) byte { return b ^ 1 },
	func(b byte) byte { return b ^ 0x80 },
	func(byte) byte { return 0 },
}

// entryBounds returns the offsets at which a file's entries begin, and the end of the last.
func entryBounds(t *testing.T, fsys storage.FS, path string) (bounds []int64) {
	t.Helper()
	raw, err := storage.ReadFile(fsys, path)
	must(t, err)
	off := fileHeaderSize
	bounds = append(bounds, int64(off))
	for off+entryPrefix <= len(raw) {
		n := int(binary.BigEndian.Uint32(raw[off+8:]))
		if n == 0 || off+n+entryOverhead > len(raw) {
			break
		}
		off += n + entryOverhead
		bounds = append(bounds, int64(off))
	}
	return bounds
}

// TestFlip_EveryByteOfAnAcknowledgedEntry changes each byte of two files, the newer one
// still open when the power fails in the middle of a batch. Zeros in the bodies and entries
// across sectors are there on purpose: they look like torn writes.
func TestFlip_EveryByteOfAnAcknowledgedEntry(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{})
	var all [][]byte
	add := func(bodies ...int) {
		for _, n := range bodies {
			body := make([]byte, n)
			if n%2 == 1 {
				for i := range body {
					body[i] = byte(i)
				}
			}
			all = append(all, makeTxn(zkproto.Zxid(len(all)+1), body))
			must(t, l.Append(all[len(all)-1]))
		}
	}
	add(33, 700)
	must(t, l.Roll())
	second := len(all)
	add(21, 301)
	must(t, l.Sync())
	add(1200, 5)
	must(t, l.Sync())
	lastBatch := len(all)
	add(77, 40)
	must(t, l.Sync())
	acked := len(all)
	image := func() *storage.Memory { return mem.Crash(1) } // nothing is unsynced: each is the same

	older, newer := testDir+"/log.1", testDir+"/log.3"
	bounds := entryBounds(t, mem, newer)
	safe := bounds[lastBatch-second]
	check := func(path string, off int64, mustFail bool) {
		for i, change := range flips {
			m := image()
			before, err := storage.ReadFile(m, path)
			must(t, err)
			flip(t, m, path, off, change)
			after, err := storage.ReadFile(m, path)
			must(t, err)
			if bytes.Equal(before, after) {
				continue
			}
			got, err := openAndRead(m)
			corrupt := (*CorruptError)(nil)
			if mustFail && (!errors.As(err, &corrupt) || corrupt.File != path) {
				t.Errorf("%s byte %d, change %d: %d transactions, error %v", path, off, i, len(got), err)
			}
			if err == nil && !isPrefix(got, all) {
				t.Errorf("%s byte %d, change %d: wrong transactions were accepted", path, off, i)
			}
			if err == nil && path == newer && off < safe && off >= fileHeaderSize && len(got) < acked {
				t.Errorf("%s byte %d, change %d: transactions were dropped", path, off, i)
			}
		}
	}
	olderBounds := entryBounds(t, mem, older)
	for off := int64(0); off < olderBounds[len(olderBounds)-1]; off++ {
		check(older, off, off < 8 || off >= fileHeaderSize)
	}
	for off := int64(0); off < bounds[len(bounds)-1]; off++ {
		check(newer, off, off < 8 || off >= fileHeaderSize && off < safe)
	}
	// In the last batch only a length or an end can pass for torn: both entries stand in one
	// sector, and a missing sector would have left zeros there.
	for i := lastBatch - second; i+1 < len(bounds); i++ {
		if bounds[i]/storage.SectorSize != bounds[i+1]/storage.SectorSize {
			t.Fatalf("entry %d crosses sectors", i)
		}
		for off := bounds[i]; off < bounds[i+1]-1; off++ {
			if off < bounds[i]+8 || off >= bounds[i]+entryPrefix {
				check(newer, off, true)
			}
		}
	}
}

// TestFlip_AfterACrash adds rot to crash images: a torn batch at the end must not excuse it.
func TestFlip_AfterACrash(t *testing.T) {
	flipped := 0
	for seed := range uint64(80) {
		mem := newMemory(t)
		rng := rand.New(rand.NewPCG(seed, 5))
		_, err := run(rand.New(rand.NewPCG(seed, 6)), mem, func(c storage.Call, h *history) error {
			if h.previous == 0 || c.Op == storage.OpRead || rng.IntN(4) > 0 {
				return nil
			}
			m := mem.Crash(rng.Uint64())
			path, off, ok := pickByte(t, m, rng, zkproto.Zxid(h.previous))
			if !ok {
				return nil
			}
			flip(t, m, path, off, func(b byte) byte { return b ^ byte(1+rng.IntN(255)) })
			got, err := openAndRead(m)
			if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.File != path {
				t.Fatalf("seed %d, %s byte %d: %d transactions of %d, error %v", seed, path, off, len(got), h.acked, err)
			}
			flipped++
			return nil
		})
		must(t, err)
	}
	if flipped < 300 {
		t.Fatalf("only %d flips", flipped)
	}
}

// pickByte chooses a byte of an entry whose zxid is at most last.
func pickByte(t *testing.T, m *storage.Memory, rng *rand.Rand, last zkproto.Zxid) (string, int64, bool) {
	t.Helper()
	files, err := listFiles(m, testDir, logPrefix)
	must(t, err)
	type span struct {
		path     string
		from, to int64
	}
	var spans []span
	for _, f := range files {
		bounds := entryBounds(t, m, f.path)
		for i := 0; i+1 < len(bounds) && f.zxid+zkproto.Zxid(i) <= last; i++ {
			spans = append(spans, span{f.path, bounds[i], bounds[i+1]})
		}
	}
	if len(spans) == 0 {
		return "", 0, false
	}
	s := spans[rng.IntN(len(spans))]
	return s.path, s.from + rng.Int64N(s.to-s.from), true
}

// TestFlip_AClosedLog has no last batch: its end is known to be durable, whether it was
// closed or found after a kill. The second half of it is the end of an epoch, where the next
// zxid does not tell what is missing.
func TestFlip_AClosedLog(t *testing.T) {
	for name, end := range map[string]func(*Log) error{
		"closed": (*Log).Close,
		"killed": func(*Log) error { return nil },
		"rolled": func(l *Log) error {
			must(t, l.Roll())
			must(t, l.Append(makeTxn(5<<32+1, nil)))
			return l.Sync()
		},
	} {
		mem := newMemory(t)
		l := openLog(t, mem, Options{})
		fill(t, l, 1, 4, 2)
		must(t, end(l))
		want, err := openAndRead(mem) // the restart after the kill
		must(t, err)
		path := testDir + "/log.1"
		raw, err := storage.ReadFile(mem, path)
		must(t, err)
		if bounds := entryBounds(t, mem, path); bounds[len(bounds)-1] != int64(len(raw)) {
			t.Fatalf("%s: a file of %d bytes has entries up to %d", name, len(raw), bounds[len(bounds)-1])
		}
		for off := int64(fileHeaderSize); off < int64(len(raw)); off++ {
			for i, change := range flips {
				m := mem.Crash(0)
				flip(t, m, path, off, change)
				if now, _ := storage.ReadFile(m, path); bytes.Equal(now, raw) {
					continue
				}
				got, err := openAndRead(m)
				if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.File != path {
					t.Errorf("%s: byte %d, change %d: %d transactions of %d, %v", name, off, i, len(got), len(want), err)
				}
			}
		}
		for size := range raw {
			if size <= fileHeaderSize {
				continue
			}
			m := mem.Crash(0)
			must(t, storage.WriteFile(m, path, raw[:size]))
			if got, err := openAndRead(m); err == nil {
				t.Errorf("%s: cut to %d bytes: %d transactions of %d", name, size, len(got), len(want))
			}
		}
	}
}

func TestHasHole(t *testing.T) {
	full := bytes.Repeat([]byte{1}, 2000)
	zeroed := func(from, to int) []byte {
		b := bytes.Clone(full)
		clear(b[:4])
		clear(b[from:to])
		return b
	}
	for _, c := range []struct {
		name     string
		off      int64
		from, to int
		want     bool
	}{
		{"whole", 100, 0, 0, false},
		{"the zero half of the checksum alone in its sector", 508, 0, 4, false},
		{"one byte more", 507, 0, 5, true},
		{"not all of the first sector", 100, 0, 411, false},
		{"all of the first sector", 100, 0, 412, true},
		{"across sectors, none whole", 0, 5, 1023, false},
		{"a sector in the middle", 100, 412, 924, true},
		{"the last piece", 100, 1948, 2000, true},
		{"all but the last byte", 100, 1948, 1999, false},
	} {
		if got := hasHole(zeroed(c.from, c.to), c.off); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
