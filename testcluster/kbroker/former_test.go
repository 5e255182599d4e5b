package kbroker

import (
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func TestFormerSessions_SurviveACrash(t *testing.T) {
	mem := storage.NewMemory()
	if err := mem.MkdirAll("/log", 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := loadFormer(mem, "/log")
	if err != nil || f.has(1) {
		t.Fatal(f, err)
	}
	for id := zkproto.SessionID(1); id <= maxFormer+2; id++ {
		if err := f.add(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.add(-5); err != nil { // the sessions of a server with a high id
		t.Fatal(err)
	}
	f, err = loadFormer(mem.Crash(1), "/log")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[zkproto.SessionID]bool{-5: true, maxFormer + 2: true, 4: true, 3: false, 1: false} {
		if f.has(id) != want {
			t.Errorf("session %d: %v", id, !want)
		}
	}
}

func TestFormerSessions_BadFile(t *testing.T) {
	mem := storage.NewMemory()
	if err := mem.MkdirAll("/log", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := storage.WriteFile(mem, "/log/"+formerFile, []byte("nonsense\n00000000000000ff\n\n-1")); err != nil {
		t.Fatal(err)
	}
	f, err := loadFormer(mem, "/log")
	if err != nil || !f.has(0xff) || len(f.ids) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}
