package testbin

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestZoka_Runs(t *testing.T) {
	out, err := exec.Command(Zoka(t), "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "zoka") {
		t.Errorf("zoka version: %v: %s", err, out)
	}
}

// What the program imports and this package does not would change without a test's result
// being taken anew.
func TestImports_AreTheProgramsOwn(t *testing.T) {
	program, err := filepath.Glob("../../cmd/zoka/*.go")
	if err != nil || len(program) == 0 {
		t.Fatalf("%d files, %v", len(program), err)
	}
	if want, got := imports(t, program...), imports(t, "testbin.go"); !slices.Equal(got, want) {
		t.Errorf("cmd/zoka imports\n%s\ntestbin imports\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}

// imports are the packages of ours that files import, sorted; test files are left out.
func imports(t *testing.T, files ...string) []string {
	t.Helper()
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); strings.Contains(path, "zoka-project/zoka/") {
				all = append(all, path)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
