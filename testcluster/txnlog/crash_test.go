package txnlog

import (
	"bytes"
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
