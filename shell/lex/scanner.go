package lex

import (
	"bufio"
	"io"
)

// Scanner reads commands from a stream, each as soon as the line that ends it is there. It never waits for
// more than that, so a program may hold a dialogue with the shell through a pair of pipes.
type Scanner struct {
	l lexer
}

// NewScanner returns a Scanner of r's commands.
func NewScanner(r io.Reader) *Scanner {
	s := &Scanner{}
	s.l = lexer{in: bufio.NewReader(r), line: 1, ok: true}
	return s
}

// Next returns the next command, io.EOF after the last one, an *Error for a command that cannot be read, or
// the reader's own error. After an *Error the rest of its line is skipped, and Next may be called again.
func (s *Scanner) Next() (Command, error) {
	l := &s.l
	for {
		if l.pos == len(l.buf) && !l.nextLine() {
			return Command{}, l.end()
		}
		cmd, err := l.command()
		if l.readErr != nil && l.readErr != io.EOF { // a further line of this command could not be read
			err = l.readErr
		}
		if err != nil {
			l.pos = len(l.buf)
			return Command{}, err
		}
		if len(cmd.Words) > 0 {
			return cmd, nil
		}
	}
}
