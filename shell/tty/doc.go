// Package tty is the shell's terminal: a prompt with completion and history,
// and events that appear above the line being typed. It is the only package
// that knows github.com/c-bata/go-prompt.
//
// It is not the shell: it knows nothing of commands, servers or files, and it
// handles no signal that ends the process. Package main opens a Terminal, calls
// Run, and calls Restore from its own signal handler:
//
//	term, err := tty.Open(tty.Config{Prompt: prompt, Complete: complete})
//	if errors.Is(err, tty.ErrNoTerminal) {
//		return readPlainLines(os.Stdin)
//	}
//	defer term.Close()
//	return term.Run(ctx, execute)
//
// # How it works
//
// While Run is active the terminal is in raw mode (output processing stays on,
// so commands write "\n" as ever), and one goroutine owns the keyboard:
//
//	keyboard -> decoder -> keyQueue -> editor.Read -> go-prompt's editing
//	                 \                                      |
//	                  Ctrl-C while a command runs           v
//	                  cancels that command       editor.Flush -> screen
//
// go-prompt edits the line and chooses from the menu, one Input call a line. It
// is told of a window of 65,535 columns and rows; what it draws is not sent to
// the terminal but taken apart again (capture), and the screen lays it out for
// the real window. So a line may be longer than the window, the window
// may have any size or change it at any time, and an event may be drawn at any
// moment: the screen knows every row that it owns.
//
// Everything is drawn on /dev/tty, nothing on standard output: a shell whose
// output goes to a file keeps its prompt.
package tty
