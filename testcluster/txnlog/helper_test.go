package txnlog

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

const testDir = "/log/version-2"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newMemory(t testing.TB) *storage.Memory {
	t.Helper()
	m := storage.NewMemory()
	must(t, m.MkdirAll(testDir, 0o755))
	return m
}

// makeTxn returns a transaction with the given zxid and body. The other header fields are
// of no concern to the log.
func makeTxn(zxid zkproto.Zxid, body []byte) []byte {
	txn := make([]byte, txnHeaderSize, txnHeaderSize+len(body))
	binary.BigEndian.PutUint64(txn, 0x0100000bcb7c0000)
	binary.BigEndian.PutUint32(txn[8:], 1)
	binary.BigEndian.PutUint64(txn[zxidOffset:], uint64(zxid))
	return append(txn, body...)
}

// randomTxn has a body that may be long, and may be zeros, which is how a missing sector looks.
func randomTxn(rng *rand.Rand, zxid zkproto.Zxid) []byte {
	body := make([]byte, []int{0, 8, 60, 400, 1500, 5000}[rng.IntN(6)])
	if rng.IntN(4) > 0 {
		for i := range body {
			body[i] = byte(rng.Uint32())
		}
	}
	return makeTxn(zxid, body)
}

// readAll returns all transactions from zxid on.
func readAll(l *Log, from zkproto.Zxid) ([][]byte, error) {
	it := l.ReadFrom(from)
	defer it.Close()
	var all [][]byte
	for it.Next() {
		all = append(all, bytes.Clone(it.Txn()))
	}
	return all, it.Err()
}

// openAndRead is a restart: it returns what the log holds.
func openAndRead(fsys storage.FS) ([][]byte, error) {
	l, err := OpenLog(fsys, testDir, Options{PreAlloc: 4096})
	if err != nil {
		return nil, err
	}
	all, err := readAll(l, 0)
	if cerr := l.Close(); err == nil {
		err = cerr
	}
	return all, err
}

// isPrefix says whether got is the beginning of want.
func isPrefix(got, want [][]byte) bool {
	if len(got) > len(want) {
		return false
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			return false
		}
	}
	return true
}

func testLogger(out *strings.Builder) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, nil))
}
