package txnlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func TestSnapshot_RoundTrip(t *testing.T) {
	for _, tail := range []SnapshotTail{
		{},
		{Digest: &SnapshotDigest{Zxid: 9, Digest: 77}},
		{LastProcessed: 9, HasLastProcessed: true},
		{Digest: &SnapshotDigest{Zxid: 9, Digest: 77}, LastProcessed: 9, HasLastProcessed: true},
	} {
		want := sample(9, 20000)
		want.tail = tail
		got, err := readContent(want.bytes(t))
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("with tail %+v something came back differently: %+v", tail, got.tail)
		}
	}
}

// TestSnapshot_DigestAsText reads the section as versions before 3.6.1 wrote it.
func TestSnapshot_DigestAsText(t *testing.T) {
	want := sample(9, 1)
	var out bytes.Buffer
	w := newSnapshotContent(&out)
	want.writeTo(w)
	w.buf = append(w.buf, "\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x01\x00\x00\x00\x08deadbeef"...)
	w.seal()
	must(t, w.Flush())
	got, err := readContent(out.Bytes())
	must(t, err)
	want.tail = SnapshotTail{}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v", got.tail)
	}
}

func TestSnapshotBody_LeavesTheStreamBehindIt(t *testing.T) {
	want := sample(9, 500)
	want.tail = SnapshotTail{}
	for _, size := range []int{16, 100, 4096, 1 << 20} {
		var out bytes.Buffer
		w := NewSnapshotBody(&out)
		want.writeTo(w)
		must(t, w.Flush())
		out.WriteString("what follows")
		src := bufio.NewReaderSize(&out, size)
		got := &content{}
		must(t, ReadSnapshotBody(src, "the leader", got))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("with a buffer of %d something came back differently", size)
		}
		if rest, err := io.ReadAll(src); err != nil || string(rest) != "what follows" {
			t.Fatalf("left %q, %v", rest, err)
		}
	}
}

func TestSnapshotWriter_HoldsTheCallerToItsOrder(t *testing.T) {
	for name, misuse := range map[string]func(*SnapshotWriter){
		"nothing":           func(w *SnapshotWriter) {},
		"no sessions":       func(w *SnapshotWriter) { w.ACLs(0); w.End() },
		"fewer sessions":    func(w *SnapshotWriter) { w.Sessions(2); w.Session(1, 1); w.ACLs(0); w.End() },
		"more sessions":     func(w *SnapshotWriter) { w.Sessions(0); w.Session(1, 1); w.ACLs(0); w.End() },
		"fewer ACLs":        func(w *SnapshotWriter) { w.Sessions(0); w.ACLs(1); w.End() },
		"no end":            func(w *SnapshotWriter) { w.Sessions(0); w.ACLs(0) },
		"digest before end": func(w *SnapshotWriter) { w.Sessions(0); w.ACLs(0); w.Digest(1, 1); w.End() },
		"a node after the end": func(w *SnapshotWriter) {
			w.Sessions(0)
			w.ACLs(0)
			w.End()
			w.Node(nil, nil, 0, &zkproto.StatPersisted{})
		},
	} {
		w := newSnapshotContent(io.Discard)
		misuse(w)
		if w.Flush() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	w := NewSnapshotBody(io.Discard)
	w.Sessions(0)
	w.ACLs(0)
	w.End()
	w.Digest(1, 1)
	if w.Flush() == nil {
		t.Error("a body took a digest")
	}
}

// TestSnapshot_EveryFlipIsFound changes each byte, in each way that matters.
func TestSnapshot_EveryFlipIsFound(t *testing.T) {
	small := sample(9, 2)
	small.nodes[2].data = small.nodes[2].data[:100]
	raw := small.bytes(t)
	for off := range raw {
		for i, change := range flips {
			bad := bytes.Clone(raw)
			bad[off] = change(bad[off])
			if bytes.Equal(bad, raw) {
				continue
			}
			_, err := readContent(bad)
			if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.File != "test" {
				t.Errorf("byte %d, change %d: error %v", off, i, err)
			}
		}
	}
}

func TestSnapshot_EveryTruncationIsFound(t *testing.T) {
	small := sample(9, 2)
	small.nodes[2].data = nil
	raw := small.bytes(t)
	whole := map[int]bool{len(raw): true, len(raw) - lastProcessedSection: true, len(raw) - lastProcessedSection - digestSection: true}
	for n := range raw {
		_, err := readContent(raw[:n])
		if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) && !whole[n] {
			t.Errorf("cut to %d of %d bytes: error %v", n, len(raw), err)
		} else if whole[n] && err != nil {
			t.Errorf("cut to %d bytes, where a section ends: %v", n, err)
		}
	}
	if _, err := readContent(append(raw, 0)); err == nil {
		t.Error("a byte behind the snapshot was accepted")
	}
}

func TestSnapshot_TheSinkMayRefuse(t *testing.T) {
	raw := sample(9, 5).bytes(t)
	c := &content{refuse: "/n3"}
	_, err := ReadSnapshot(bytes.NewReader(raw), "test", c)
	corrupt := (*CorruptError)(nil)
	if !errors.As(err, &corrupt) || corrupt.Reason != "no parent" || !bytes.HasPrefix(raw[corrupt.Offset:], []byte("\x00\x00\x00\x03/n3")) {
		t.Fatalf("error %v", err)
	}
}

func TestLoadNewest_PassesOverWhatIsCorrupt(t *testing.T) {
	mem := storage.NewMemory()
	var out strings.Builder
	f, err := OpenFolder(mem, FolderConfig{DataDir: testData, Logger: testLogger(&out)})
	must(t, err)
	newSink := func() SnapshotSink { return &content{} }
	if got, err := f.LoadNewest(newSink); err != nil || got.Zxid != -1 || got.Path != "" {
		t.Fatalf("an empty folder: %+v, %v", got, err)
	}
	must(t, sample(5, 1).save(f, 5, Plain))
	must(t, sample(6, 1).save(f, 6, Gzip))
	must(t, sample(0x17, 1).save(f, 0x17, Plain))
	must(t, sample(0x18, 1).save(f, 0x18, Gzip))
	must(t, storage.WriteFile(mem, f.SnapDir()+"/snapshot.19", []byte("cut short")))
	must(t, storage.WriteFile(mem, f.SnapDir()+"/snapshot.1a.gz", []byte("not gzip")))
	flip(t, mem, f.SnapDir()+"/snapshot.17", 500, func(b byte) byte { return b ^ 4 })
	flip(t, mem, f.SnapDir()+"/snapshot.18.gz", 600, func(b byte) byte { return b ^ 4 })
	var last *content
	got, err := f.LoadNewest(func() SnapshotSink { last = &content{}; return last })
	must(t, err)
	if got.Zxid != 6 || got.Packed != Gzip || !got.HasLastProcessed || got.LastProcessed != 6 || got.Size == 0 || len(last.nodes) != 5 {
		t.Fatalf("loaded %+v with %d nodes", got, len(last.nodes))
	}
	if n := strings.Count(out.String(), "passed over"); n != 4 {
		t.Fatalf("%d lines: %s", n, out.String())
	}
	for _, name := range []string{"snapshot.17", "snapshot.18.gz", "snapshot.19", "snapshot.1a.gz"} {
		if !strings.Contains(out.String(), f.SnapDir()+"/"+name) {
			t.Errorf("no line names %s", name)
		}
	}

	must(t, mem.Remove(f.SnapDir()+"/snapshot.5"))
	must(t, mem.Remove(f.SnapDir()+"/snapshot.6.gz"))
	_, err = f.LoadNewest(newSink)
	if none := (*NoValidSnapshotError)(nil); !errors.As(err, &none) || none.Tried != 4 {
		t.Fatalf("error %v", err)
	}
	must(t, storage.WriteFile(mem, f.SnapDir()+"/snapshot.1b.snappy", nil))
	if _, err = f.LoadNewest(newSink); err == nil || !strings.Contains(err.Error(), "snapshot.1b.snappy") {
		t.Fatalf("snappy: %v", err)
	}
}

func TestLoadNewest_LogsWithoutSnapshot(t *testing.T) {
	mem := newMemory(t)
	f := openFolder(t, mem)
	l := openLog(t, mem, Options{})
	fill(t, l, 1, 2, 1)
	_, err := f.LoadNewest(func() SnapshotSink { return &content{} })
	if missing := (*NoSnapshotError)(nil); !errors.As(err, &missing) || missing.LogDir != testDir {
		t.Fatalf("error %v", err)
	}
	f, err = OpenFolder(mem, FolderConfig{DataDir: testData, LogDir: "/log", TrustEmpty: true})
	must(t, err)
	if got, err := f.LoadNewest(func() SnapshotSink { return &content{} }); err != nil || got.Zxid != -1 {
		t.Fatalf("with trust: %+v, %v", got, err)
	}
}

// TestSnapshot_CrashAndErrorAtEveryCall writes a second snapshot while calls fail or the
// power does.
func TestSnapshot_CrashAndErrorAtEveryCall(t *testing.T) {
	first, second := sample(1, 0), sample(2, 0)
	for _, c := range []*content{first, second} {
		c.nodes[2].data = c.nodes[2].data[:3000]
	}
	for _, packed := range []Compression{Plain, Gzip} {
		images := 0
		check := func(m *storage.Memory, committed bool) {
			t.Helper()
			f := openFolder(t, m)
			got, err := f.LoadNewest(func() SnapshotSink { return &content{} })
			must(t, err)
			if got.Zxid != 2 && (got.Zxid != 1 || committed) {
				t.Fatalf("loaded %v", got.Zxid)
			}
			images++
		}
		for n, struck := int64(1), true; struck; n++ {
			struck = false
			mem := storage.NewMemory()
			must(t, first.save(openFolder(t, mem), 1, packed))
			fsys := storage.NewFaults(mem, func(c storage.Call) error {
				for seed := range uint64(3) {
					check(mem.Crash(seed+uint64(n)*3), false)
				}
				if c.N == n {
					struck = true
					return syscall.EIO
				}
				return nil
			})
			f, err := OpenFolder(fsys, FolderConfig{DataDir: testData, LogDir: "/log"})
			if err == nil {
				err = second.save(f, 2, packed)
			}
			if (err != nil) != struck && err != nil || err != nil && !errors.Is(err, syscall.EIO) {
				t.Fatalf("call %d: error %v", n, err)
			}
			check(mem.Crash(uint64(n)), err == nil)
			check(mem, err == nil)
		}
		if images < 100 {
			t.Fatalf("%d images", images)
		}
	}
}
