package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// readmes are the files whose examples must be true: each ```console block is run, and shows what it says.
var readmes = []string{"README.md", "shell/README.md", "testcluster/README.md", "testcluster/MIGRATION.md", "scripts/examples/README.md"}

func TestReadme(t *testing.T) {
	for _, file := range readmes {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../..", file))
			ok(t, err)
			reader := newReader(t)
			for _, block := range blocks(string(text), "console") {
				if strings.Contains(block, "\n[zk: ") {
					typedAtPrompt(t, block)
				} else {
					reader.runs(t, block)
				}
			}
			for _, target := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(text), -1) {
				if _, err := os.Stat(filepath.Join("../..", filepath.Dir(file), target[1])); err != nil {
					t.Errorf("a link to nowhere: %v", err)
				}
			}
		})
	}
}

// TestReadme_Go runs the lines that the README has for Go programs.
func TestReadme_Go(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: e.ConnectString()}) // or any other client
	ok(t, err)
	ok(t, zk.Close(t.Context()))

	readme, err := os.ReadFile("../../README.md")
	ok(t, err)
	self, err := os.ReadFile("readme_test.go")
	ok(t, err)
	found := blocks(string(readme), "go")
	if len(found) != 1 || !strings.Contains(string(self), "\t"+strings.ReplaceAll(strings.TrimSuffix(found[0], "\n"), "\n", "\n\t")) {
		t.Errorf("README.md has other lines than this test: %q", found)
	}
}

// blocks are the fenced blocks of one language.
func blocks(markdown, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(markdown, -1) {
		found = append(found, m[1])
	}
	return found
}

// typedAtPrompt types the lines of a block that stand behind a prompt, and compares the screen with the block.
func typedAtPrompt(t *testing.T, block string) {
	t.Helper()
	varies := regexp.MustCompile(`127\.0\.0\.1:\d+|\d\d:\d\d:\d\d|zxid=0x[0-9a-f]+`)
	rows := strings.Split(strings.TrimSpace(varies.ReplaceAllString(block, "…")), "\n")
	args, found := strings.CutPrefix(rows[0], "$ zoka ")
	if !found {
		t.Fatalf("%q does not run zoka", rows[0])
	}
	h := startTerminal(t, strings.Fields(args)...)
	for i, row := range rows {
		if i == 0 {
			continue
		}
		before := append([]string(nil), rows[1:i]...)
		prompt, line, atPrompt := strings.Cut(row, "] ")
		record, producing := strings.CutPrefix(row, ">")
		switch {
		case atPrompt && strings.HasPrefix(row, "[zk: "):
			h.wait(append(before, prompt+"]")...)
			h.typed(line + "\r")
		case producing && record == "": // the end of input
			h.wait(append(before, ">")...)
			h.typed("\x04")
		case producing:
			h.wait(append(before, ">")...)
			h.typed(record + "\r")
		case row == "^C":
			h.wait(before...)
			h.typed("\x03")
		}
	}
	h.wait(rows[1:]...)
	h.typed("\x04")
	h.waitExit(0)
}

// reader is somebody who tries what a file says: in one folder, with a server on the default port.
type reader struct {
	dir   string
	env   []string
	ports *strings.Replacer // those of the text, which this machine may need for other things
}

func newReader(t *testing.T) *reader {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	zoka, err := exec.LookPath("zoka")
	ok(t, err)
	server := ownServer(t)
	r := &reader{dir: t.TempDir()}
	scripts, err := filepath.Abs("../../scripts")
	ok(t, err)
	ok(t, os.Symlink(scripts, filepath.Join(r.dir, "scripts")))
	free := func() string { return strconv.Itoa(peertest.FreePort(t)) }
	r.ports = strings.NewReplacer("2181", server[strings.LastIndex(server, ":")+1:], "2182", free(), "8080", free())
	// Under the race detector each of the many short runs of zoka would wait a second at its end.
	r.env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "ZOKA_SERVER="+server, "ZOKA="+zoka, "HOME="+r.dir, "ZOO_LOG_DIR="+r.dir,
		"JVMFLAGS=-Dzookeeper.clientPortAddress=127.0.0.1 -Dzookeeper.admin.serverAddress=127.0.0.1")
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(r.dir, "data", "zookeeper_server.pid")); err == nil {
			r.bash(t, "scripts/zkServer.sh stop ./zoo.cfg")
		}
	})
	return r
}

// runs runs the commands of a block: lines that begin with "$ ", and go on in lines that begin with "> ".
func (r *reader) runs(t *testing.T, block string) {
	t.Helper()
	block = r.ports.Replace(block)
	script := regexp.MustCompile(`(?m)^\$ .*\n(> .*\n)*`).FindAllString(block, -1)
	for i, shown := range script {
		command := strings.ReplaceAll(strings.TrimPrefix(shown, "$ "), "\n> ", "\n")
		// The command shows itself, and the exit code of the one before lives on.
		script[i] = "code=$?; printf %s '" + strings.ReplaceAll(shown, "'", `'\''`) + "'; (exit $code)\n" + command
	}
	if got := r.bash(t, strings.Join(script, "")); got != block {
		t.Errorf("\n%s\nshows:\n%s", block, got)
	}
}

// bash is what a script writes on both channels.
func (r *reader) bash(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // a cleanup needs it too
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() != nil {
		t.Fatalf("%s: %v\n%s", script, ctx.Err(), out)
	}
	return string(out)
}
