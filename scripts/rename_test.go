package scripts

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRenameModule renames a copy of the tree, which then builds and names the old path nowhere.
func TestRenameModule(t *testing.T) {
	const renamed = "example.org/somebody/else"
	dir := copyModule(t)
	old := modulePath(t, dir)
	// A module whose path merely begins like ours stays.
	write(t, filepath.Join(dir, "near.txt"), old+"-extra https://"+old+"/issues "+old+".\n", 0o644)
	command(t, dir, filepath.Join(dir, "scripts", "rename-module"), renamed)
	if got := modulePath(t, dir); got != renamed {
		t.Errorf("the module is %s", got)
	}
	near, err := os.ReadFile(filepath.Join(dir, "near.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if want := old + "-extra https://" + renamed + "/issues " + renamed + ".\n"; string(near) != want {
		t.Errorf("near.txt says %q, want %q", near, want)
	}
	if err := os.Remove(filepath.Join(dir, "near.txt")); err != nil {
		t.Fatal(err)
	}
	walk(t, dir, func(name string) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(old)) {
			t.Errorf("%s still says %s", name, old)
		}
	})
	command(t, dir, "go", "build", "./...")
	if out := command(t, dir, "gofmt", "-l", "."); out != "" {
		t.Errorf("gofmt would change:\n%s", out)
	}
}

func TestRenameModule_BadPath(t *testing.T) {
	dir := copyModule(t)
	for _, bad := range []string{"", "no path", "a//b", "a;b", "-x"} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "scripts", "rename-module"), bad)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "usage:") {
			t.Errorf("rename-module %q: %v\n%s", bad, err, out)
		}
	}
}

// copyModule copies the module without its history.
func copyModule(t *testing.T) string {
	t.Helper()
	root, dir := abs(t, ".."), t.TempDir()
	walk(t, root, func(name string) {
		rel, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, rel), string(text), info.Mode().Perm())
	})
	return dir
}

// walk calls visit for every regular file below dir, but those of git.
func walk(t *testing.T, dir string, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.Type().IsRegular():
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func modulePath(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^module (\S+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s/go.mod has no module line", dir)
	}
	return string(m[1])
}

// command runs a program in dir and returns what it prints; the test ends if it fails.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
