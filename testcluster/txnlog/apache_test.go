package txnlog

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// The files in testdata were written by Apache's server: a standalone 3.9.4 that zkCli.sh had
// create nodes of all kinds, was restarted, got two more transactions, was restarted with
// snapshot.compression.method=gz, and once more with a session open. The logs' unused room is
// cut to 64 bytes of zeros.
const apacheDir = "testdata/apache-3.9.4"

func apacheFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(apacheDir, name))
	must(t, err)
	return raw
}

// apacheFolder is a folder with Apache's files.
func apacheFolder(t *testing.T) *storage.Memory {
	t.Helper()
	mem := storage.NewMemory()
	must(t, mem.MkdirAll("/data/version-2", 0o755))
	must(t, mem.MkdirAll(testDir, 0o755))
	entries, err := os.ReadDir(apacheDir)
	must(t, err)
	for _, e := range entries {
		dir := "/data/version-2/"
		if strings.HasPrefix(e.Name(), logPrefix) {
			dir = testDir + "/"
		}
		must(t, storage.WriteFile(mem, dir+e.Name(), apacheFile(t, e.Name())))
	}
	return mem
}

func TestApache_WeReadItsLogs(t *testing.T) {
	all, err := openAndRead(apacheFolder(t))
	must(t, err)
	if len(all) != 0x1e {
		t.Fatalf("%d transactions, want 30", len(all))
	}
	for i, txn := range all {
		if txnZxid(txn) != zkproto.Zxid(i+1) {
			t.Fatalf("transaction %d has zxid %v", i, txnZxid(txn))
		}
	}
	// The first is createSession with a timeout of 30 s; the second creates /a.
	if typ, timeout := all[0][28:32], all[0][32:36]; !bytes.Equal(typ, []byte{0xff, 0xff, 0xff, 0xf6}) || binary.BigEndian.Uint32(timeout) != 30000 {
		t.Fatalf("the first transaction is % x", all[0])
	}
	if !bytes.HasPrefix(all[1][28:], []byte("\x00\x00\x00\x01\x00\x00\x00\x02/a\x00\x00\x00\x02hi")) {
		t.Fatalf("the second transaction is % x", all[1])
	}
}

// TestApache_OurLogHasItsBytes writes Apache's transactions and compares the files. The dbid
// is the one difference: ours holds the mark.
func TestApache_OurLogHasItsBytes(t *testing.T) {
	all, err := openAndRead(apacheFolder(t))
	must(t, err)
	mem := newMemory(t)
	l := openLog(t, mem, Options{PreAlloc: 64 << 10})
	for _, txn := range all {
		if z := txnZxid(txn); z == 0x19 || z == 0x1d {
			must(t, l.Roll())
		}
		must(t, l.Append(txn))
		must(t, l.Sync())
	}
	if info, err := mem.Stat(testDir + "/log.1d"); err != nil || info.Size() != 65552 {
		t.Fatalf("an open file has %d bytes, Apache's has 65552", info.Size())
	}
	must(t, l.Close())
	for _, name := range []string{"log.1", "log.19", "log.1d"} {
		ours, err := storage.ReadFile(mem, testDir+"/"+name)
		must(t, err)
		theirs := bytes.TrimRight(apacheFile(t, name), "\x00")
		if !bytes.Equal(ours[:8], theirs[:8]) || !bytes.Equal(ours[fileHeaderSize:], theirs[fileHeaderSize:]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestApache_OurSnapshotsHaveItsBytes(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes int
		zxid  zkproto.Zxid
	}{{"snapshot.0", 4, 0}, {"snapshot.18", 17, 0x18}, {"snapshot.1c.gz", 18, 0x1c}, {"snapshot.1e", 19, 0x1e}} {
		raw := apacheFile(t, c.name)
		if strings.HasSuffix(c.name, ".gz") {
			unpacked, err := gzip.NewReader(bytes.NewReader(raw))
			must(t, err)
			raw, err = io.ReadAll(unpacked)
			must(t, err)
		}
		got, err := readContent(raw)
		must(t, err)
		if !bytes.Equal(got.bytes(t), raw) {
			t.Errorf("%s: what we write differs", c.name)
		}
		if got.tail.Digest == nil || got.tail.Digest.Zxid != c.zxid || got.tail.LastProcessed != c.zxid || len(got.nodes) != c.nodes {
			t.Errorf("%s: %d nodes, tail %+v", c.name, len(got.nodes), got.tail)
		}
	}
	mem, last := apacheFolder(t), &content{}
	newSink := func() SnapshotSink { last = &content{}; return last }
	loaded, err := openFolder(t, mem).LoadNewest(newSink)
	if err != nil || loaded.Zxid != 0x1e || len(last.sessions) != 1 || last.sessions[0].timeout != 30000 {
		t.Fatalf("loaded %+v with sessions %v, %v", loaded, last.sessions, err)
	}
	must(t, mem.Remove(loaded.Path))
	loaded, err = openFolder(t, mem).LoadNewest(newSink)
	if err != nil || loaded.Zxid != 0x1c || loaded.Packed != Gzip {
		t.Fatalf("loaded %+v, %v", loaded, err)
	}
}

// TestApache_FlippedLogs: its logs have no mark. The older ones must refuse any flip; in the
// newest a flip may pass for a torn end, but never for another transaction.
func TestApache_FlippedLogs(t *testing.T) {
	folder := apacheFolder(t)
	want, err := openAndRead(folder.Crash(0))
	must(t, err)
	for name, total := range map[string]int{"log.1": 2375, "log.19": 322, "log.1d": 186} {
		cut, whole := 0, apacheFile(t, name)
		for off := range int64(total) {
			if off >= 8 && off < fileHeaderSize {
				continue // the dbid
			}
			for _, change := range flips {
				mem := folder.Crash(0) // all of it is synced: a copy
				flip(t, mem, testDir+"/"+name, off, change)
				if raw, _ := storage.ReadFile(mem, testDir+"/"+name); bytes.Equal(raw, whole) {
					continue
				}
				got, err := openAndRead(mem)
				corrupt := (*CorruptError)(nil)
				switch {
				case errors.As(err, &corrupt) && corrupt.File == testDir+"/"+name:
				case err == nil && name == "log.1d" && isPrefix(got, want):
					cut++
				default:
					t.Fatalf("%s byte %d: %d transactions, %v", name, off, len(got), err)
				}
			}
		}
		if cut > 30 { // lengths that reach beyond the file
			t.Errorf("%s: %d flips passed for a torn end", name, cut)
		}
	}
}

// TestApache_ATornLogInTheMiddle is what Apache leaves behind when it restarts after a crash.
func TestApache_ATornLogInTheMiddle(t *testing.T) {
	mem := apacheFolder(t)
	raw := apacheFile(t, "log.1")
	torn := append(bytes.TrimRight(raw, "\x00"), apacheFile(t, "log.19")[fileHeaderSize:fileHeaderSize+40]...)
	must(t, storage.WriteFile(mem, testDir+"/log.1", append(torn, make([]byte, 900)...)))
	all, err := openAndRead(mem)
	if err != nil || len(all) != 0x1e {
		t.Fatalf("%d transactions, %v", len(all), err)
	}
	must(t, mem.Remove(testDir+"/log.19"))
	must(t, storage.WriteFile(mem, testDir+"/log.1b", apacheFile(t, "log.19")))
	if _, err := openAndRead(mem); err == nil {
		t.Fatal("a torn log was accepted though the next one does not go on where it ends")
	}
}

// apacheTool runs a class of Apache's server on a file, if it is installed.
func apacheTool(t *testing.T, class string, args ...string) string {
	t.Helper()
	dir := os.Getenv("PEERS_DIR")
	if dir == "" {
		home, err := os.UserHomeDir()
		must(t, err)
		dir = filepath.Join(home, ".cache", "zoka-peers")
	}
	libs := filepath.Join(dir, "zk39", "libs")
	java, err := exec.LookPath("java")
	if _, serr := os.Stat(libs); serr != nil || err != nil || testing.Short() {
		t.Skip("needs java and `scripts/peers/peers.sh install zk39`")
	}
	cmd := exec.Command(java, append([]string{"-Xmx128m", "-cp", filepath.Join(libs, "*"), "org.apache.zookeeper.server." + class}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", class, args, err, out)
	}
	return string(out)
}

// TestApache_ReadsOurFiles has Apache's own tools dump a log with a mark in it, one that was
// closed and one that a kill left behind, and a snapshot, plain and packed.
func TestApache_ReadsOurFiles(t *testing.T) {
	all, err := openAndRead(apacheFolder(t))
	must(t, err)
	dir := t.TempDir()
	f, err := OpenFolder(storage.Disk(), FolderConfig{DataDir: dir})
	must(t, err)
	l, err := f.OpenLog(Options{PreAlloc: 64 << 10})
	must(t, err)
	for _, txn := range all {
		if txnZxid(txn) == 0x11 {
			must(t, l.Roll())
		}
		must(t, l.Append(txn))
		must(t, l.Sync())
	}
	for name, count := range map[string]int{"log.1": 16, "log.11": 14} {
		out := apacheTool(t, "persistence.TxnLogToolkit", "-d", "-v", filepath.Join(f.LogDir(), name))
		if n := strings.Count(out, " zxid 0x"); n != count || strings.Contains(out, "CRC ERROR") {
			t.Errorf("%s: Apache finds %d transactions, want %d:\n%s", name, n, count, out)
		}
	}
	must(t, l.Close())

	raw := apacheFile(t, "snapshot.18")
	want, err := readContent(raw)
	must(t, err)
	for _, packed := range []Compression{Plain, Gzip} {
		must(t, want.save(f, 0x18, packed))
		out := apacheTool(t, "SnapshotFormatter", filepath.Join(f.SnapDir(), snapName(0x18, packed)))
		for _, node := range want.nodes {
			if !strings.Contains(out, node.path) {
				t.Errorf("Apache does not find %s in %q snapshot", node.path, packed)
			}
		}
		if !strings.Contains(out, "Last zxid: 0x18") {
			t.Errorf("Apache does not see the last zxid:\n%s", out)
		}
	}
	back := &content{}
	if loaded, err := f.LoadNewest(func() SnapshotSink { back = &content{}; return back }); err != nil || loaded.Zxid != 0x18 {
		t.Fatalf("loaded %+v, %v", loaded, err)
	}
	want.tail, back.tail = SnapshotTail{}, SnapshotTail{}
	if !reflect.DeepEqual(back, want) {
		t.Fatal("something came back differently")
	}
}
