package check_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// files are the newest first.
func (s *process) files(prefix string) []string {
	s.t.Helper()
	list, err := filepath.Glob(filepath.Join(s.dir, "version-2", prefix+".*"))
	if err != nil || len(list) == 0 {
		s.t.Fatalf("no %s file: %v", prefix, err)
	}
	byZxid := func(a, b string) int {
		if len(a) != len(b) { // the number at the end has no leading zeros
			return len(b) - len(a)
		}
		return bytes.Compare([]byte(b), []byte(a))
	}
	slices.SortFunc(list, byZxid)
	return list
}

// damage changes a file of a server that does not run.
func (s *process) damage(file string, change func([]byte) []byte) {
	s.t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, change(b), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// flip changes a bit in the middle of what a file holds: the room allocated ahead is zeros.
func flip(b []byte) []byte {
	b[len(bytes.TrimRight(b, "\x00"))/2] ^= 0x10
	return b
}

// What was damaged while the server was down is either harmless, and then nothing is
// missing, or an error that names the file; then the start changes nothing, and the server
// starts once the file is whole again.
func TestDamage_IsMendedOrSaid(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, s *process) (file string)
		says   []string // of a server that must not start
		notes  []string // of one that starts
	}{
		{"a flipped byte inside the newest log", func(_ *testing.T, s *process) string {
			file := s.files("log")[0]
			s.damage(file, flip)
			return file
		}, []string{"corrupt at offset"}, nil},
		{"a flipped byte inside an older log that is needed", func(_ *testing.T, s *process) string {
			file := s.files("log")[1]
			s.damage(file, flip)
			for _, snap := range s.files("snapshot") {
				if filepath.Base(snap) != "snapshot.0" {
					s.damage(snap, func([]byte) []byte { return nil })
				}
			}
			return file
		}, []string{"corrupt at offset"}, nil},
		{"a torn entry at the newest log's end", func(_ *testing.T, s *process) string {
			file := s.files("log")[0]
			s.damage(file, func(b []byte) []byte {
				return append(bytes.TrimRight(b, "\x00"), 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 200, 5, 6)
			})
			return file
		}, nil, []string{"level=WARN", "cut the torn end", "offset="}},
		{"an empty newest log", func(t *testing.T, s *process) string {
			file := filepath.Join(s.dir, "version-2", "log.ffff")
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			return file
		}, nil, []string{"level=INFO", "removed a transaction log without entries"}},
		{"a newest log of zeros", func(t *testing.T, s *process) string {
			file := filepath.Join(s.dir, "version-2", "log.ffff")
			if err := os.WriteFile(file, make([]byte, 65536), 0o644); err != nil {
				t.Fatal(err)
			}
			return file
		}, nil, []string{"level=INFO", "removed a transaction log without entries"}},
		{"a flipped byte in the newest snapshot", func(_ *testing.T, s *process) string {
			file := s.files("snapshot")[0]
			s.damage(file, flip)
			return file
		}, nil, []string{"level=WARN"}},
		{"half of the newest snapshot", func(_ *testing.T, s *process) string {
			file := s.files("snapshot")[0]
			s.damage(file, func(b []byte) []byte { return b[:len(b)/2] })
			return file
		}, nil, []string{"level=WARN"}},
		{"an unfinished snapshot", func(t *testing.T, s *process) string {
			var file string
			for _, name := range []string{"tmp.snapshot.ffff", "snapshot.ffff.tmp", ".snapshot.ffff"} {
				file = filepath.Join(s.dir, "version-2", name)
				if err := os.WriteFile(file, []byte("ZKSN"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			return ""
		}, nil, nil},
		{"no snapshot at all", func(t *testing.T, s *process) string {
			for _, file := range s.files("snapshot") {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			return filepath.Join(s.dir, "version-2")
		}, []string{"no snapshot in"}, nil},
		{"a log file missing in between", func(t *testing.T, s *process) string {
			logs := s.files("log")
			if err := os.Remove(logs[1]); err != nil {
				t.Fatal(err)
			}
			for _, snap := range s.files("snapshot") {
				if filepath.Base(snap) != "snapshot.0" {
					s.damage(snap, func([]byte) []byte { return nil })
				}
			}
			return logs[0]
		}, []string{"are missing before this file"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newProcess(t, "snapCount=100")
			s.start()
			var w single
			for range 4 { // each start begins a log and writes a snapshot
				if err := w.write(t, s.addr, 100, 60); err != nil {
					t.Fatal(err)
				}
				s.stop()
				s.start()
			}
			if err := w.write(t, s.addr, 100, 20); err != nil {
				t.Fatal(err)
			}
			s.kill()
			whole := t.TempDir()
			if err := os.CopyFS(whole, os.DirFS(s.dir)); err != nil {
				t.Fatal(err)
			}
			file := test.damage(t, s)
			if test.says != nil {
				s.launch()
				if code := s.exited(); code != 1 {
					t.Errorf("the server ended with code %d", code)
				}
				s.says(append(test.says, "zoka: server:", file)...)
				if err := os.RemoveAll(s.dir); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(s.dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
			}
			s.start()
			w.verify(t, "after the damage", s.addr)
			if test.notes != nil {
				s.says(append(test.notes, file)...)
			}
			if err := w.write(t, s.addr, 100, 10); err != nil {
				t.Errorf("the server no longer writes: %v", err)
			}
			s.kill()
			s.start()
			w.verify(t, "after one more kill", s.addr)
		})
	}
}
