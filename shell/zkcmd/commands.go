// Package zkcmd is the shell's commands on ZooKeeper, one file a command. Each file has the command's row, and
// the Result that it returns; what several commands return or take is in stat.go and flags.go. The package prints
// nothing and knows no sockets: it is given a command.ZK. The shell's table of commands, and compat, call it.
package zkcmd

import "github.com/zoka-project/zoka/shell/command"

// Commands is the table, in the order of the help text.
var Commands = []command.Spec{
	ls,
	get,
	create,
	set,
	stat,
	exists,
	del,
	deleteall,
	getAllChildrenNumber,
	tree,

	addWatch,
	watch,
	removewatches,

	getACL,
	setACL,
	addauth,
	whoami,
	setquota,
	listquota,
	delquota,

	syncPath,
	config,
	reconfig,
	fourLetter,

	getEphemerals,

	ls2,
	rmr,
}
