package storage

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

func TestMemory_RenameFolder(t *testing.T) {
	m := NewMemory()
	must(t, m.MkdirAll("/a/x", 0o755))
	must(t, WriteFile(m, "/a/x/safe", []byte("1")))
	f, err := Create(m, "/a/x/young")
	must(t, err)
	must(t, m.Rename("/a/x", "/a/y"))
	if _, err := m.Stat("/a/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the old folder: %v", err)
	}
	_, err = f.Write([]byte("2"))
	must(t, err)
	if b, err := ReadFile(m, "/a/y/young"); err != nil || string(b) != "2" {
		t.Fatalf("%q %v", b, err)
	}
	lost := 0
	for seed := range uint64(100) {
		c := m.Crash(seed)
		if b, err := ReadFile(c, "/a/y/safe"); err != nil || string(b) != "1" {
			t.Fatalf("seed %d: %q %v", seed, b, err)
		}
		if _, err := c.Stat("/a/y/young"); err != nil {
			lost++
		}
	}
	if lost == 0 || lost == 100 {
		t.Fatalf("a name that is not durable was lost %d times of 100", lost)
	}
	must(t, m.MkdirAll("/b", 0o755))
	if err := m.Rename("/a", "/b"); !errors.Is(err, syscall.EEXIST) {
		t.Fatalf("onto another folder: %v", err)
	}
	if err := m.Rename("/a", "/c/d"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("into a folder that is not there: %v", err)
	}
	if err := m.Rename("/a", "/a/z"); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("into itself: %v", err)
	}
}

func TestMemory_RemoveFolder(t *testing.T) {
	m := NewMemory()
	must(t, m.MkdirAll("/a/x", 0o755))
	must(t, WriteFile(m, "/a/x/f", []byte("1")))
	for _, dir := range []string{"/a", "/a/x"} {
		if err := m.Remove(dir); !errors.Is(err, syscall.ENOTEMPTY) {
			t.Fatalf("%s: %v", dir, err)
		}
	}
	must(t, m.Remove("/a/x/f"))
	must(t, m.Remove("/a/x"))
	for seed := range uint64(20) {
		if _, err := m.Crash(seed).Stat("/a/x/f"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("seed %d: a file outlived its folder: %v", seed, err)
		}
	}
	must(t, m.Remove("/a"))
}
