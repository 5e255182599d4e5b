package lex

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// lexer reads tokens. Its buffer holds whole lines: the one that is being read and, while a quote or a
// trailing backslash goes on, those that follow it. So the end of the buffer is the end of the input, or a
// point at which more has to be asked for.
type lexer struct {
	in      *bufio.Reader // nil: buf is all there is
	buf     []byte
	pos     int
	base    int  // offset of buf[0] in the input
	line    int  // number of the line that buf begins with
	ok      bool // in has more
	readErr error
}

type tokenKind int

const (
	tokenWord     tokenKind = iota
	tokenRedirect           // > or >>
	tokenEnd                // ; or the end of the line or of the input
)

type token struct {
	kind       tokenKind
	word       Word
	start, end int // in buf
}

// command reads up to a separator or the line's end. It has no words when there was nothing to read.
func (l *lexer) command() (Command, error) {
	l.skipBlanks()
	l.skipComment()
	var cmd Command
	first, last := 0, 0
	for {
		t, err := l.token()
		if err != nil {
			return Command{}, err
		}
		if t.kind == tokenEnd {
			break
		}
		if len(cmd.Words) == 0 {
			first = t.start
		}
		if t.kind == tokenRedirect {
			cmd.Redirect, last, err = l.redirect(t, len(cmd.Words) > 0)
			if err != nil {
				return Command{}, err
			}
			break
		}
		cmd.Words = append(cmd.Words, t.word)
		last = t.end
	}
	if len(cmd.Words) > 0 {
		cmd.Text = string(l.buf[first:last])
		cmd.Line, _ = l.lineCol(first)
	}
	return cmd, nil
}

// redirect reads the rest of a command after its > or >>, and returns where the file's word ends.
func (l *lexer) redirect(op token, hasWords bool) (*Redirect, int, error) {
	sign := string(l.buf[op.start:op.end])
	if !hasWords {
		return nil, 0, l.errorAt(op.start, "there is no command before "+sign)
	}
	file, err := l.token()
	if err != nil {
		return nil, 0, err
	}
	if file.kind != tokenWord {
		return nil, 0, l.errorAt(op.start, sign+" needs the name of a file after it; as data, quote it: '"+sign+"'")
	}
	after, err := l.token()
	if err != nil {
		return nil, 0, err
	}
	if after.kind != tokenEnd {
		return nil, 0, l.errorAt(after.start, sign+" FILE must end the command; as data, quote it: '"+sign+"'")
	}
	return &Redirect{File: file.word, Append: sign == ">>"}, file.end, nil
}

// token reads the next token. With an error that is Incomplete it returns the word as far as it goes.
func (l *lexer) token() (token, error) {
	l.skipBlanks()
	start := l.pos
	if n := l.lineEnd(l.pos); n > 0 || l.pos == len(l.buf) {
		l.pos += n
		return token{kind: tokenEnd, start: start, end: l.pos}, nil
	}
	if n := l.semicolons(); l.separates(n) {
		l.pos += n
		return token{kind: tokenEnd, start: start, end: l.pos}, nil
	}
	w, err := l.word()
	t := token{kind: tokenWord, word: w, start: start, end: l.pos}
	if raw := l.buf[t.start:t.end]; string(raw) == ">" || string(raw) == ">>" {
		t.kind = tokenRedirect
	}
	return t, err
}

// skipBlanks skips blanks and joined lines.
func (l *lexer) skipBlanks() {
	for l.pos < len(l.buf) {
		switch c := l.buf[l.pos]; {
		case isBlank(c):
			l.pos++
		case c == '\\' && l.lineEnd(l.pos+1) > 0:
			l.join()
		default:
			return
		}
	}
}

// skipComment skips a comment that stands here, but not the end of its line.
func (l *lexer) skipComment() bool {
	if l.pos == len(l.buf) || l.buf[l.pos] != '#' {
		return false
	}
	for l.pos < len(l.buf) && l.lineEnd(l.pos) == 0 {
		l.pos++
	}
	return true
}

// semicolons returns how many of them stand here in a row.
func (l *lexer) semicolons() int {
	rest := l.buf[l.pos:]
	return len(rest) - len(bytes.TrimLeft(rest, ";"))
}

// separates tells whether the n semicolons that stand here end a command.
func (l *lexer) separates(n int) bool {
	next := l.pos + n
	return n > 0 && (next == len(l.buf) || isBlank(l.buf[next]) || l.lineEnd(next) > 0)
}

// join skips a backslash and the line end behind it, and reads the line that follows.
func (l *lexer) join() {
	l.pos += 1 + l.lineEnd(l.pos+1)
	if l.pos == len(l.buf) {
		l.moreLines()
	}
}

// lineEnd returns the length of the line end at i: 1 for LF, 2 for CRLF, else 0. A CR alone is data.
func (l *lexer) lineEnd(i int) int {
	switch rest := l.buf[min(i, len(l.buf)):]; {
	case len(rest) > 0 && rest[0] == '\n':
		return 1
	case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
		return 2
	}
	return 0
}

// nextLine replaces the buffer, which has been read, by the next line.
func (l *lexer) nextLine() bool {
	l.base += len(l.buf)
	l.line += bytes.Count(l.buf, []byte{'\n'})
	l.buf, l.pos = l.buf[:0], 0
	if !l.moreLines() {
		return false
	}
	if l.base == 0 && bytes.HasPrefix(l.buf, byteOrderMark) {
		l.pos = len(byteOrderMark)
	}
	return true
}

// byteOrderMark is what some editors put before a file's first line.
var byteOrderMark = []byte("\uFEFF")

// moreLines appends the next line to the buffer.
func (l *lexer) moreLines() bool {
	if !l.ok {
		return false
	}
	had := len(l.buf)
	for {
		part, err := l.in.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			l.ok, l.readErr = false, err
		}
		return len(l.buf) > had && (err == nil || err == io.EOF)
	}
}

// end returns why there is no further line.
func (l *lexer) end() error {
	if l.readErr == nil {
		return io.EOF
	}
	l.pos = len(l.buf) // what came before the reader failed is half a line: not to be run
	return l.readErr
}

// lineCol returns the place of buf[i] in the input.
func (l *lexer) lineCol(i int) (line, col int) {
	before := l.buf[:i]
	start := bytes.LastIndexByte(before, '\n') + 1
	col = utf8.RuneCount(bytes.TrimPrefix(before[start:], byteOrderMark)) + 1
	return l.line + bytes.Count(before, []byte{'\n'}), col
}

func (l *lexer) errorAt(i int, msg string) *Error {
	line, col := l.lineCol(i)
	return &Error{Line: line, Col: col, Msg: msg}
}

func (l *lexer) incompleteAt(i int, msg string) *Error {
	e := l.errorAt(i, msg)
	e.Incomplete = true
	return e
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
