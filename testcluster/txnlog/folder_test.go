package txnlog

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func TestOpenFolder_RefusesMisplacedFiles(t *testing.T) {
	for _, c := range []struct{ file, dir string }{
		{"/data/version-2/log.5", "/data/version-2"},
		{"/log/version-2/snapshot.5", "/log/version-2"},
	} {
		mem := storage.NewMemory()
		openFolder(t, mem)
		must(t, storage.WriteFile(mem, c.file, nil))
		_, err := OpenFolder(mem, FolderConfig{DataDir: "/data", LogDir: "/log"})
		wrong := (*MisplacedError)(nil)
		if !errors.As(err, &wrong) || wrong.Dir != c.dir || !strings.HasSuffix(c.file, wrong.File) {
			t.Fatalf("%s: error %v", c.file, err)
		}
		_, err = OpenFolder(mem, FolderConfig{DataDir: c.dir[:strings.LastIndex(c.dir, "/")]})
		must(t, err)
	}
}

func TestOpenFolder_NoCreate(t *testing.T) {
	mem := storage.NewMemory()
	if _, err := OpenFolder(mem, FolderConfig{DataDir: "/data", NoCreate: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error %v", err)
	}
	must(t, mem.MkdirAll("/data", 0o755))
	must(t, storage.WriteFile(mem, "/data/version-2", nil))
	if _, err := OpenFolder(mem, FolderConfig{DataDir: "/data"}); err == nil || !strings.Contains(err.Error(), "not a folder") {
		t.Fatalf("error %v", err)
	}
}

func TestOpenFolder_RemovesUnfinishedSnapshots(t *testing.T) {
	mem := storage.NewMemory()
	f := openFolder(t, mem)
	_, err := f.CreateSnapshot(5, Plain)
	must(t, err)
	must(t, storage.WriteFile(mem, f.SnapDir()+"/tmp.other", nil))
	if list, err := f.Snapshots(); err != nil || len(list) != 0 {
		t.Fatalf("an unfinished snapshot shows: %v, %v", list, err)
	}
	openFolder(t, mem)
	entries, err := mem.ReadDir(f.SnapDir())
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != "tmp.other" {
		t.Fatalf("left %v", entries)
	}
}

func TestPurge(t *testing.T) {
	for _, c := range []struct {
		snaps, logs []zkproto.Zxid
		keep        int
		want        string
	}{
		{[]zkproto.Zxid{1, 2, 3}, []zkproto.Zxid{1, 2}, 1, ""},
		{[]zkproto.Zxid{0, 10, 20, 30, 40}, []zkproto.Zxid{1, 11, 21, 31, 41}, 3, "snapshot.0 snapshot.a log.1"},
		{[]zkproto.Zxid{0, 10, 20, 30, 40}, []zkproto.Zxid{1, 20, 31}, 3, "snapshot.0 snapshot.a log.1"},
		{[]zkproto.Zxid{0, 10, 20, 30, 40}, []zkproto.Zxid{1, 41}, 3, "snapshot.0 snapshot.a"},
		{[]zkproto.Zxid{0, 10, 20, 30, 40}, []zkproto.Zxid{35, 41}, 4, "snapshot.0"},
		{[]zkproto.Zxid{0, 10, 20, 30, 40}, nil, 3, "snapshot.0 snapshot.a"},
	} {
		mem := storage.NewMemory()
		f := openFolder(t, mem)
		for _, z := range c.snaps {
			must(t, storage.WriteFile(mem, f.SnapDir()+"/"+snapName(z, Plain), []byte("12345")))
		}
		for _, z := range c.logs {
			must(t, storage.WriteFile(mem, f.LogDir()+"/"+logName(z), []byte("123")))
		}
		must(t, f.WriteEpoch(CurrentEpoch, 7))
		removed, err := f.Purge(c.keep)
		must(t, err)
		var names []string
		for _, path := range removed {
			names = append(names, path[strings.LastIndex(path, "/")+1:])
			if _, err := mem.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there", path)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("snapshots %v, logs %v, keep %d: removed %q, want %q", c.snaps, c.logs, c.keep, got, c.want)
		}
		snapBytes, logBytes, err := f.Sizes()
		must(t, err)
		gone := len(strings.Fields(c.want)) - strings.Count(c.want, "log.")
		if snapBytes != int64(5*(len(c.snaps)-gone)+1) || logBytes != int64(3*(len(c.logs)-strings.Count(c.want, "log."))) {
			t.Errorf("sizes %d and %d", snapBytes, logBytes)
		}
	}
}

func TestEpoch(t *testing.T) {
	mem := storage.NewMemory()
	f := openFolder(t, mem)
	if _, ok, err := f.ReadEpoch(AcceptedEpoch); ok || err != nil {
		t.Fatalf("no file: %v, %v", ok, err)
	}
	must(t, f.WriteEpoch(AcceptedEpoch, 0x12))
	must(t, f.WriteEpoch(AcceptedEpoch, 0x13))
	after := openFolder(t, mem.Crash(3))
	if got, ok, err := after.ReadEpoch(AcceptedEpoch); got != 0x13 || !ok || err != nil {
		t.Fatalf("epoch %d, %v, %v", got, ok, err)
	}
	raw, err := storage.ReadFile(mem, f.SnapDir()+"/acceptedEpoch")
	if err != nil || string(raw) != "19" {
		t.Fatalf("file %q, %v", raw, err)
	}
	for _, bad := range []string{"", "x", "1 2", "-1", "99999999999999999999"} {
		must(t, storage.WriteFile(mem, f.SnapDir()+"/currentEpoch", []byte(bad)))
		_, _, err := f.ReadEpoch(CurrentEpoch)
		if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) || !strings.HasSuffix(corrupt.File, "/currentEpoch") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
