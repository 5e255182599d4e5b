package txnlog

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// writeRepeated writes a log file whose transactions 2 and 3 stand there twice.
func writeRepeated(t *testing.T, header []byte) *storage.Memory {
	t.Helper()
	m := newMemory(t)
	content := header
	for _, zxid := range []zkproto.Zxid{1, 2, 3, 2, 3, 4} {
		content = appendEntry(content, makeTxn(zxid, []byte("body")))
	}
	must(t, storage.WriteFile(m, filepath.Join(testDir, "log.1"), content))
	return m
}

// Apache's header has zeros where ours has its mark.
func apacheHeader() []byte { return append(bytes.Clone(logHeader(0)[:8]), make([]byte, 8)...) }

// A follower of Apache 3.8 may write transactions twice. They are read once, and the file
// can be cut and continued.
func TestRepeated_ApachesLog(t *testing.T) {
	for _, keep := range []zkproto.Zxid{2, 3, 4} {
		l, err := OpenLog(writeRepeated(t, apacheHeader()), testDir, Options{PreAlloc: 4096})
		must(t, err)
		must(t, l.TruncateAfter(keep))
		must(t, l.Append(makeTxn(keep+1, nil)))
		must(t, l.Sync())
		all, err := readAll(l, 0)
		must(t, err)
		must(t, l.Close())
		for i, txn := range all {
			if got := txnZxid(txn); got != zkproto.Zxid(i+1) {
				t.Errorf("kept to %v: transaction %v at %d", keep, got, i)
			}
		}
		if len(all) != int(keep)+1 {
			t.Errorf("kept to %v: %d transactions", keep, len(all))
		}
	}
}

// Our own log never repeats one: that is damage.
func TestRepeated_OurLog(t *testing.T) {
	_, err := openAndRead(writeRepeated(t, logHeader(fileHeaderSize)))
	if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) {
		t.Errorf("opened with %v", err)
	}
}
