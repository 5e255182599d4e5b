package txnlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// history is what a run has done so far, as a power cut has to find it.
type history struct {
	txns     [][]byte // all that were ever appended, by zxid from 1
	acked    int      // so many must be there
	previous int      // so many were acknowledged before the last batch
}

// run is a random life of a log. atCall runs before every call on the file system; a call
// that it fails ends the run.
func run(rng *rand.Rand, mem *storage.Memory, atCall func(storage.Call, *history) error) (*history, error) {
	h := &history{}
	fsys := storage.NewFaults(mem, func(c storage.Call) error { return atCall(c, h) })
	opts := Options{PreAlloc: 8192}
	if rng.IntN(3) == 0 {
		opts.SizeLimit = 6000
	}
	l, err := OpenLog(fsys, testDir, opts)
	if err != nil {
		return h, err
	}
	for range 2 + rng.IntN(6) {
		for range 1 + rng.IntN(5) {
			txn := randomTxn(rng, zkproto.Zxid(len(h.txns)+1))
			h.txns = append(h.txns, txn)
			if err := l.Append(txn); err != nil {
				return h, err
			}
		}
		if err := l.Sync(); err != nil {
			return h, err
		}
		h.previous, h.acked = h.acked, len(h.txns)
		switch rng.IntN(8) {
		case 0:
			err = l.Roll()
		case 1:
			if err = l.Close(); err == nil {
				l, err = OpenLog(fsys, testDir, opts)
			}
		case 2:
			cut := rng.IntN(h.acked + 1)
			h.acked, h.previous = cut, 0
			if err = l.TruncateAfter(zkproto.Zxid(cut)); err == nil {
				h.txns = h.txns[:cut]
			}
		}
		if err != nil {
			return h, err
		}
	}
	return h, l.Close()
}

// checkImage restarts on what a crash left, and goes on for a while.
func checkImage(t *testing.T, image *storage.Memory, h *history) {
	t.Helper()
	l, err := OpenLog(image, testDir, Options{PreAlloc: 8192})
	if err != nil {
		t.Fatalf("a legal crash image was refused: %v", err)
	}
	got, err := readAll(l, 0)
	if err != nil {
		t.Fatalf("a legal crash image cannot be read: %v", err)
	}
	if len(got) < h.acked || !isPrefix(got, h.txns) {
		t.Fatalf("%d transactions, acknowledged %d of %d", len(got), h.acked, len(h.txns))
	}
	// What was read is built upon: it must survive the next cut, with what follows.
	next := makeTxn(zkproto.Zxid(len(got)+1), []byte("after the crash"))
	must(t, l.Append(next))
	must(t, l.Sync())
	again, err := openAndRead(image.Crash(uint64(len(got))))
	if err != nil || len(again) != len(got)+1 || !isPrefix(got, again) || !bytes.Equal(again[len(got)], next) {
		t.Fatalf("after a second crash: %d transactions, want %d, %v", len(again), len(got)+1, err)
	}
}

func TestCrash_AtEveryCall(t *testing.T) {
	seeds, images := uint64(60), 0
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		mem := newMemory(t)
		rng := rand.New(rand.NewPCG(seed, 1))
		cuts := rand.New(rand.NewPCG(seed, 2))
		defer func() {
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		}()
		h, err := run(rng, mem, func(_ storage.Call, h *history) error {
			for range 2 {
				checkImage(t, mem.Crash(cuts.Uint64()), h)
				images++
			}
			return nil
		})
		must(t, err)
		checkImage(t, mem.Crash(seed), h)
	}
	t.Logf("%d crash images", images)
}

// TestCrash_InRecovery cuts the power again while the restart cleans up.
func TestCrash_InRecovery(t *testing.T) {
	for seed := range uint64(80) {
		mem := newMemory(t)
		rng := rand.New(rand.NewPCG(seed, 3))
		stop := int64(20 + rng.IntN(60))
		var image *storage.Memory
		var at history
		_, err := run(rng, mem, func(c storage.Call, h *history) error {
			if c.N == stop {
				image, at = mem.Crash(rng.Uint64()), *h
				at.txns = slices.Clone(h.txns)
			}
			return nil
		})
		must(t, err)
		if image == nil {
			continue
		}
		fsys := storage.NewFaults(image, func(storage.Call) error {
			checkImage(t, image.Crash(rng.Uint64()), &at)
			return nil
		})
		_, err = openAndRead(fsys)
		must(t, err)
	}
}

// TestError_AtEveryCall fails each call in turn, for good or once, and then restarts, after
// a kill and after a power cut.
func TestError_AtEveryCall(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		for n, more := int64(1), true; more; n++ {
			for _, fault := range []error{syscall.EIO, &storage.ShortWrite{Bytes: int(n*37) % 700, Err: syscall.ENOSPC}} {
				mem := newMemory(t)
				struck := false
				h, err := run(rand.New(rand.NewPCG(seed, 4)), mem, func(c storage.Call, _ *history) error {
					if c.N == n {
						struck = true
						return fault
					}
					return nil
				})
				more = struck
				if err != nil && !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("seed %d call %d: %v hides the cause", seed, n, err)
				}
				checkImage(t, mem.Crash(seed*1000+uint64(n)), h)
				checkImage(t, mem, h)
			}
		}
	}
}

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

// TestRecovery_MakesTheNameDurable: Apache does not sync the folder.
func TestRecovery_MakesTheNameDurable(t *testing.T) {
	mem := newMemory(t)
	f, err := storage.Create(mem, testDir+"/log.1")
	must(t, err)
	raw, err := os.ReadFile(apacheDir + "/log.1")
	must(t, err)
	_, err = f.Write(raw)
	must(t, err)
	if all, err := openAndRead(mem); err != nil || len(all) != 24 {
		t.Fatalf("%d transactions, %v", len(all), err)
	}
	for seed := range uint64(20) {
		if all, err := openAndRead(mem.Crash(seed)); err != nil || len(all) != 24 {
			t.Fatalf("seed %d: %d transactions, %v", seed, len(all), err)
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
