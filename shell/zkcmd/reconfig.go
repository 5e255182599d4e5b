package zkcmd

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var reconfig = command.Spec{
	Name:  "reconfig",
	Group: command.Ensemble,
	Short: "change the servers of the ensemble",
	Long: "Either servers are added and removed, or the whole list is given, by -members or by the server lines of\n" +
		"a -file. A server is ID=HOST:QUORUMPORT:ELECTIONPORT[:ROLE];[HOST:]CLIENTPORT. The servers must have\n" +
		"reconfigEnabled=true, and this session the permission to write " + configPath + ".",
	Examples: []command.Example{
		{Line: "reconfig -add 4=zk4:2888:3888;2181", Means: "one server more"},
		{Line: "reconfig -remove 2,3 -v 100000004", Means: "two less, if the configuration has that version"},
		{Line: "reconfig -file servers.cfg", Means: "the servers of a file, and no others"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		f := reconfigFlags{
			add:     fs.StringArray("add", nil, "`SERVER`[,…] to add; may be given several times"),
			remove:  fs.StringArray("remove", nil, "`ID`[,…] to remove; may be given several times"),
			members: fs.String("members", "", "`SERVER`[,…]: these servers alone"),
			file:    fs.String("file", "", "the servers of this `FILE` alone"),
			version: fs.StringP("version", "v", "", "only if the configuration has this `VERSION`, in hexadecimal"),
		}
		stat := statFlag(fs)
		return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			change, err := f.change(fs.Changed)
			if err != nil {
				return nil, err
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			text, s, err := zk.Reconfig(ctx, change.joining, change.leaving, change.members, change.from)
			if err != nil {
				return nil, err
			}
			c := ParseConfig(string(text))
			c.Stat = statIf(*stat, s)
			return c, nil
		}
	},
}

type reconfigFlags struct {
	add, remove            *[]string
	members, file, version *string
}

// reconfiguration is what is sent; "" is no change of that kind.
type reconfiguration struct {
	joining, leaving, members string
	from                      int64
}

func (f reconfigFlags) change(given func(string) bool) (c reconfiguration, err error) {
	whole := given("members") || given("file")
	switch {
	case whole && (given("add") || given("remove")):
		return c, command.Usagef("-file and -members give the whole list: -add and -remove do not go with them")
	case given("members") && given("file"):
		return c, command.Usagef("-file and -members: only one of them")
	case !whole && !given("add") && !given("remove"):
		return c, command.Usagef("no change: one of -add, -remove, -members and -file says what to change")
	}
	c = reconfiguration{
		joining: strings.ToLower(strings.Join(*f.add, ",")), // as zkCli does
		leaving: strings.ToLower(strings.Join(*f.remove, ",")),
		members: strings.ToLower(*f.members),
		from:    -1,
	}
	if given("version") {
		hex := strings.TrimPrefix(strings.ToLower(*f.version), "0x")
		if c.from, err = strconv.ParseInt(hex, 16, 64); err != nil {
			return c, command.Usagef("-v %s: not a version in hexadecimal, as config shows it", lex.Quote(*f.version))
		}
	}
	if given("file") {
		c.members, err = ReadMembers(*f.file)
	}
	return c, err
}

// ReadMembers reads the lines of a file that tell of servers, groups and weights. Comments, and keys of other
// kinds, are passed over, so that a whole zoo.cfg will do.
func ReadMembers(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		key = strings.TrimSpace(key)
		kind, _, dotted := strings.Cut(key, ".")
		if ok && dotted && (kind == "server" || kind == "group" || kind == "weight") {
			lines = append(lines, key+"="+strings.TrimSpace(value))
		}
	}
	if len(lines) == 0 {
		return "", fmt.Errorf("%s: no line begins with server.ID=", name)
	}
	return strings.Join(lines, "\n"), nil
}
