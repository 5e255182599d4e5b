package txnlog

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// seed adds Apache's files with the prefix.
func seed(f *testing.F, prefix string) {
	f.Helper()
	entries, err := os.ReadDir(apacheDir)
	must(f, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && !strings.HasSuffix(e.Name(), ".gz") {
			raw, err := os.ReadFile(filepath.Join(apacheDir, e.Name()))
			must(f, err)
			f.Add(raw)
		}
	}
}

// FuzzLog opens a folder with one log of any bytes. What is accepted must read the same
// after the restart that has cut the tail.
func FuzzLog(f *testing.F) {
	seed(f, logPrefix)
	f.Add(append(logHeader(fileHeaderSize), appendEntry(nil, makeTxn(1, []byte("x")))...))
	f.Add(append(logHeader(100), appendEntry(nil, makeTxn(1, make([]byte, 900)))...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		mem := newMemory(t)
		must(t, storage.WriteFile(mem, testDir+"/log.1", raw))
		first, err := openAndRead(mem)
		if err != nil {
			return
		}
		again, err := openAndRead(mem)
		if err != nil || len(again) != len(first) || !isPrefix(again, first) {
			t.Fatalf("first %d transactions, then %d, %v", len(first), len(again), err)
		}
	})
}

// FuzzSnapshot reads any bytes. What is accepted is written back the same.
func FuzzSnapshot(f *testing.F) {
	seed(f, snapPrefix)
	small := sample(3, 1)
	small.nodes[2].data = small.nodes[2].data[:50]
	f.Add(small.bytes(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := readContent(raw)
		if err != nil {
			return
		}
		if got := c.bytes(t); !bytes.Equal(got, raw) && !lossy(raw, c) {
			t.Fatalf("read %d bytes, wrote %d others", len(raw), len(got))
		}
	})
}

// lossy says whether a snapshot may be written differently: a digest as text is dropped, and
// a null count is written as 0.
func lossy(raw []byte, c *content) bool {
	return c.tail.Digest == nil || bytes.Contains(raw, []byte{0xff, 0xff, 0xff, 0xff})
}

// FuzzSnapshotBody has no seals in the way.
func FuzzSnapshotBody(f *testing.F) {
	var out bytes.Buffer
	w := NewSnapshotBody(&out)
	small := sample(3, 1)
	small.nodes[2].data = small.nodes[2].data[:50]
	small.writeTo(w)
	must(f, w.Flush())
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &content{}
		if err := ReadSnapshotBody(newBuffered(raw), "fuzz", c); err != nil {
			return
		}
		var back bytes.Buffer
		w := NewSnapshotBody(&back)
		c.writeTo(w)
		must(t, w.Flush())
		if !bytes.HasPrefix(raw, back.Bytes()) && !bytes.Contains(raw, []byte{0xff, 0xff, 0xff, 0xff}) {
			t.Fatalf("read % x, wrote % x", raw, back.Bytes())
		}
	})
}

// TestHostileSizes: a length that lies must not cost the memory that it claims.
func TestHostileSizes(t *testing.T) {
	const huge = "\x7f\xff\xff\xff"
	prefix := string(sampleHeader())
	for name, raw := range map[string]string{
		"sessions": prefix + huge,
		"ACLs":     prefix + "\x00\x00\x00\x00" + huge + strings.Repeat("x", 12),
		"ACL":      prefix + "\x00\x00\x00\x00\x00\x00\x00\x01" + "12345678" + huge + "1234" + huge + "abc",
		"path":     prefix + "\x00\x00\x00\x00\x00\x00\x00\x00" + huge + "abc",
		"data":     prefix + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x7f\xff\xff\x00" + "abc",
		"data+":    prefix + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + huge + "abc",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readContent([]byte(raw))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 2*snapReadBuffer {
			t.Errorf("%s: %d bytes allocated for %d bytes of input", name, spent, len(raw))
		}
	}
}
