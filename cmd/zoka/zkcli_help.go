package main

import (
	"context"
	"strings"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/compat/zkcli"
)

// helpZkCli is `zoka help zkCli`: the mode itself passes over --help, as Apache's does.
func helpZkCli(ctx context.Context, p *process) command.ExitCode {
	lines := []string{
		"usage: zkCli.sh [-server HOST:PORT[,…][/CHROOT]] [-timeout MS] [-r] [-waitforconnection]",
		"                [-client-configuration FILE] [COMMAND [ARG…]]",
		"       zoka zkCli …",
		"",
		"The commands, prompts, outputs and exit codes are those of zkCli.sh of ZooKeeper 3.9.4, byte for byte:",
		strings.Join(zkcli.Commands(), ", ") + ".",
		"",
		"What differs, on purpose:",
	}
	for _, d := range zkcli.Differences {
		lines = append(lines, "", d.What, "  Apache  "+d.Apache, "  zoka    "+d.Zoka, "  why     "+d.Why)
	}
	if err := (render.Printer{Out: p.stdout}).Print(ctx, textResult(lines)); err != nil {
		return p.fail(err)
	}
	return command.ExitOK
}
