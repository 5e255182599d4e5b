package zkcli_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestAgainstApache runs the scripts of testdata/scripts through standard input, and the lines of testdata/argv as
// command lines, with Apache's zkCli.sh and with zoka's, on Apache's server and on zoka's. Each pair of a program and
// a server has a server of its own, which all scripts use in the same order: even zxids are the same then.
func TestAgainstApache(t *testing.T) {
	apacheCli := peertest.ZkCli(t)
	zokaCli := built(t)
	scripts := folder(t, "testdata/scripts")
	argvs := folder(t, "testdata/argv")
	pairs := []struct {
		name, cli, server string
		got               map[string]outcome
	}{
		{"Apache's zkCli.sh on Apache's server", apacheCli, apacheServer(t), nil},
		{"zoka's zkCli.sh on Apache's server", zokaCli, apacheServer(t), nil},
		{"Apache's zkCli.sh on zoka's server", apacheCli, zokaServer(t), nil},
		{"zoka's zkCli.sh on zoka's server", zokaCli, zokaServer(t), nil},
	}
	const apacheOnZoka = 2
	var running sync.WaitGroup
	for i := range pairs {
		running.Go(func() {
			p := &pairs[i]
			p.got = map[string]outcome{}
			for _, s := range scripts {
				p.got[s.name] = run(t, p.cli, p.server, s.text)
			}
			if i == apacheOnZoka {
				return // command lines ask servers nothing that scripts do not ask, and a JVM takes a second
			}
			for _, s := range argvs {
				for line := range strings.Lines(s.text) {
					o := run(t, p.cli, p.server, "", argv(t, strings.ReplaceAll(line, "ADDR", p.server))...)
					// Apache's may end before its own thread tells of the connection.
					o.events = slices.DeleteFunc(o.events, func(e string) bool { return e == connected })
					p.got[s.name+": "+strings.TrimSpace(line)] = o
				}
			}
		})
	}
	running.Wait()
	for _, p := range pairs[1:] {
		if len(p.got) < len(scripts) {
			t.Errorf("%s: %d of %d scripts", p.name, len(p.got), len(scripts))
		}
		t.Run(p.name, func(t *testing.T) {
			for name, got := range p.got {
				compare(t, name, got, pairs[0].got[name])
			}
		})
	}
}

// outcome is what a run of zkCli.sh has shown, with what differs from run to run put in general terms.
type outcome struct {
	stdout string   // without events
	events []string // in their order: where between the lines Apache's shows them is up to its threads
	stderr string
	code   int
}

func compare(t *testing.T, name string, got, want outcome) {
	t.Helper()
	diff(t, name+": stdout", got.stdout, want.stdout)
	diff(t, name+": stderr", got.stderr, want.stderr)
	diff(t, name+": events", strings.Join(got.events, "\n"), strings.Join(want.events, "\n"))
	if got.code != want.code {
		t.Errorf("%s: exit code %d, want %d", name, got.code, want.code)
	}
}

// diff shows the first lines that differ.
func diff(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < min(len(g), len(w)) && g[i] == w[i] {
		i++
	}
	show := func(lines []string) string { return strings.Join(lines[max(0, i-2):min(len(lines), i+4)], "\n") }
	t.Errorf("%s differs in line %d:\n--- got\n%s\n--- want\n%s", what, i+1, show(g), show(w))
}

// run runs a script, or one command.
func run(t *testing.T, cli, server, script string, args ...string) outcome {
	t.Helper()
	cmd := command(t, cli, server, script, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Errorf("%s %q: %v", cli, args, err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode()}
	for _, m := range event.FindAllStringSubmatch(stdout.String(), -1) {
		o.events = append(o.events, m[1])
	}
	// Apache's prints an event in two parts, and a prompt may come between them.
	o.stdout = strings.ReplaceAll(event.ReplaceAllString(stdout.String(), ""), "\nWATCHER::\n", "")
	o.stdout, o.stderr = mask(o.stdout, server), mask(logLine.ReplaceAllString(stderr.String(), ""), server)
	return o
}

const connected = "WatchedEvent state:SyncConnected type:None path:null zxid: -1"

func command(t *testing.T, cli, server, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), cli, append([]string{"-server", server}, args...)...)
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "JAVA_HEAP=-Xmx64m -XX:TieredStopAtLevel=1")
	return cmd
}

var (
	event = regexp.MustCompile(`\n(WatchedEvent [^\n]*)\n`)
	// logLine is a line of Apache's logger, with the trace of an exception.
	logLine = regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d [\d:,]+ (WARN|ERROR) .*\n([a-z.]+\.[A-Za-z$]+Exception.*\n)?(\tat .*\n)*`)
	masks   = []struct {
		what *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(`(?m)^([cm]time = )\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC 20\d\d$`), "${1}TIME"},
		{regexp.MustCompile(`0x[0-9a-f]{14,16}\b`), "SESSION"},
		{regexp.MustCompile(`(CLI version: )3\.9\.4-.*`), "${1}VERSION"},
		// JLine, which takes the terminal for 80 columns wide where there is none, breaks what it echoes.
		{regexp.MustCompile(` \r`), ""},
		// After connect Apache's goes on before there is a connection.
		{regexp.MustCompile(`(\[zk: ADDR\()CONNECTING\)`), "${1}CONNECTED)"},
	}
)

func mask(text, server string) string {
	text = strings.ReplaceAll(text, server, "ADDR")
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}

// script is a file of testdata.
type script struct{ name, text string }

// folder reads the files of a folder. Those whose name begins with eof end as they are, the others with quit: it
// ends the session, also Apache's.
func folder(t *testing.T, dir string) []script {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d scripts, %v", dir, len(names), err)
	}
	// A session that is not ended expires later, which takes a zxid.
	slices.SortStableFunc(names, func(a, b string) int {
		return strings.Count(filepath.Base(a), "eof") - strings.Count(filepath.Base(b), "eof")
	})
	var scripts []script
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := script{strings.TrimSuffix(filepath.Base(name), ".txt"), string(text)}
		if !strings.HasPrefix(s.name, "eof") && dir == "testdata/scripts" {
			s.text += "quit\n"
		}
		scripts = append(scripts, s)
	}
	return scripts
}

func argv(t *testing.T, line string) []string {
	t.Helper()
	commands, err := lex.Parse(line)
	if err != nil || len(commands) != 1 {
		t.Errorf("%q: %v", line, err)
		return nil
	}
	var args []string
	for _, w := range commands[0].Words {
		args = append(args, w.Text)
	}
	return args
}

func apacheServer(t *testing.T) string {
	t.Helper()
	return peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true"}}).Addr()
}

func zokaServer(t *testing.T) string {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e.ConnectString()
}

// built is the path of a zkCli.sh that is zoka.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zkCli.sh")
	if err := os.Symlink(testbin.Zoka(t), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// unused is an address on which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(peertest.FreePort(t)))
}
