package control_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/ensemble/control"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// environment looks up what control.Env has made.
func environment(env []string) func(string) string {
	return func(name string) string {
		for _, v := range slices.Backward(env) {
			if value, found := strings.CutPrefix(v, name+"="); found {
				return value
			}
		}
		return ""
	}
}

// gate is the pipe that the word to go comes by, and the descriptor to give away.
func gate(t *testing.T) (w *os.File, fd int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if fd, err = unix.Dup(int(r.Fd())); err != nil {
		t.Fatal(err)
	}
	return w, fd
}

// join makes this process a node.
func join(t *testing.T, folder, owner string) *control.Node {
	t.Helper()
	w, fd := gate(t)
	defer w.Close()
	if _, err := w.Write(control.Go); err != nil {
		t.Fatal(err)
	}
	n, err := control.Join(environment(control.Env(folder, fd, owner)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestJoin_NobodysNode(t *testing.T) {
	n, err := control.Join(func(string) string { return "" })
	if n != nil || err != nil {
		t.Fatal(n, err)
	}
	ctx, cancel := n.Context(t.Context())
	defer cancel()
	if err := n.Obey(nil); err != nil || ctx.Err() != nil {
		t.Error(err, ctx.Err())
	}
	n.Close()
}

// TestJoin_StarterDies: without a word to go there is no node.
func TestJoin_StarterDies(t *testing.T) {
	w, fd := gate(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Join(environment(control.Env(t.TempDir(), fd, ""))); !errors.Is(err, control.ErrOrphan) {
		t.Errorf("%v", err)
	}
}

// setter hands on what it is given.
type setter chan [2][]zab.ServerID

func (s setter) Set(in, out []zab.ServerID) { s <- [2][]zab.ServerID{in, out} }

// TestObey: what the file says at the start, and what it says after a signal.
func TestObey(t *testing.T) {
	dir := t.TempDir()
	cut := func(seq int64, in, out []int) {
		t.Helper()
		if err := control.WriteCuts(dir, control.Cuts{Seq: seq, In: in, Out: out}); err != nil {
			t.Fatal(err)
		}
	}
	cut(1, []int{3}, nil)
	n := join(t, dir, "")
	defer n.Close()
	got := make(setter, 1)
	if err := n.Obey(got); err != nil {
		t.Fatal(err)
	}
	if c := <-got; !slices.Equal(c[0], []zab.ServerID{3}) || len(c[1]) != 0 {
		t.Errorf("at the start: %v", c)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := control.AwaitCuts(short, dir, 2); err == nil {
		t.Error("it has seen what it was not told of")
	}
	cut(2, nil, []int{1, 2})
	if err := syscall.Kill(os.Getpid(), control.Signal); err != nil {
		t.Fatal(err)
	}
	if c := <-got; len(c[0]) != 0 || !slices.Equal(c[1], []zab.ServerID{1, 2}) {
		t.Errorf("after the signal: %v", c)
	}
	if err := control.AwaitCuts(t.Context(), dir, 2); err != nil {
		t.Error(err)
	}
}

// TestContext_OwnerDies: it ends when the lock of the owner goes, and the folder with it.
func TestContext_OwnerDies(t *testing.T) {
	root := filepath.Join(t.TempDir(), "cluster")
	if err := os.MkdirAll(filepath.Join(root, "node1"), 0o755); err != nil {
		t.Fatal(err)
	}
	owner, err := os.Create(filepath.Join(root, "owner.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(owner.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	n := join(t, filepath.Join(root, "node1"), owner.Name())
	ctx, cancel := n.Context(t.Context())
	defer cancel()
	if ctx.Err() != nil {
		t.Error("it ends while its owner lives")
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	n.Close()
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("the folder: %v", err)
	}
}
