package torture

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/txnlog"
)

// A torn tail costs nothing that a log has: whatever is left of the batch, the next start cuts it there.
func TestTear_TakesNothingAway(t *testing.T) {
	const txns = 5
	dir := t.TempDir()
	folder, err := txnlog.OpenFolder(storage.Disk(), txnlog.FolderConfig{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	log, err := folder.OpenLog(txnlog.Options{PreAlloc: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for zxid := range uint64(txns) {
		b := make([]byte, txn.HeaderLen+20)
		binary.BigEndian.PutUint64(b[12:], zxid+1)
		if err := log.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Sync(); err != nil {
		t.Fatal(err)
	}
	path := folder.LogDir() + "/log.1" // as a kill leaves it: it is not closed
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(300) {
		s := &scene{rnd: rand.New(rand.NewPCG(seed, 0))}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := s.tearFile(path); err != nil {
			t.Fatal(err)
		}
		log, err := folder.OpenLog(txnlog.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if log.Last() != txns {
			t.Errorf("seed %d: the log ends at %v", seed, log.Last())
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A log without a whole header has no batches, and is left alone.
	if err := os.WriteFile(path, whole[:10], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&scene{rnd: rand.New(rand.NewPCG(1, 0))}).tearFile(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) != 10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
