package zabtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the outcome into the trace files: then read the difference")

// TestManual runs the traces in testdata.
func TestManual(t *testing.T) {
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
			got, err := Manual(string(text), NewCore)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got, "VIOLATION") {
				t.Errorf("the trace breaks a rule:\n%s", got[strings.Index(got, "VIOLATION"):])
			}
			if got == string(text) {
				return
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the outcome is another (go test -run TestManual -rewrite writes it down):\n%s", firstDifference(string(text), got))
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
