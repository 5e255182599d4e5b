package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestMain puts this test binary on the PATH as zoka, which is what it then is, by whatever name a launcher calls it.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "zoka" || name == "zkCli.sh" {
		main()
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	// What is caught here has its default in the programs that the tests start. Otherwise they would inherit it where
	// it is ignored, under nohup, and zoka heeds that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	dir, err := os.MkdirTemp("", "zoka-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		var self string
		if self, err = os.Executable(); err == nil {
			err = os.Symlink(self, filepath.Join(dir, "zoka"))
		}
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// ownServer starts a server of our own, which ends with the test.
func ownServer(t *testing.T) string {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	return e.ConnectString()
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
