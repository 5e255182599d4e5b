// Package command is what a command of the shell is, and how a line becomes one: a Spec is a command's row in
// the table, a Registry holds the rows, Parse makes a Call of the words of a line, and Env is what a Call may
// touch while it runs. Help, usage, completion and the checks of arguments all come from the same rows.
//
// It knows no terminal, prints nothing and ends no process. It has no commands either: those are in zkcmd,
// kafkacmd and builtin. The shell's loop and cmd/zoka call it.
//
//	reg, err := command.NewRegistry(builtin.Commands, zkcmd.Commands)
//	call, err := reg.Parse(line.Words)
//	result, err := call.Run(ctx, env)
//	os.Exit(int(command.ExitCodeOf(err)))
package command
