package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/clustercmd"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

const clusterUsage = "zoka cluster VERB [FLAG…] [ARG…]"

// clusterRun is one run of zoka cluster: the flags that all of its verbs have.
type clusterRun struct {
	p      *process
	data   string
	output render.Format
	color  command.Color
}

// runCluster starts ensembles on this machine, and does to them what a verb says.
func runCluster(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) == 0 || p.args[0] == "-h" || p.args[0] == "--help" {
		code := helpCluster(ctx, p)
		if len(p.args) == 0 {
			return command.ExitUsage
		}
		return code
	}
	return (&clusterRun{p: p, color: command.ColorAuto}).run(ctx)
}

// run does what the words say.
func (r *clusterRun) run(ctx context.Context) command.ExitCode {
	p := r.p
	verbs, err := r.verbs()
	if err != nil {
		return p.fail(err)
	}
	words := make([]lex.Word, len(p.args))
	for i, arg := range p.args {
		words[i] = lex.Word{Text: arg}
	}
	call, err := verbs.Parse(words)
	var unknown *command.UnknownError
	if errors.As(err, &unknown) {
		if strings.HasPrefix(unknown.Name, "-") {
			return p.fail(command.Usagef("cluster %s: flags follow the verb; usage: %s", unknown.Name, clusterUsage))
		}
		return p.fail(clustercmd.Unknown(unknown))
	}
	if err != nil {
		return p.fail(fmt.Errorf("cluster %w", err))
	}
	env := &command.Env{Commands: verbs, Notify: func(line string) { _, _ = io.WriteString(p.stderr, line+"\n") }}
	result, err := call.Run(ctx, env)
	if err == nil || serves(err) {
		err = errors.Join(err, r.printer().Print(ctx, result))
	}
	var ended *commandEnded
	var cannot *cannotRun
	var sig signalError
	switch {
	case errors.As(err, &ended):
		return command.ExitCode(ended.code)
	case errors.As(err, &cannot):
		_ = p.fail(fmt.Errorf("cluster %w", err))
		return exitCannotRun
	case err != nil && errors.As(context.Cause(ctx), &sig):
		_ = p.fail(fmt.Errorf("cluster %w", err))
		return command.ExitCode(128 + int(sig.Signal))
	case err != nil:
		return p.fail(fmt.Errorf("cluster %w", err))
	}
	return command.ExitOK
}

// verbs are the rows of the table, each with the common flags.
func (r *clusterRun) verbs() (*command.Registry, error) {
	rows := []command.Spec{clusterUp(r), clusterRunCommand(r)}
	rows = append(rows, clustercmd.Verbs(func(context.Context) (clustercmd.Cluster, error) { return openCluster(r.folder()) }, "")...)
	rows = append(rows, clusterDown(r))
	for i := range rows {
		rows[i].Within = "zoka cluster"
		bind := rows[i].Bind
		if rows[i].Name == "run" {
			continue // the folder is one of its own, and the output the command's
		}
		rows[i].Bind = func(fs *pflag.FlagSet) command.Run {
			run := bind(fs)
			r.bind(fs)
			return run
		}
	}
	return command.NewRegistry(rows)
}

func (r *clusterRun) bind(fs *pflag.FlagSet) {
	fs.StringVar(&r.data, "data", "", "the ensemble's `FOLDER`: what ZOKA_CLUSTER names, or "+defaultFolder)
	fs.VarP(&r.output, "output", "o", "draw the result as `text|table|json`")
	fs.Var(&r.color, "color", "colours: `auto|always|never`")
}

func (r *clusterRun) folder() string { return cmp.Or(r.data, clusterFolder(r.p.getenv)) }

func (r *clusterRun) printer() render.Printer {
	terminal := term.IsTerminal(int(r.p.stdout.Fd()))
	p := render.Printer{Out: r.p.stdout, Format: r.output, Terminal: terminal, Width: width(r.p.stdout, terminal)}
	switch r.color {
	case command.ColorAlways:
		p.Theme = theme.Color()
	case command.ColorAuto:
		p.Theme = theme.For(terminal, r.p.getenv)
	}
	return p
}

// helpCluster is `zoka help cluster`, and with a verb `zoka cluster VERB --help`.
func helpCluster(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) > 0 && !strings.HasPrefix(p.args[0], "-") {
		p.args = []string{p.args[0], "--help"}
		return runCluster(ctx, p)
	}
	r := &clusterRun{p: p}
	verbs, err := r.verbs()
	if err != nil {
		return p.fail(err)
	}
	lines := []string{
		"usage: " + clusterUsage,
		"",
		"ensembles of ZooKeeper servers and Kafka brokers on this machine, on 127.0.0.1: for trying things, and for tests",
		"",
	}
	for _, s := range verbs.Specs() {
		lines = append(lines, fmt.Sprintf("  %-10s %s", s.Name, s.Short))
	}
	lines = append(lines, "", "`zoka cluster VERB --help` explains a verb; all but run have these flags:")
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.SortFlags = false
	r.bind(fs)
	lines = append(lines, command.FlagUsage(fs)...)
	lines = append(lines, "", "Nodes that `up` has started run until `down`; their data stay in the folder.")
	if err := (render.Printer{Out: p.stdout}).Print(ctx, textResult(lines)); err != nil {
		return p.fail(err)
	}
	return command.ExitOK
}
