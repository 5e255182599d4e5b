package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
)

const crashSeeds = 400

// variants crashes m with many seeds and counts what is found at path.
func variants(t *testing.T, m *Memory, path string) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for seed := range uint64(crashSeeds) {
		got, err := ReadFile(m.Crash(seed), path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			seen["missing"]++
		case err != nil:
			t.Fatal(err)
		default:
			seen[string(got)]++
		}
	}
	return seen
}

func TestCrash_SectorsAreOldOrNew(t *testing.T) {
	m := NewMemory()
	f, err := Create(m, "/a")
	must(t, err)
	must(t, f.Truncate(3*SectorSize))
	must(t, f.Sync())
	must(t, m.SyncDir("/"))
	_, err = f.WriteAt(bytes.Repeat([]byte{1}, 2*SectorSize), SectorSize/2)
	must(t, err)
	seen := variants(t, m, "/a")
	for content := range seen {
		if len(content) != 3*SectorSize {
			t.Fatalf("size %d", len(content))
		}
		for s := range 3 {
			sector := []byte(content[s*SectorSize : (s+1)*SectorSize])
			now := make([]byte, SectorSize)
			_, err := f.ReadAt(now, int64(s)*SectorSize)
			must(t, err)
			if !bytes.Equal(sector, now) && !bytes.Equal(sector, make([]byte, SectorSize)) {
				t.Fatalf("sector %d is neither old nor new", s)
			}
		}
	}
	if len(seen) != 8 {
		t.Fatalf("%d of 8 sets of sectors seen", len(seen))
	}
	must(t, f.Sync())
	if seen := variants(t, m, "/a"); len(seen) != 1 {
		t.Fatalf("%d variants of a synced file", len(seen))
	}
}

func TestCrash_AFileGrowsOrNot(t *testing.T) {
	m := NewMemory()
	f, err := Create(m, "/a")
	must(t, err)
	must(t, m.SyncDir("/"))
	_, err = f.Write([]byte("abc"))
	must(t, err)
	seen := variants(t, m, "/a")
	if seen[""] == 0 || seen["abc"] == 0 || seen["\x00\x00\x00"] == 0 || len(seen) != 3 {
		t.Fatalf("seen %v", seen)
	}
}

func TestCrash_CutBytesMayComeBack(t *testing.T) {
	m := NewMemory()
	must(t, WriteFile(m, "/a", []byte("abc")))
	f, err := m.OpenFile("/a", 2, 0)
	must(t, err)
	must(t, f.Truncate(1))
	seen := variants(t, m, "/a")
	if seen["a"] == 0 || seen["abc"] == 0 || len(seen) != 2 {
		t.Fatalf("seen %v", seen)
	}
	must(t, f.Sync())
	if seen := variants(t, m, "/a"); seen["a"] != crashSeeds {
		t.Fatalf("seen %v", seen)
	}
}

func TestCrash_RenameIsWhole(t *testing.T) {
	m := NewMemory()
	must(t, WriteFile(m, "/a", []byte("old")))
	f, err := Create(m, "/b")
	must(t, err)
	_, err = f.Write([]byte("new"))
	must(t, err)
	must(t, f.Sync())
	must(t, m.Rename("/b", "/a"))
	both := map[[2]bool]int{}
	for seed := range uint64(crashSeeds) {
		c := m.Crash(seed)
		got, err := ReadFile(c, "/a")
		must(t, err)
		_, berr := c.Stat("/b")
		both[[2]bool{string(got) == "new", berr == nil}]++
		if s := string(got); s != "old" && s != "new" {
			t.Fatalf("seed %d: /a is %q", seed, s)
		}
	}
	// Neither, only the create of /b, or both; never /a new and /b still there.
	if both[[2]bool{false, false}] == 0 || both[[2]bool{false, true}] == 0 ||
		both[[2]bool{true, false}] == 0 || both[[2]bool{true, true}] != 0 {
		t.Fatalf("seen %v", both)
	}
}

func TestCrash_WriteFileIsAtomic(t *testing.T) {
	m := NewMemory()
	must(t, WriteFile(m, "/a", []byte("old")))
	images := 0
	f := NewFaults(m, func(Call) error {
		for seed := range uint64(50) {
			got, err := ReadFile(m.Crash(seed), "/a")
			must(t, err)
			if s := string(got); s != "old" && s != "new" {
				t.Fatalf("/a is %q", s)
			}
			images++
		}
		return nil
	})
	must(t, WriteFile(f, "/a", []byte("new")))
	if seen := variants(t, m, "/a"); seen["new"] != crashSeeds {
		t.Fatalf("after it returned: %v", seen)
	}
	if images < 300 {
		t.Fatalf("%d images", images)
	}
}

func TestCrash_IsRepeatableAndSideEffectFree(t *testing.T) {
	m := NewMemory()
	for _, name := range []string{"/a", "/b", "/c"} {
		f, err := Create(m, name)
		must(t, err)
		_, err = f.Write(bytes.Repeat([]byte(name), 2000))
		must(t, err)
	}
	list := func(m *Memory) (all []byte) {
		entries, err := m.ReadDir("/")
		must(t, err)
		for _, e := range entries {
			b, err := ReadFile(m, "/"+e.Name())
			must(t, err)
			all = append(append(all, e.Name()...), b...)
		}
		return all
	}
	before := list(m)
	for seed := range uint64(20) {
		if !bytes.Equal(list(m.Crash(seed)), list(m.Crash(seed))) {
			t.Fatalf("seed %d gives two images", seed)
		}
	}
	if !bytes.Equal(before, list(m)) {
		t.Fatal("a crash changed the running file system")
	}
}
