package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
)

// runHelp shows the usage of zoka itself, or explains a command of the shell.
func runHelp(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) > 0 {
		for _, m := range modes() {
			if m.help != nil && slices.Contains(m.names, p.args[0]) {
				p.args = p.args[1:]
				return m.help(ctx, p)
			}
		}
	}
	if len(p.args) > 0 {
		p.args = append([]string{"help"}, p.args...)
		return runShell(ctx, p)
	}
	return showUsage(ctx, p)
}

// showUsage is --help.
func showUsage(ctx context.Context, p *process) command.ExitCode {
	lines := []string{
		"zoka: a shell for ZooKeeper and Kafka, and servers and brokers that are compatible with theirs",
		"",
		"usage: zoka [FLAGS]                     a prompt, or the commands of standard input",
		"       zoka [FLAGS] COMMAND [ARG…]      one command",
		"       zoka [FLAGS] -f FILE | -c LINE   a script, or commands parted by \"; \"",
	}
	width := 0
	for _, m := range modes() {
		width = max(width, len(strings.Join(m.names, ", ")))
	}
	for _, m := range modes() {
		lines = append(lines, fmt.Sprintf("       zoka %-*s  %s", width, strings.Join(m.names, ", "), m.short))
	}
	lines = append(lines, "", "flags, before the first word:")
	fs, _ := newShellFlags(p)
	lines = append(lines, command.FlagUsage(fs)...)
	lines = append(lines, "",
		"environment, for what no flag says:",
		"  ZOKA_SERVER        the ZooKeeper servers, as -server",
		"  ZOKA_BOOTSTRAP     the Kafka brokers, as --bootstrap-server",
		"  ZOKA_KAFKA_CONFIG  the client.properties, as --command-config",
		"  ZOKA_CLUSTER       the folder of `zoka cluster`, as its --data",
		"  ZOKA_KAFKA_TOOLS   2.7 or 4: whose output the kafka-*.sh modes have",
		"",
		"Exit codes: 0 done, 1 the server or the data said no, 2 usage, 3 incomplete or no answer, 127 no such command,",
		"130 interrupted.",
		"",
		"`zoka help COMMAND` explains a command of the shell; these are:", "")
	registry, err := commands(nil)
	if err != nil {
		return p.fail(err)
	}
	view := registry.Index().View().(render.Text)
	printer := render.Printer{Out: p.stdout}
	if err := printer.Print(ctx, textResult(append(lines, view.Lines[:len(view.Lines)-2]...))); err != nil {
		return p.fail(err)
	}
	return command.ExitOK
}

// textResult is plain lines.
type textResult []string

// View is the lines.
func (t textResult) View() render.View { return render.Text{Lines: t} }
