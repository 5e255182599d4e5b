package klog

import (
	"fmt"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

func TestEpochs(t *testing.T) {
	var e epochs
	check := func(want string) {
		t.Helper()
		if got := fmt.Sprint(e.list); got != want {
			t.Fatalf("%s, not %s", got, want)
		}
	}
	end := func(epoch, wantEpoch int32, want int64) {
		t.Helper()
		if got, at := e.endOf(epoch, 100); got != wantEpoch || at != want {
			t.Fatalf("epoch %d ends as %d at %d, not %d at %d", epoch, got, at, wantEpoch, want)
		}
	}
	end(0, -1, -1)
	e.assign(2, 10)
	e.assign(2, 15)
	e.assign(4, 20)
	e.assign(7, 50)
	check("[{2 10} {4 20} {7 50}]")
	end(-1, -1, -1)
	end(1, 1, 10)
	end(2, 2, 20)
	end(3, 2, 20)
	end(5, 4, 50)
	end(7, 7, 100)
	end(8, -1, -1)
	e.assign(8, 50) // the leader of epoch 7 wrote nothing
	check("[{2 10} {4 20} {8 50}]")
	e.assign(4, 30) // epoch 8 was truncated away
	check("[{2 10} {4 20}]")
	e.assign(9, 60)
	e.cutStart(25)
	check("[{4 25} {9 60}]")
	e.cutStart(25)
	e.cutStart(3)
	check("[{4 25} {9 60}]")
	e.cutEnd(60)
	check("[{4 25}]")
	e.clear()
	check("[]")
}

func TestEpochs_File(t *testing.T) {
	mem := storage.NewMemory()
	var e epochs
	e.assign(0, 0)
	e.assign(3, 77)
	must(t, e.save(mem, "/"))
	text, err := storage.ReadFile(mem, "/"+epochsFile)
	must(t, err)
	if string(text) != "0\n2\n0 0\n3 77\n" {
		t.Fatalf("%q", text)
	}
	var f epochs
	must(t, f.load(mem, "/"))
	if fmt.Sprint(f.list) != fmt.Sprint(e.list) {
		t.Fatal(f.list)
	}
	for _, bad := range []string{"", "1\n0\n", "0\n", "0\n2\n0 0\n", "0\n1\n0\n", "0\n1\nx 0\n", "0\n2\n3 0\n2 5\n", "0\n2\n2 5\n3 4\n"} {
		must(t, storage.WriteFile(mem, "/"+epochsFile, []byte(bad)))
		var f epochs
		if err := f.load(mem, "/"); !isA[*FormatError](err) || len(f.list) != 0 {
			t.Fatalf("%q: %v", bad, err)
		}
	}
}
