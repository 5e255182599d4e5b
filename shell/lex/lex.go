// Package lex splits what a person types, or a script holds, into commands and words. It is pure: it knows
// no command, no flag and no terminal. The shell's loop, its completion and -c, -f and piped input call it.
//
// Nothing that is typed is lost. A byte has a meaning of its own only where this list says so, and is data
// everywhere else:
//
//   - Blanks (space, tab) part words; a line end (LF or CRLF) ends the command.
//   - A word that begins with a quote is read as a Unix shell reads it: "…", '…' and $'…' may open
//     anywhere in it, and the parts join: "a b"'c d' is one word. In a word that begins with anything else
//     quotes are data, so {"a":1} and it's need no care.
//   - In "…": \n \t \r \0 \\ \" \xHH \uXXXX (a surrogate pair makes one character), and a backslash before
//     a line end joins the lines. Before anything else a backslash is kept: "C:\dir\x" is C:\dir\x.
//   - In '…' every byte is data, line ends too.
//   - In $'…' escapes are bash's: \a \b \e \E \f \n \r \t \v \\ \' \" \? \nnn (octal) \xH[H] \u \U \cX.
//     Unlike in bash a zero byte does not end the word.
//   - Outside quotes a backslash before a blank, " ' ; # > or a backslash makes that byte data, and before
//     a line end joins the lines. Before anything else it is kept: C:\dir\x is C:\dir\x. At the very end
//     of the input it is an incomplete command.
//   - # begins a comment where a command would begin, nowhere else: `set /a #5` writes #5.
//   - ; (or several) ends a command where a blank or the line's end follows: a=1;b=2 is one word, `a; b` is
//     two commands. Data that ends in ; wants quotes or a backslash before it.
//   - > FILE and >> FILE send a command's output to a file, as words of their own at the command's end.
//
// For example
//
//	cmds, err := lex.Split(`set "/my node" {"a":1}; get /my\ node > out.json`)
//	// cmds[0].Words: set, "/my node" (Quoted), {"a":1}
//	// cmds[1].Redirect: out.json
package lex

import (
	"fmt"
	"io"
	"strings"
)

// Word is one word of a command.
type Word struct {
	// Text is what the word means: quotes and escapes are resolved. It may hold any bytes.
	Text string
	// Quoted tells that the word's first byte was written in quotes or behind a backslash. Such a word is
	// data: it is not to be read as a flag or as @file. Later parts do not count: --path=a\ b is a flag.
	Quoted bool
	// Pos is the byte at which the word begins, counted from the start of the input.
	Pos int
}

// Redirect sends a command's output to a file.
type Redirect struct {
	File   Word
	Append bool // >> instead of >
}

// Command is one command. It has at least one word.
type Command struct {
	Words    []Word
	Redirect *Redirect // nil: none
	Line     int       // line on which the first word begins, from 1
	Text     string    // the source from the first word to the last, as it was written
}

// Error is a command that cannot be read. What it prints leaves the name of the input to the caller,
// who knows it.
type Error struct {
	Line, Col int // from 1; Col counts characters
	Msg       string
	// Incomplete tells that more input could mend the command: an open quote, or a backslash at the end.
	// An interactive shell asks for a further line and splits both, joined by a line end.
	Incomplete bool
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// Split reads all commands of src. Upon an error it returns the commands before the first bad one,
// and an *Error.
func Split(src string) ([]Command, error) {
	s := NewScanner(strings.NewReader(src))
	var cmds []Command
	for {
		c, err := s.Next()
		switch {
		case err == io.EOF:
			return cmds, nil
		case err != nil:
			return cmds, err
		}
		cmds = append(cmds, c)
	}
}

// Parse is Split for one line that a person typed; it may hold several commands.
func Parse(line string) ([]Command, error) { return Split(line) }
