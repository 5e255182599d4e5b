// Package shell is the loop: a line becomes words, the words a command's call, the call a result, and the result
// is drawn. One Shell serves every way of use: lines that a person types, a script, standard input, -c, and the
// words of one command line. It knows no terminal, no socket and no command; cmd/zoka puts them together.
//
//	line → lex → command.Registry.Parse → Call.Run → render.Printer
//
// Below it are
//
//	lex         splits a line into commands and words
//	command     what a command is: its row, its flags, its environment, its errors and their exit codes
//	zkcmd       the commands for znodes, one a file
//	kafkacmd    the commands for topics, records and groups, one a file
//	clustercmd  the commands on an ensemble of this machine
//	builtin     the commands of the shell itself
//	complete    candidates for the word being typed
//	tty         the prompt at a terminal
//	compat      the front ends that speak as Apache's tools do
//
// README.md tells those who use the shell what goes for all commands: words and quotes, results, exit codes.
//
// A script stops at the first command that fails. Told to keep going, it goes on, and commands that issue
// exactly one request are then pipelined: started in order without waiting for the answers of those before,
// their results shown in order.
package shell
