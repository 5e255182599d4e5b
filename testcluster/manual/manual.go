// Package manual runs the scripted traces that the state machines' tests read as: files of testdata in which commands
// stand together with what comes of them. What is in a file, and what its commands do, is each package's own.
//
//	func TestManual(t *testing.T) { manual.Run(t, play) }
//
// It is for tests alone: with -rewrite they write down what comes of the commands now, instead of comparing it.
package manual

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the outcome into the files: then read the difference")

// Run plays each file testdata/*.txt in a test of its own: play returns the text with the outcome that its commands have
// now, which must be the text itself. An outcome in which VIOLATION stands breaks a rule, whatever the file says.
func Run(t *testing.T, play func(t *testing.T, text string) (string, error)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := play(t, string(text))
			if err != nil {
				t.Fatal(err)
			}
			if at := strings.Index(got, "VIOLATION"); at >= 0 {
				t.Errorf("it breaks a rule: %s", got[at:])
			}
			switch {
			case got == string(text):
			case *rewrite:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("the outcome is another (go test -run %s -rewrite writes it down):\n%s", t.Name(), firstDifference(string(text), got))
			}
		})
	}
}

// firstDifference shows the lines around the first one that differs.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	near := func(l []string) string { return strings.Join(l[max(0, min(i, len(l))-5):min(len(l), i+8)], "\n") }
	return "was:\n" + near(a) + "\nis:\n" + near(b)
}
