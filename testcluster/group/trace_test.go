package group_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the outcome into the trace files: then read the difference")

// TestTraces runs the traces in testdata. A trace is blocks with an empty line between them; a block is lines to carry out,
// a line of dashes, and what came of them.
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("traces: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := replay(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if i := strings.Index(got, "VIOLATION"); i >= 0 {
				t.Errorf("the trace breaks a rule: %s", got[i:])
			}
			switch {
			case got == string(text):
			case *rewrite:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("the outcome is another (go test -run TestTraces -rewrite writes it down):\n%s", got)
			}
		})
	}
}

func replay(text string) (string, error) {
	var out bytes.Buffer
	w := newWorld(&out)
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		commands, _, _ := strings.Cut(block, "----")
		commands = strings.TrimSpace(commands)
		out.WriteString(commands + "\n----\n")
		for _, line := range strings.Split(commands, "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := w.do(line); err != nil {
				return "", err
			}
		}
	}
	return out.String(), nil
}
