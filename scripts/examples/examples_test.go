// Package examples has a script for each thing that ZooKeeper is for: see README.md. It has tests alone, which run
// the scripts as a learner does, on a server of our own, on an ensemble of three and on Apache's.
package examples

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

var update = flag.Bool("update", false, "write what the examples show on our own server to testdata")

// patience bounds one example; the longest waits for a session timeout of four seconds.
const patience = time.Minute

func TestExamples(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	run(t, e.ConnectString(), *update)
}

// TestExamples_ClusterRun: the examples on the three servers of `zoka cluster run`, each a process.
func TestExamples_ClusterRun(t *testing.T) {
	bin := testbin.Zoka(t)
	for _, file := range examples(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			script := `exec ./"$0" "$ZOKA_ZOOKEEPER"`
			if strings.HasSuffix(file, ".zk") {
				script = `exec "$ZOKA" -f "$0"`
			}
			got := shows(t, bin, bin, "cluster", "run", "--nodes", "3", "--", "sh", "-c", script, file)
			golden(t, filepath.Join("testdata", file+".txt"), got, false)
		})
	}
}

func TestExamples_Apache(t *testing.T) {
	run(t, peertest.StartZK39(t, peertest.Options{}).Addr(), false)
}

// TestReadme: every example has its line, and only sessions.sh is none.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	ok(t, err)
	for _, file := range append(examples(t), "sessions.sh") {
		if !strings.Contains(string(text), "["+file+"]("+file+")") {
			t.Errorf("README.md does not name %s", file)
		}
	}
}

// examples are the scripts of this folder.
func examples(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.zk", "*.sh"} {
		files, err := filepath.Glob(pattern)
		ok(t, err)
		for _, file := range files {
			if file != "sessions.sh" {
				found = append(found, file)
			}
		}
	}
	if len(found) == 0 {
		t.Fatal("no examples")
	}
	return found
}

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// run runs all examples at once: each keeps to a znode of its own. Afterwards the server is as empty as before.
func run(t *testing.T, server string, update bool) {
	bin := testbin.Zoka(t)
	t.Run("each", func(t *testing.T) {
		for _, file := range examples(t) {
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				args := []string{bin, "-s", server, "-f", file}
				if strings.HasSuffix(file, ".sh") {
					args = []string{"./" + file, server}
				}
				golden(t, filepath.Join("testdata", file+".txt"), shows(t, bin, args...), update)
			})
		}
	})
	if got := shows(t, bin, bin, "-s", server, "ls", "/"); got != "[zookeeper]\n" {
		t.Errorf("the examples left behind: %s", got)
	}
}

// shows is what a program writes on both channels, in its order.
func shows(t *testing.T, bin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(cmd.Environ(), "ZOKA="+bin, "TMPDIR="+t.TempDir())
	cmd.WaitDelay = patience
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return mask(string(out))
}

var (
	clock = regexp.MustCompile(`(?m)\b[0-9]{2}:[0-9]{2}:[0-9]{2} event `)
	zxid  = regexp.MustCompile(`zxid=0x[0-9a-f]+`)
)

// mask hides what differs from run to run.
func mask(text string) string {
	return zxid.ReplaceAllString(clock.ReplaceAllString(text, "TIME event "), "zxid=ZXID")
}

func golden(t *testing.T, file, got string, update bool) {
	t.Helper()
	if update {
		ok(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	ok(t, err)
	if got != string(want) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
