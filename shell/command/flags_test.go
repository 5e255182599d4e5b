package command_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// shown is what probe's Run saw of its line.
type shown string

func (shown) View() render.View { return render.Empty{} }

// probe has every kind of flag and argument that the rules speak of.
func probe() command.Spec {
	return command.Spec{
		Name: "put",
		Args: []command.Arg{
			{Name: "PATH", Kind: command.Path},
			{Name: "DATA", Kind: command.Data, Optional: true},
			{Name: "VERSION", Kind: command.Version, Optional: true, Legacy: true},
		},
		Bind: func(fs *pflag.FlagSet) command.Run {
			fs.BoolP("stat", "s", false, "stat")
			fs.BoolP("watch", "w", false, "watch")
			fs.Int32P("version", "v", -1, "only `VERSION`")
			fs.String("server", "", "`HOST`")
			return func(_ context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
				var parts []string
				fs.Visit(func(f *pflag.Flag) { parts = append(parts, f.Name+"="+f.Value.String()) })
				for _, w := range args {
					parts = append(parts, w.Text)
				}
				return shown(strings.Join(parts, "|")), nil
			}
		},
	}
}

func registry(t *testing.T, specs ...command.Spec) *command.Registry {
	t.Helper()
	r, err := command.NewRegistry(specs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParse_FlagsAndData(t *testing.T) {
	r := registry(t, probe())
	for line, want := range map[string]string{
		`put /a x`:                  `/a|x`,
		`put -s /a x`:               `stat=true|/a|x`,
		`put /a x -s`:               `stat=true|/a|x`,
		`put /a -sw x`:              `stat=true|watch=true|/a|x`,
		`put /a -ws`:                `watch=true|stat=true|/a`,
		`put /a -5`:                 `/a|-5`,
		`put /a -z`:                 `/a|-z`,
		`put /a -sz`:                `/a|-sz`,
		`put /a -`:                  `/a|-`,
		`put /a "-s"`:               `/a|-s`,
		`put /a \-s`:                `/a|\-s`,
		`put /a '-s' -s`:            `stat=true|/a|-s`,
		`put -- /a -s`:              `/a|-s`,
		`put /a -- --`:              `/a|--`,
		`put /a -- -5 -1`:           `/a|-5|-1`,
		`put -v 3 /a`:               `version=3|/a`,
		`put -v -1 /a`:              `version=-1|/a`,
		`put -sv 3 /a`:              `stat=true|version=3|/a`,
		`put /a -vs`:                `/a|-vs`, // a value-taking flag only ends a cluster
		`put /a -v3`:                `/a|-v3`,
		`put --version 3 /a`:        `version=3|/a`,
		`put --version=3 /a`:        `version=3|/a`,
		`put -version 3 /a`:         `version=3|/a`,
		`put -server h:1 /a`:        `server=h:1|/a`,
		`put -server=h:1 /a`:        `server=h:1|/a`,
		`put --stat=false /a`:       `stat=false|/a`,
		`put /a --nothing`:          `/a|--nothing`,
		`put /a -----BEGIN`:         `/a|-----BEGIN`,
		`put /a {"a":1}`:            `/a|{"a":1}`,
		`put /a x 3`:                `/a|x|3`,
		`put /a x -1`:               `/a|x|-1`,
		`put -v 2147483647 /a ''`:   `version=2147483647|/a|`,
		`put --server "a b" /a "b"`: `server=a b|/a|b`,
	} {
		if got, err := run(t, r, line); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestParse_UsageErrors(t *testing.T) {
	const usage = "; usage: put [-s] [-w] [-v VERSION] [--server HOST] PATH [DATA]"
	r := registry(t, probe())
	for line, want := range map[string]string{
		`put`:                      `put: missing PATH` + usage,
		`put -z /a`:                `put: -z: unknown flag` + usage,
		`put -zs /a`:               `put: -zs: unknown flag` + usage,
		`put --nothing /a`:         `put: --nothing: unknown flag` + usage,
		`put /a x -z`:              `put: -z: unknown flag` + usage,
		`put /a x 1 -z`:            `put: -z: unknown flag` + usage,
		`put -v`:                   `put: -v: wants a value: -v VERSION`,
		`put -v abc /a`:            `put: -v abc: not a whole number`,
		`put -v 2147483648 /a`:     `put: -v 2147483648: the number is out of range`,
		`put --stat=maybe /a`:      `put: --stat=maybe: not true or false`,
		`put /a b c`:               `put: c: one argument too many; data with blanks wants quotes: put /a 'b c'`,
		`put /a it's 3 c`:          `put: c: one argument too many; data with blanks wants quotes: put /a "it's 3 c"`,
		`put "/a b" x 99999999999`: `put: 99999999999: one argument too many; data with blanks wants quotes: put '/a b' 'x 99999999999'`,
	} {
		_, err := run(t, r, line)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", line, err, want)
		}
		if code := command.ExitCodeOf(err); code != command.ExitUsage {
			t.Errorf("%s: exit code %d", line, code)
		}
	}
}

// Flags of one line must not be those of the next.
func TestParse_EachLineBindsAfresh(t *testing.T) {
	r := registry(t, probe())
	first, _ := run(t, r, "put -s -v 3 /a")
	second, err := run(t, r, "put /a")
	if err != nil || first == second || second != "/a" {
		t.Errorf("first %q, second %q, %v", first, second, err)
	}
}

func TestParse_Help(t *testing.T) {
	r := registry(t, probe())
	for _, line := range []string{"put --help", "put -h", "put -?", "put -s --help"} {
		call, err := r.Parse(words(t, line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		result, err := call.Run(t.Context(), nil)
		if h, ok := result.(command.Help); err != nil || !ok || h.Name != "put" {
			t.Errorf("%s: %v, %v", line, result, err)
		}
	}
	if got, err := run(t, r, "put /a --help"); err != nil || got != "/a|--help" {
		t.Errorf("--help as data: %q, %v", got, err)
	}
}

func TestParse_UnknownCommand(t *testing.T) {
	r := registry(t, named("?"), named("ls"), named("get"), named("getAcl"), named("getEphemerals"), named("create"), named("deleteall"))
	for name, want := range map[string]string{
		"sl":        "sl: no such command; did you mean ls?",
		"gte":       "gte: no such command; did you mean get?",
		"getacl":    "getacl: no such command; did you mean getAcl?",
		"craete":    "craete: no such command; did you mean create?",
		"delteall":  "delteall: no such command; did you mean deleteall?",
		"xyzzy":     "xyzzy: no such command; `help` lists them",
		"":          "'': no such command; `help` lists them",
		"two words": "'two words': no such command; `help` lists them",
	} {
		_, err := r.Parse([]lex.Word{{Text: name}})
		if err == nil || err.Error() != want || command.ExitCodeOf(err) != command.ExitUnknown {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestNewRegistry_NameTwice(t *testing.T) {
	a, b := named("ls"), named("dir")
	b.Aliases = []string{"ls"}
	if _, err := command.NewRegistry([]command.Spec{a}, []command.Spec{b}); err == nil {
		t.Error("two commands of one name were taken")
	}
}

func TestParseFlags_FirstArgumentEnds(t *testing.T) {
	fs := pflag.NewFlagSet("zoka", pflag.ContinueOnError)
	server := fs.StringP("server", "s", "", "")
	args, err := command.ParseFlags(fs, words(t, "-server h:1 set -s /a"), true)
	if err != nil || *server != "h:1" || fmt.Sprint(texts(args)) != "[set -s /a]" {
		t.Errorf("%q, %v, %v", *server, texts(args), err)
	}
}

func named(name string) command.Spec {
	s := probe()
	s.Name = name
	return s
}

func words(t *testing.T, line string) []lex.Word {
	t.Helper()
	cmds, err := lex.Parse(line)
	if err != nil || len(cmds) != 1 {
		t.Fatalf("%s: %v", line, err)
	}
	return cmds[0].Words
}

func texts(words []lex.Word) []string {
	var out []string
	for _, w := range words {
		out = append(out, w.Text)
	}
	return out
}

func run(t *testing.T, r *command.Registry, line string) (string, error) {
	t.Helper()
	call, err := r.Parse(words(t, line))
	if err != nil {
		return "", err
	}
	result, err := call.Run(t.Context(), nil)
	if err != nil {
		return "", err
	}
	return string(result.(shown)), nil
}
