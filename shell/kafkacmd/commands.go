// Package kafkacmd is the shell's commands on Kafka, one file a command. Each file has the command's row, and the
// Result that it returns. The package prints nothing and knows no sockets: it is given a command.Kafka. The shell's
// table of commands, and compat, call it.
package kafkacmd

import "github.com/zoka-project/zoka/shell/command"

// Commands is the table, in the order of the help text.
var Commands = append([]command.Spec{
	produce,
	consume,
	offsets,
	topics,
	deleteRecords,

	groups,
	configs,
	users,
	brokers,
}, oldCommands()...)

var topicArg = command.Arg{Name: "TOPIC", Kind: command.Topic}
