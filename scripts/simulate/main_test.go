package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestExplain: a trace is run, and a file that is none is told apart from one with a violation.
func TestExplain(t *testing.T) {
	if err := explain(&options{trace: "../../testcluster/zab/zabtest/testdata/01_first_start.txt"}); err != nil {
		t.Error(err)
	}
	other := filepath.Join(t.TempDir(), "thesis.tex")
	if err := os.WriteFile(other, []byte("\\documentclass{article}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{other, other + ".missing"} {
		if err := explain(&options{trace: file}); !errors.Is(err, errNoTrace) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
