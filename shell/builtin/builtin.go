// Package builtin is the shell's commands on itself: help, history, options, where it is connected and which
// znode it stands at. One file has what belongs together. It knows no terminal and no socket: it is given a
// command.Env.
package builtin

import "github.com/zoka-project/zoka/shell/command"

// Commands is the table, in the order of the help text.
var Commands = []command.Spec{
	connect,
	closeSession,
	cd,
	pwd,
	help,
	history,
	redo,
	source,
	echo,
	option,
	printwatches,
	version,
	quit,
}
