package check_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check"
)

// smallDisk mounts a memory disk of so many KiB, and returns where, and a way to change it.
func smallDisk(t *testing.T, kib int) (dir string, remount func(options string)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dk", kib), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir, func(options string) {
		t.Helper()
		if out, err := exec.Command("mount", "-o", "remount,"+options, dir).CombinedOutput(); err != nil {
			t.Fatalf("remount with %s: %v: %s", options, err, out)
		}
	}
}

// single is one writer of znodes of a given size, whose ledger says what was acknowledged.
type single struct {
	ledger check.Ledger
	n      int
}

// write writes until a write is not acknowledged, or n times. It returns the last error.
func (w *single) write(t *testing.T, addr string, size, n int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := zkclient.New(zkclient.Config{Servers: addr, SessionTimeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = c.Close(ctx) // its server may be gone
	}()
	for range n {
		w.n++
		path, value := fmt.Sprintf("/n%06d", w.n), fmt.Sprintf("%0*d", size, w.n)
		// A server that is gone does not answer: that is known soon.
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		_, _, err := c.Create(ctx, path, []byte(value), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		cancel()
		w.ledger.Wrote(path, check.Present(value), check.OutcomeOf(err, zkclient.OutcomeUnknown))
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *single) verify(t *testing.T, when, addr string) {
	t.Helper()
	verifyLedger(t, when, addr, &w.ledger)
	if w.ledger.Writes(check.Acknowledged) == 0 {
		t.Fatal("nothing was put to the test")
	}
}

// says demands a line of what the server said that holds all of words.
func (s *process) says(words ...string) {
	s.t.Helper()
	for line := range strings.Lines(s.log()) {
		found := true
		for _, w := range words {
			found = found && strings.Contains(line, w)
		}
		if found {
			return
		}
	}
	s.t.Errorf("no line with %q:\n%s", words, s.log())
}

// A full disk ends the server, with one line that names the file. Nothing acknowledged is
// lost when there is room again.
func TestFullDisk_EndsTheServerAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir, remount := smallDisk(t, 1024)
	s := newProcessOn(t, dir)
	s.start()
	var w single
	err := w.write(t, s.addr, 5000, 1<<20)
	if !zkclient.OutcomeUnknown(err) {
		t.Errorf("the write on a full disk ended with %v", err)
	}
	if code := s.exited(); code != 1 {
		t.Errorf("the server ended with code %d", code)
	}
	s.says("level=ERROR", "the server stops serving", filepath.Join(dir, "version-2", "log."), "no space left on device")
	if n := strings.Count(s.log(), "level=ERROR"); n != 1 {
		t.Errorf("one failure is told in %d lines:\n%s", n, s.log())
	}
	s.start() // what a start does to the files while the disk is still full must lose nothing
	s.kill()

	remount("size=16m")
	s.start()
	w.verify(t, "with room again", s.addr)
	if err := w.write(t, s.addr, 5000, 100); err != nil {
		t.Errorf("with room again: %v", err)
	}
	s.stop()
	s.start()
	w.verify(t, "after a restart", s.addr)
}

// Where only the snapshots have no room, the log goes on. What a failed snapshot left is
// removed, and the next one is tried.
func TestFullDisk_OfSnapshotsLetsTheLogGoOn(t *testing.T) {
	t.Parallel()
	dir, remount := smallDisk(t, 256)
	s := newProcessOn(t, dir, "dataLogDir="+t.TempDir())
	s.start()
	var w single
	if err := w.write(t, s.addr, 1000, 1500); err != nil {
		t.Fatal(err)
	}
	s.says("level=ERROR", "no snapshot was written", filepath.Join(dir, "version-2"), "no space left on device")
	s.kill()
	remount("size=16m")
	s.start()
	w.verify(t, "with room again", s.addr)
	s.stop()
	s.says("level=INFO", "wrote a snapshot", filepath.Join(dir, "version-2", "snapshot."), "nodes=15")
	if left, err := filepath.Glob(filepath.Join(dir, "version-2", "*tmp*")); err != nil || len(left) > 0 {
		t.Errorf("unfinished snapshots take room: %v, %v", left, err)
	}
}

// A file that must not grow further is a full disk, as far as the server is concerned.
func TestFileSizeLimit_EndsTheServerAndLosesNothing(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("there is no prlimit here")
	}
	s := newProcess(t, "snapCount=1000000")
	s.as = []string{"prlimit", "--fsize=300000"}
	s.start()
	var w single
	if err := w.write(t, s.addr, 5000, 1<<20); !zkclient.OutcomeUnknown(err) {
		t.Errorf("the write above the limit ended with %v", err)
	}
	if code := s.exited(); code != 1 {
		t.Errorf("the server ended with code %d", code)
	}
	s.says("level=ERROR", filepath.Join(s.dir, "version-2", "log."), "file too large")
	s.as = nil
	s.start()
	w.verify(t, "without the limit", s.addr)
}

// A disk that is read-only when the server starts.
func TestReadOnlyDisk_IsSaidAndEndsTheServer(t *testing.T) {
	t.Parallel()
	dir, remount := smallDisk(t, 8<<10)
	s := newProcessOn(t, dir)
	s.start()
	var w single
	if err := w.write(t, s.addr, 1000, 100); err != nil {
		t.Fatal(err)
	}
	s.stop()
	remount("ro")
	s.launch()
	if code := s.exited(); code != 1 {
		t.Errorf("the server ended with code %d", code)
	}
	s.says("server:", dir, "read-only file system")
	remount("rw")
	s.start()
	w.verify(t, "on the writable disk", s.addr)
}

// A folder of somebody else is an error that names it.
func TestForeignFolder_IsSaidAndEndsTheServer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may start a server of another user")
	}
	s := newProcess(t)
	s.start()
	var w single
	if err := w.write(t, s.addr, 100, 10); err != nil {
		t.Fatal(err)
	}
	s.stop()
	const nobody = 65534
	for _, dir := range []string{filepath.Dir(s.dir), filepath.Dir(s.home), s.home} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	s.launch()
	if code := s.exited(); code != 1 {
		t.Errorf("the server ended with code %d", code)
	}
	s.says("server:", s.dir, "permission denied")
	s.attr = nil
	s.start()
	w.verify(t, "for its owner", s.addr)
}

// Two servers never share a folder: the second ends at once and disturbs nothing.
func TestTwoServers_TheSecondIsRefused(t *testing.T) {
	t.Parallel()
	first := newProcess(t)
	first.start()
	var w single
	if err := w.write(t, first.addr, 100, 10); err != nil {
		t.Fatal(err)
	}
	second := newProcessOn(t, first.dir)
	second.launch()
	if code := second.exited(); code != 1 {
		t.Errorf("the second ended with code %d", code)
	}
	second.says("server:", first.dir, "another server has it")
	if err := w.write(t, first.addr, 100, 10); err != nil {
		t.Errorf("the first no longer writes: %v", err)
	}
	first.kill()
	second.start()
	w.verify(t, "on the second", second.addr)
}
