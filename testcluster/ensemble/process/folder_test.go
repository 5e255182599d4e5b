package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// TestUp_FailedFirst: a first up that fails leaves nothing, and the next knows of no other servers than its own.
func TestUp_FailedFirst(t *testing.T) {
	dir := t.TempDir()
	l, err := ensemble.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t, dir)
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	o.BasePort = atoi(t, port) - 2
	if _, _, err = process.Up(t.Context(), o); err == nil {
		t.Fatal("a port that is taken is no error")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("these are left: %v, %v", files, err)
	}
	// What another program has left is written afresh.
	if err := os.Mkdir(filepath.Join(dir, "node1"), 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "node1", "zoo.cfg")
	for path, text := range map[string]string{config: "initLimit=five\nserver.9=127.0.0.1:1:2\n", filepath.Join(dir, "cluster.lock"): ""} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o.Nodes, o.BasePort = 1, 0
	up(t, o)
	if text, err := os.ReadFile(config); err != nil || strings.Contains(string(text), "five") || strings.Contains(string(text), "server.9") {
		t.Errorf("zoo.cfg is %s, %v", text, err)
	}
}

// TestUp_AnyFolder: a folder may have any name that the system allows.
func TestUp_AnyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ` a\tb=ü: `)
	o := options(t, dir)
	o.Nodes = 1
	c, _ := up(t, o)
	write(t, c.ConnectString(), "/here")
	if _, err := os.Stat(filepath.Join(dir, "node1", "data", "version-2")); err != nil {
		t.Error(err)
	}
}

// TestCopy: the processes of an ensemble are none of its copy's.
func TestCopy(t *testing.T) {
	tmp := t.TempDir()
	o := options(t, filepath.Join(tmp, "first"))
	o.Nodes = 1
	c, _ := up(t, o)
	write(t, c.ConnectString(), "/first")
	second := filepath.Join(tmp, "second")
	if err := os.CopyFS(second, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	other, err := process.Open(second)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Kill(t.Context(), 1); !errors.Is(err, ensemble.ErrNotRunning) {
		t.Errorf("kill in the copy: %v", err)
	}
	if ended, err := other.Down(t.Context()); ended != 0 || err != nil {
		t.Errorf("down in the copy ended %d, %v", ended, err)
	}
	if got := roles(t, c); got[0] != "standalone" {
		t.Errorf("the first is %v", got)
	}
	if _, err := c.Down(t.Context()); err != nil {
		t.Error(err)
	}
	o.Dir = second
	up(t, o)
	if text, err := os.ReadFile(filepath.Join(second, "node1", "zoo.cfg")); err != nil || strings.Contains(string(text), tmp+"/first") {
		t.Errorf("the copy's zoo.cfg is %s, %v", text, err)
	}
	// A link is another name of the same folder.
	link := filepath.Join(tmp, "link")
	if err := os.Symlink(second, link); err != nil {
		t.Fatal(err)
	}
	linked, err := process.Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := linked.Down(t.Context()); ended != 1 || err != nil {
		t.Errorf("down by a link ended %d, %v", ended, err)
	}
}
