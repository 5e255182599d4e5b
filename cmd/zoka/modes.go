package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/zoka-project/zoka/shell/command"
)

// mode is one of the programs that zoka is.
type mode struct {
	// names choose the mode: as the program's own name (a link, or exec -a), or as the first word.
	names []string
	short string // for --help
	run   func(context.Context, *process) command.ExitCode
	help  func(context.Context, *process) command.ExitCode // for `help NAME`, nil where --help tells all
	// service: a signal is the mode's ordinary end, and its own exit code counts.
	service bool
}

// modes are all but the shell.
func modes() []mode {
	all := []mode{
		{names: []string{"help"}, short: "show this text, or explain a command of the shell", run: runHelp},
		{names: []string{"server"}, short: "run a ZooKeeper server as a zoo.cfg describes it", run: runServer, service: true},
		{names: []string{"broker"}, short: "run a Kafka broker as a server.properties describes it", run: runBroker, service: true},
		{names: []string{"node"}, short: "run a server and a broker in one process: zoo.cfg server.properties", run: runNode, service: true},
		{names: []string{"cluster"}, short: "run ensembles of servers on this machine: up, run, status, kill …", run: runCluster, help: helpCluster, service: true},
		{names: []string{"zkCli", "zkCli.sh"}, short: "Apache's zkCli.sh, byte for byte", run: runZkCli, help: helpZkCli},
		{names: []string{"jps"}, short: "list the servers and brokers on this machine, ours and Apache's", run: runJps},
		{names: []string{"version"}, short: "show zoka's version", run: runVersion},
	}
	return append(all, kafkaTools()...)
}

// pick chooses the mode, and takes its name from the arguments.
func pick(p *process) mode {
	all := modes()
	for _, m := range all {
		if slices.Contains(m.names, filepath.Base(p.name)) {
			return m
		}
	}
	for _, m := range all {
		if len(p.args) > 0 && slices.Contains(m.names, p.args[0]) {
			p.args = p.args[1:]
			return m
		}
	}
	return mode{run: runShell}
}
