package kafkatools_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/shell/compat/kafkatools"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// The files of testdata are what is typed and what Apache's tools of one release write, on a new cluster with one
// broker, whose id is 1:
//
//	$ the command line; BOOTSTRAP and ZOOKEEPER stand for addresses
//	< what it reads, a Go string
//	> a line on standard output
//	! a line on standard error
//	? the exit code of Apache's, and zoka's where it is another
//
// What differs from run to run, stacks and tables of options are left out.

var record = flag.Bool("record", false, "write testdata anew, by Apache's tools")

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// TestOwn runs the files with zoka's tools on zoka's broker.
func TestOwn(t *testing.T) {
	for _, release := range []string{"27", "4"} {
		t.Run(release, func(t *testing.T) { verify(t, release, "", zokaCluster(t), zokaTools(t)) })
	}
}

// TestOwn_OnApache runs them with zoka's tools on Apache's broker.
func TestOwn_OnApache(t *testing.T) {
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	chroot := zookeeper.Addr() + "/kafka"
	broker := peertest.StartKafka(t, "27", chroot, peertest.KafkaOptions{FirstID: 1, Config: []string{"group.initial.rebalance.delay.ms=0"}})
	verify(t, "27", "", cluster{broker.Bootstrap(), chroot}, zokaTools(t))
}

// TestApache runs them with Apache's tools on zoka's broker: what the files say is true.
func TestApache(t *testing.T) {
	peertest.KafkaTool(t, "27", "kafka-topics.sh")
	peertest.KafkaTool(t, "4", "kafka-topics.sh")
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, release := range []string{"27", "4"} {
		c := zokaCluster(t)
		wait.Go(func() {
			verify(t, release, "Apache", c, func(tool string) string { return peertest.KafkaTool(t, release, tool) })
		})
	}
}

type cluster struct{ bootstrap, zookeeper string }

func zokaCluster(t *testing.T) cluster {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, InMemory: true, Brokers: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return cluster{e.BootstrapServers(), e.ConnectString()}
}

// zokaTools are links to zoka by the tools' names.
func zokaTools(t *testing.T) func(tool string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range kafkatools.Names() {
		if err := os.Symlink(testbin.Zoka(t), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return func(tool string) string { return filepath.Join(dir, tool) }
}

// step is a command line with what it shows.
type step struct {
	line           string
	input          string
	stdout, stderr string
	code, zokaCode int
}

// verify runs a file's steps and compares. With -record Apache's answers become the file.
func verify(t *testing.T, release, whose string, c cluster, tool func(string) string) {
	path := filepath.Join("testdata", release+".txt")
	steps := readSteps(t, path)
	var text strings.Builder
	for _, want := range steps {
		got := c.run(t, release, want, tool)
		if whose == "" {
			want.code = want.zokaCode
		}
		if *record && whose != "" {
			got.zokaCode = want.zokaCode
			if want.code == want.zokaCode {
				got.zokaCode = got.code
			}
			text.WriteString(got.String() + "\n")
			continue
		}
		if got.stdout != want.stdout {
			t.Errorf("%s: %s\nstdout is\n%swant\n%s", release, want.line, got.stdout, want.stdout)
		}
		if got.stderr != want.stderr {
			t.Errorf("%s: %s\nstderr is\n%swant\n%s", release, want.line, got.stderr, want.stderr)
		}
		if got.code != want.code {
			t.Errorf("%s: %s\nexit code %d, want %d", release, want.line, got.code, want.code)
		}
	}
	if *record && whose != "" {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// run runs a step's command line.
func (c cluster) run(t *testing.T, release string, s step, tool func(string) string) step {
	words, err := lex.Parse(strings.NewReplacer("BOOTSTRAP", c.bootstrap, "ZOOKEEPER", c.zookeeper).Replace(s.line))
	if err != nil {
		t.Fatalf("%s: %v", s.line, err)
	}
	var args []string
	for _, w := range words[0].Words {
		args = append(args, w.Text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "JAVA_HEAP=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "ZOKA_KAFKA_TOOLS="+release, "TZ=UTC")
	if release == "27" {
		cmd.Env = append(cmd.Env, "ZOKA_KAFKA_TOOLS=2.7")
	}
	cmd.Dir = "testdata"
	cmd.Stdin = strings.NewReader(s.input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Errorf("%s: %v", s.line, err)
	}
	out := stdout.String()
	if strings.HasPrefix(s.line, "kafka-console-producer.sh") {
		out = strings.Trim(out, ">") // 2.7 prompts a pipe too
	}
	return step{line: s.line, input: s.input, stdout: c.mask(out), stderr: c.mask(stderr.String()), code: cmd.ProcessState.ExitCode()}
}

var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?s)\nOption +Description.*`), "\n"}, // the table of options
	{regexp.MustCompile(`(?m)^(\tat |Caused by: |\t\.\.\. ).*\n`), ""},
	{regexp.MustCompile(`(?m)^joptsimple\..*\n\n?`), ""},
	{regexp.MustCompile(`(?m)^Exception in thread "main" [\w.$]+: `), ""},
	{regexp.MustCompile(`(?m)^java\.util\.concurrent\.ExecutionException: .*\n`), ""},
	{regexp.MustCompile(`(?m)^\[\d{4}-[-\d: ,]+\] `), "[TIME] "},
	{regexp.MustCompile(`(ERROR )(?:[a-z]+\.)+[\w$]+: (.*)\n+( \()`), "$1$2$3"},
	{regexp.MustCompile(`TopicId: [\w-]{22}`), "TopicId: ID"},
	{regexp.MustCompile(`CreateTime:\d+`), "CreateTime:MS"},
	{regexp.MustCompile(`(commitTimestamp"?[:=])\d+`), "${1}MS"},
	{regexp.MustCompile(`([^\n])$`), "$1\n"}, // JSON of Kafka 4 has no line ends
}

func (c cluster) mask(text string) string {
	text = strings.NewReplacer(c.bootstrap, "BOOTSTRAP", c.zookeeper, "ZOOKEEPER").Replace(text)
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}

// String is a step as the files have it.
func (s step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ %s\n", s.line)
	if s.input != "" {
		fmt.Fprintf(&b, "< %s\n", strconv.Quote(s.input))
	}
	writeLines(&b, "> ", s.stdout)
	writeLines(&b, "! ", s.stderr)
	fmt.Fprintf(&b, "? %d", s.code)
	if s.zokaCode != s.code {
		fmt.Fprintf(&b, " %d", s.zokaCode)
	}
	return b.String() + "\n"
}

func writeLines(b *strings.Builder, prefix, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(b, "%s%s\n", prefix, strings.TrimSuffix(line, "\n"))
	}
}

func readSteps(t *testing.T, path string) []step {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		rest := strings.TrimPrefix(line[1:], " ")
		s := &step{}
		if len(steps) > 0 {
			s = &steps[len(steps)-1]
		}
		switch line[0] {
		case '$':
			steps = append(steps, step{line: rest})
		case '<':
			s.input, err = strconv.Unquote(rest)
		case '>':
			s.stdout += rest + "\n"
		case '!':
			s.stderr += rest + "\n"
		case '?':
			fields := strings.Fields(rest)
			s.code, err = strconv.Atoi(fields[0])
			s.zokaCode = s.code
			if len(fields) > 1 {
				s.zokaCode, err = strconv.Atoi(fields[1])
			}
		default:
			err = errors.New("begins with none of $<>!?")
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", path, i+1, err)
		}
	}
	return steps
}
