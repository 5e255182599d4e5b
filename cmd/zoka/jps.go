package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// jpsRow is a process that is one of those that the classic installation shows by jps.
type jpsRow struct {
	Pid int `json:"pid"`
	// Role is the name of the main class that Apache's program has: QuorumPeerMain, Kafka.
	Role string `json:"role"`
	// Program is whose program it is: zoka or java.
	Program string `json:"program"`
	// Config is the file that it was started with, "" where it is told nothing.
	Config string `json:"config,omitempty"`
}

// jpsResult has a row for each role of each process, by ascending pid.
type jpsResult []jpsRow

// View is jps's own form, a pid and a name in each line, so that what greps it goes on to work.
func (r jpsResult) View() render.View {
	lines := make([]string, len(r))
	for i, row := range r {
		lines[i] = strconv.Itoa(row.Pid) + " " + row.Role
	}
	return render.Text{Lines: lines}
}

// runJps lists the servers and brokers that run on this machine, ours and Apache's.
func runJps(ctx context.Context, p *process) command.ExitCode {
	output := render.Format(0)
	row := command.Spec{
		Name: "jps", Within: "zoka",
		Short:    "list the servers and brokers on this machine with their process ids, ours and Apache's",
		Examples: []command.Example{{Line: "jps", Means: "4711 QuorumPeerMain, 4712 Kafka: one line for each role of each process"}},
		Bind: func(fs *pflag.FlagSet) command.Run {
			fs.VarP(&output, "output", "o", "draw the result as `text|table|json`")
			fs.BoolP("verbose", "v", false, "")
			_ = fs.MarkHidden("verbose") // jps -l, -v and -m are typed by habit
			fs.BoolP("long", "l", false, "")
			_ = fs.MarkHidden("long")
			fs.BoolP("main", "m", false, "")
			_ = fs.MarkHidden("main")
			return func(context.Context, *command.Env, []lex.Word) (render.Result, error) {
				all, err := processes()
				if err != nil {
					return nil, err
				}
				return jpsRows(all), nil
			}
		},
	}
	table, err := command.NewRegistry([]command.Spec{row})
	if err != nil {
		return p.fail(err)
	}
	words := []lex.Word{{Text: "jps"}}
	for _, arg := range p.args {
		words = append(words, lex.Word{Text: arg})
	}
	call, err := table.Parse(words)
	var result render.Result
	if err == nil {
		result, err = call.Run(ctx, &command.Env{Commands: table})
	}
	if err == nil {
		terminal := term.IsTerminal(int(p.stdout.Fd()))
		err = render.Printer{Out: p.stdout, Format: output, Terminal: terminal, Width: width(p.stdout, terminal)}.Print(ctx, result)
	}
	if err != nil {
		return p.fail(err)
	}
	return command.ExitOK
}

// processLine is a process with the words that it was started with.
type processLine struct {
	pid  int
	argv []string
}

func jpsRows(all []processLine) jpsResult {
	rows := jpsResult{}
	for _, process := range all {
		rows = append(rows, rolesOf(process)...)
	}
	slices.SortStableFunc(rows, func(a, b jpsRow) int { return a.Pid - b.Pid })
	return rows
}

// Roles by the names of Apache's main classes.
const (
	roleServer = "QuorumPeerMain"
	roleBroker = "Kafka"
)

// rolesOf tells what a process is by the words that it was started with.
func rolesOf(p processLine) []jpsRow {
	if len(p.argv) < 2 {
		return nil
	}
	base := p.argv[0][strings.LastIndexByte(p.argv[0], '/')+1:]
	switch base {
	case "zoka":
		return zokaRoles(p)
	case "java":
		return javaRoles(p)
	}
	return nil
}

func zokaRoles(p processLine) []jpsRow {
	configs := slices.DeleteFunc(slices.Clone(p.argv[2:]), func(arg string) bool { return strings.HasPrefix(arg, "-") })
	config := func(i int) string {
		if i < len(configs) {
			return configs[i]
		}
		return ""
	}
	switch p.argv[1] {
	case "server":
		return []jpsRow{{p.pid, roleServer, "zoka", config(0)}}
	case "broker":
		return []jpsRow{{p.pid, roleBroker, "zoka", config(0)}}
	case "node":
		return []jpsRow{{p.pid, roleServer, "zoka", config(0)}, {p.pid, roleBroker, "zoka", config(1)}}
	}
	return nil
}

// mainClasses are the programs of the classic installation.
var mainClasses = map[string]string{
	"org.apache.zookeeper.server.quorum.QuorumPeerMain": roleServer,
	"kafka.Kafka": roleBroker,
}

func javaRoles(p processLine) []jpsRow {
	for i, arg := range p.argv[1:] {
		role, known := mainClasses[arg]
		if !known {
			continue
		}
		row := jpsRow{Pid: p.pid, Role: role, Program: "java"}
		if rest := p.argv[i+2:]; len(rest) > 0 {
			row.Config = rest[0]
		}
		return []jpsRow{row}
	}
	return nil
}

// parsePs reads the lines of `ps -axo pid=,args=`, where words cannot be told from blanks within words.
func parsePs(out string) (all []processLine, err error) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			return nil, fmt.Errorf("ps has printed %q: %w", line, err)
		}
		all = append(all, processLine{pid, fields[1:]})
	}
	return all, nil
}
