package klog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// damages are what may happen to a file beside the records.
var damages = map[string]func(b []byte) []byte{ // nil: it is gone
	"missing": func([]byte) []byte { return nil },
	"empty":   func([]byte) []byte { return []byte{} },
	"garbage": func(b []byte) []byte {
		rng := rand.New(rand.NewPCG(uint64(len(b)), 5))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	},
	"zeros":   func(b []byte) []byte { return make([]byte, len(b)) },
	"cut":     func(b []byte) []byte { return b[:min(len(b)/2|1, len(b))] }, // within an entry
	"longer":  func(b []byte) []byte { return append(b, "\n7 7 7"...) },
	"version": func(b []byte) []byte { return append([]byte("9"), b[min(1, len(b)):]...) },
}

// besides are the files beside the records, of the log folder and of a partition's. A name with * is all of that suffix.
var besides = []string{
	recoveryPointFile, highWatermarkFile, logStartFile, cleanerOffsetFile,
	"t-0/" + epochsFile, "t-0/" + metadataFile, "t-0/" + incarnationFile, "t-0/" + cleanerFile,
	"t-0/*" + snapshotSuffix, "t-0/*" + indexSuffix, "t-0/*" + timeSuffix,
}

// TestDamage: whatever happens to a file beside the records, the log opens with all records, leader epochs and producers, after
// an end in order and after a crash; and where something had to be found anew a line says which file it was.
func TestDamage(t *testing.T) {
	for _, file := range besides {
		for name, damage := range damages {
			for _, clean := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/clean=%v", file, name, clean), func(t *testing.T) { testDamage(t, file, damage, clean) })
			}
		}
	}
}

func testDamage(t *testing.T, file string, damage func([]byte) []byte, clean bool) {
	e := newEnv(t)
	l := e.open()
	must(t, l.SetIncarnation(Incarnation{TopicID: kproto.UUID{1, 2, 3}, Czxid: 7}))
	for i := range int32(90) {
		epoch := i / 20 * 3
		e.clock.ms += 1000
		_, err := l.AppendLeader(idempotent(9, 1, i, e.now(), padded(int64(i), 300)), epoch, AppendOptions{})
		must(t, err)
	}
	l.SetHighWatermark(80)
	e.dir.flushRolled()
	must(t, e.dir.writeCheckpoints())
	must(t, e.dir.noteCleaned(l, 0))
	if clean {
		must(t, e.dir.Close())
	} else {
		e.dir.Abandon()
	}
	epochs, producers := fmt.Sprint(l.epochs.list), fmt.Sprint(l.Producers())
	changed := strike(t, e.fs, file, damage)

	var said bytes.Buffer
	e.opts.Logger = slog.New(slog.NewTextHandler(&said, nil))
	l = e.open()
	checkFilled(t, l, 0, 90)
	if got := fmt.Sprint(l.epochs.list); got != epochs {
		t.Errorf("leader epochs %s, not %s", got, epochs)
	}
	if got := fmt.Sprint(l.Producers()); got != producers {
		t.Errorf("producers %s, not %s", got, producers)
	}
	for i := range int64(90) {
		offset, _, _, err := l.OffsetForTime(e.now() - 1000*(89-i))
		if err != nil || offset != i {
			t.Fatalf("the time of %d is that of %d, %v", i, offset, err)
		}
	}
	if inc := l.Incarnation(); inc.Czxid != 7 && inc.Czxid != 0 || !inc.TopicID.IsZero() && inc.TopicID != (kproto.UUID{1, 2, 3}) {
		t.Errorf("the incarnation is %v", inc)
	}
	_, err := l.AppendLeader(idempotent(9, 1, 90, e.now(), padded(90, 300)), 20, AppendOptions{})
	must(t, err)
	if name := filepath.Base(file); strings.HasSuffix(file, epochsFile) && (!strings.Contains(said.String(), name) || strings.Count(said.String(), "WARN") != 1) {
		t.Errorf("it says %s", said.String())
	}
	for _, path := range changed { // each is whole again, or gone
		checkWhole(t, e, path)
	}
	l = e.reopen()
	checkFilled(t, l, 0, 91)
	if clean && strings.Contains(said.String(), "recovery cuts") {
		t.Errorf("it says %s", said.String())
	}
}

// strike damages a file, or all of a suffix, and returns their paths.
func strike(t *testing.T, fsys storage.FS, file string, damage func([]byte) []byte) (paths []string) {
	t.Helper()
	dir, suffix, all := strings.Cut(file, "*")
	paths = []string{filepath.Join(testDir, file)}
	if all {
		paths = nil
		names, err := folderNames(fsys, filepath.Join(testDir, dir))
		must(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, suffix) {
				paths = append(paths, filepath.Join(testDir, dir, name))
			}
		}
	}
	for _, path := range paths {
		b, err := storage.ReadFile(fsys, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		must(t, err)
		if b = damage(slices.Clone(b)); b == nil {
			must(t, fsys.Remove(path))
			continue
		}
		must(t, storage.WriteFile(fsys, path, b))
	}
	return paths
}

// checkWhole looks whether a checkpoint can be read.
func checkWhole(t *testing.T, e *env, path string) {
	t.Helper()
	var err error
	switch filepath.Base(path) {
	case recoveryPointFile, highWatermarkFile, logStartFile:
		_, err = readOffsets(e.fs, path)
	case epochsFile:
		err = new(epochs).load(e.fs, filepath.Dir(path))
	}
	if err != nil {
		t.Errorf("%s is still damaged: %v", path, err)
	}
}

// TestDamage_Meta: nobody can say whose a folder is whose meta.properties is damaged; only one that has none is a new one.
func TestDamage_Meta(t *testing.T) {
	path := filepath.Join(testDir, metaFile)
	for _, tt := range []struct{ text, want string }{
		{"", ":1: there is no version"},
		{"#\n", ":2: there is no version"},
		{"rubbish\x00\xff", ":1: there is no version"},
		{"#\nversion=0\nbroker.id", ":3: broker.id \"\" is no number"},
		{"#\nversion=0\n", ":3: there is no broker.id"},
		{"#\nversion=0\nbroker.id=one\n", ":3: broker.id \"one\" is no number"},
		{"#\nversion=0\nbroker.id=-1\n", ":3: broker.id \"-1\" is no number"},
		{"#\nbroker.id=1\nversion=1\ncluster.id=cluster\n", ":3: version \"1\", only 0 is known"},
		{"#\nversion=\nbroker.id=1\n", ":2: version \"\""},
		{"#\nversion=0\nbroker.id=2\ncluster.id=cluster\n", ":3: broker.id is 2, but this broker's is 1"},
		{"#\nversion=0\nbroker.id=1\ncluster.id=other\n", ":4: cluster.id is other, but this broker's is cluster"},
		{"version=0\\u00\nbroker.id=1\n", ":1: "},
	} {
		e := newEnv(t)
		e.fill(e.open(), 3, 100)
		must(t, e.dir.Close())
		must(t, storage.WriteFile(e.fs, path, []byte(tt.text)))
		_, err := Open(t.Context(), e.options())
		if err == nil || !strings.HasPrefix(err.Error(), path+tt.want) || isA[*FailedError](err) {
			t.Errorf("%q: %v, not %s%s", tt.text, err, path, tt.want)
		}
		if b, err := storage.ReadFile(e.fs, path); err != nil || string(b) != tt.text {
			t.Errorf("it was changed to %q, %v", b, err)
		}
	}
	for _, text := range []string{"gone", "#comment\nversion=0\nbroker.id=1\n", "cluster.id : cluster\nbroker.id\t1\nversion 0"} {
		e := newEnv(t)
		e.fill(e.open(), 3, 100)
		must(t, e.dir.Close())
		must(t, storage.WriteFile(e.fs, path, []byte(text)))
		if text == "gone" {
			must(t, e.fs.Remove(path))
		}
		checkFilled(t, e.open(), 0, 3)
		b, err := storage.ReadFile(e.fs, path)
		if m, merr := parseMeta(path, string(b)); err != nil || merr != nil || m.broker.Value != "1" || m.cluster.Value != "cluster" {
			t.Errorf("%q became %q, %v, %v", text, b, err, merr)
		}
	}
}

// TestDamage_LogStart: a log that was closed in order has not lost all it has, whatever the checkpoint says.
func TestDamage_LogStart(t *testing.T) {
	e := newEnv(t)
	e.fill(e.open(), 20, 100)
	must(t, e.dir.Close())
	must(t, storage.WriteFile(e.fs, filepath.Join(testDir, logStartFile), []byte("0\n1\nt 0 9000\n")))
	checkFilled(t, e.open(), 0, 20)
}
