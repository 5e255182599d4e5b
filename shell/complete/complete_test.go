package complete

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

func registry(t *testing.T) *command.Registry {
	t.Helper()
	r, err := command.NewRegistry(zkcmd.Commands, builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tree is a small world of znodes.
var tree = map[string][]string{
	"/":              {"app", "apple", "brokers", "my node", "zookeeper"},
	"/app":           {"a", "b"},
	"/brokers":       {"ids", "seqid", "topics"},
	"/brokers/ids":   {"0"},
	"/brokers/ids/0": {},
	"/my node":       {"it's"},
}

func children(_ context.Context, path string) ([]string, error) {
	names, ok := tree[path]
	if !ok {
		return nil, zkproto.NoNode
	}
	return names, nil
}

// TestComplete types lines; the cursor is at their end. A candidate is written with ⏎ where nothing is put behind
// it, and its word goes on.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"data.bin", "da ta", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)

	for _, tt := range []struct{ cd, line, want string }{
		{"/", "# ge", ""},
		{"/", "getA", "getAcl|getAllChildrenNumber"},
		{"/", "geta", "getAcl|getAllChildrenNumber"},
		{"/", "delet", "delete|deleteall"},
		{"/", "ls /; qui", "quit"},
		{"/", "ls;", ""},
		{"/", "ls; p", "printwatches|pwd"},
		{"/", "ls", "ls"}, // and not the old ls2
		{"/", "rm", ""},
		{"/", "nosuch /", ""},

		{"/", "ls ", "/app⏎|/apple⏎|/brokers⏎|'/my node'⏎|/zookeeper⏎"},
		{"/", "ls /b", "/brokers⏎"},
		{"/", "ls b", "brokers⏎"},
		{"/", "ls /brokers", "/brokers/ids⏎|/brokers/seqid⏎|/brokers/topics⏎"},
		{"/", "ls /app", "/app⏎|/apple⏎"},
		{"/", "ls /app/", "/app/a⏎|/app/b⏎"},
		{"/", "ls /brokers/ids/", "/brokers/ids/0"},
		{"/", "ls /brokers/ids/0", "/brokers/ids/0"},
		{"/", "create /brokers/ids/", "/brokers/ids/0⏎"},
		{"/", "ls /nope/", ""},
		{"/", "ls //", ""},
		{"/", "ls /m", "'/my node'⏎"},
		{"/", "ls '/my node'/", `"/my node/it's"⏎`},
		{"/", `ls "/my no`, "'/my node'⏎"},
		{"/", `ls /my\ no`, "'/my node'⏎"},
		{"/brokers", "ls ", "ids⏎|seqid⏎|topics⏎"},
		{"/brokers", "ls i", "ids⏎"},
		{"/brokers", "ls ../a", "../app⏎|../apple⏎"},
		{"/brokers", "get -s -w ids/", "ids/0"},
		{"/", "ls / ", ""}, // the old spelling of -w is not shown
		{"/", "set /app v ", ""},

		{"/", "get -", "-s|-w|-b|-x|--raw"},
		{"/", "get -s -", "-w|-b|-x|--raw"},
		{"/", "get --", "--stat|--watch|--base64|--hex|--raw"},
		{"/", "get --r", "--raw"},
		{"/", "reconfig -mem", "-members"},
		{"/", "get -- -", ""},
		{"/", "addWatch -m ", "PERSISTENT|PERSISTENT_RECURSIVE"},
		{"/", "addWatch -m persistent_", "PERSISTENT_RECURSIVE"},
		{"/", "addWatch --mode=PERSISTENT_", "PERSISTENT_RECURSIVE"},
		{"/", "addWatch -m PERSISTENT /b", "/brokers⏎"},
		{"/", "set -v ", ""},
		{"/", "reconfig -file d", "'da ta'|data.bin"},

		{"/", "setAcl / w", "world:anyone:⏎"},
		{"/", "setAcl / world:anyone:r,a", "world:anyone:r,auth::⏎"},
		{"/", "setAcl / auth::cd", "auth::cdrwa⏎|auth::cdrw⏎"},
		{"/", "setAcl / digest:bob:", ""},
		{"/", "setAcl / digest:bob:x=:c", "digest:bob:x=:cdrwa⏎|digest:bob:x=:cdrw⏎"},
		{"/", "printwatches o", "on|off"},
		{"/", "4lw ru", "ruok"},
		{"/", "option out", "output"},
		{"/", "option output j", "json"},
		{"/", "option timeout ", ""},
		{"/", "help getE", "getEphemerals"},
		{"/", "connect ", "zk1:2181/app"},
		{"/", "echo ", ""},

		{"/", "source ", "'da ta'|data.bin|sub/⏎"},
		{"/", "source .h", ".hidden"},
		{"/", "set /app @d", `@da\ ta|@data.bin`},
		{"/", "set /app '@d", ""},
		{"/", "get /app > s", "sub/⏎"},
	} {
		t.Run(tt.line, func(t *testing.T) {
			c := New(Config{
				Commands: registry(t), Children: children,
				Dir:     func() string { return tt.cd },
				Servers: func() string { return "zk1:2181/app" },
			})
			defer c.Close()
			want := []string{}
			if tt.want != "" {
				want = strings.Split(tt.want, "|")
			}
			// What is asked for may come late on a busy machine; then it is there for a later key.
			for range 1000 {
				if slices.Equal(texts(c.Complete(tt.line, len(tt.line))), want) {
					break
				}
			}
			candidates := c.Complete(tt.line, len(tt.line))
			if got := texts(candidates); !slices.Equal(got, want) {
				t.Fatalf("%q offers\n%s\nwant\n%s", tt.line, strings.Join(got, "|"), tt.want)
			}
			for _, cand := range candidates {
				checkCandidate(t, tt.line, cand)
			}
		})
	}
}

// checkCandidate puts a candidate in its place: the words before it stay, and it is one word.
func checkCandidate(t *testing.T, line string, c Candidate) {
	t.Helper()
	before, partial := lex.Complete(line, len(line))
	whole := line[:c.ReplaceFrom] + c.Text
	words, last := lex.Complete(whole, len(whole))
	if len(words) != len(before) || last.Pos != partial.Pos {
		t.Errorf("%q makes %q of the line %q: %d words before it at %d, want %d at %d",
			c.Text, whole, line, len(words), last.Pos, len(before), partial.Pos)
	}
}

func texts(candidates []Candidate) []string {
	out := []string{}
	for _, c := range candidates {
		text := c.Text
		if c.Append == "" {
			text += "⏎"
		}
		out = append(out, text)
	}
	return out
}

// TestComplete_EveryCommand has each command of the table answer at each of its arguments.
func TestComplete_EveryCommand(t *testing.T) {
	r := registry(t)
	c := New(Config{Commands: r, Children: children})
	defer c.Close()
	for _, spec := range r.Specs() {
		for _, e := range spec.Examples {
			for cursor := range len(e.Line) + 1 {
				for _, cand := range c.Complete(e.Line, cursor) {
					checkCandidate(t, e.Line[:cursor], cand)
				}
			}
		}
		if len(spec.Help().Flags) > 0 && len(c.Complete(spec.Name+" -", len(spec.Name)+2)) == 0 {
			t.Errorf("%s offers no flags", spec.Name)
		}
	}
}

// TestComplete_Empty offers all commands where nothing is typed, and no old spelling.
func TestComplete_Empty(t *testing.T) {
	r := registry(t)
	c := New(Config{Commands: r})
	defer c.Close()
	for _, line := range []string{"", "  ", "ls; "} {
		if got := c.Complete(line, len(line)); len(got) != len(r.Names()) || got[0].Description == "" {
			t.Errorf("%q: %d candidates, want %d", line, len(got), len(r.Names()))
		}
	}
}

// TestComplete_Cursor completes within a line, and outside of it.
func TestComplete_Cursor(t *testing.T) {
	c := New(Config{Commands: registry(t), Children: children})
	defer c.Close()
	got := c.Complete("quit /b", 2)
	if want := []Candidate{{Text: "quit", Description: got[0].Description, Append: " "}}; !slices.Equal(got, want) {
		t.Errorf("in the first word: %+v", got)
	}
	for _, cursor := range []int{-1, 99} {
		c.Complete("ls /b", cursor)
	}
}

func FuzzComplete(f *testing.F) {
	r, err := command.NewRegistry(zkcmd.Commands, builtin.Commands)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("get -s '/my node'/x > @f", 7)
	f.Add(`setAcl / "digest:`, 17)
	f.Add("set / @;", 8)
	c := New(Config{Commands: r, Children: children})
	f.Cleanup(c.Close)
	f.Fuzz(func(t *testing.T, line string, cursor int) {
		for _, cand := range c.Complete(line, cursor) {
			if cand.ReplaceFrom < 0 || cand.ReplaceFrom > len(line) || cand.Text == "" {
				t.Errorf("%q at %d: %+v", line, cursor, cand)
			}
		}
	})
}
