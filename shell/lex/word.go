package lex

import "bytes"

// escapable are the bytes that a backslash outside quotes turns into data.
const escapable = " \t\"';#>\\"

// word reads a word, of which at least one byte is there.
func (l *lexer) word() (Word, error) {
	w := Word{Pos: l.base + l.pos}
	start := l.pos
	shellLike := l.openQuote() != ""
	w.Quoted = shellLike
	var text []byte
	for l.pos < len(l.buf) && !l.wordEnd() {
		var err error
		switch c := l.buf[l.pos]; {
		case shellLike && l.openQuote() != "":
			text, err = l.quoted(text)
		case c == '\\':
			first := l.pos == start
			var escaped bool
			text, escaped, err = l.backslash(text)
			w.Quoted = w.Quoted || first && escaped
		default:
			n := max(1, l.semicolons())
			text = append(text, l.buf[l.pos:l.pos+n]...)
			l.pos += n
		}
		if err != nil {
			w.Text = string(text)
			return w, err
		}
	}
	w.Text = string(text)
	return w, nil
}

func (l *lexer) wordEnd() bool {
	return isBlank(l.buf[l.pos]) || l.lineEnd(l.pos) > 0 || l.separates(l.semicolons())
}

// backslash reads a backslash outside quotes and the byte that it makes data, if it does.
func (l *lexer) backslash(text []byte) (_ []byte, escaped bool, err error) {
	next := l.pos + 1
	switch {
	case next == len(l.buf):
		l.pos = next
		return append(text, '\\'), false, l.incompleteAt(next-1, `the line ends in a backslash; as data, type \\`)
	case l.lineEnd(next) > 0:
		l.join()
		return text, false, nil
	case bytes.IndexByte([]byte(escapable), l.buf[next]) >= 0:
		l.pos += 2
		return append(text, l.buf[next]), true, nil
	}
	l.pos++
	return append(text, '\\'), false, nil
}

// openQuote returns the opening quote that stands here, or "".
func (l *lexer) openQuote() string {
	switch rest := l.buf[l.pos:]; {
	case len(rest) == 0:
	case rest[0] == '"':
		return `"`
	case rest[0] == '\'':
		return `'`
	case len(rest) > 1 && rest[0] == '$' && rest[1] == '\'':
		return `$'`
	}
	return ""
}

// quoted reads a quoted part, across lines if need be.
func (l *lexer) quoted(text []byte) ([]byte, error) {
	start, open := l.pos, l.openQuote()
	l.pos += len(open)
	closing := open[len(open)-1]
	for {
		if l.pos == len(l.buf) {
			if l.moreLines() {
				continue
			}
			return text, l.incompleteAt(start, "the quote "+open+" is not closed")
		}
		c := l.buf[l.pos]
		switch {
		case c == closing:
			l.pos++
			return text, nil
		case c != '\\' || open == `'`:
			text = append(text, c)
			l.pos++
		case open == `"` && l.lineEnd(l.pos+1) > 0:
			l.join()
		default:
			unescape := unescapeDouble
			if open == `$'` {
				unescape = unescapeANSI
			}
			out, n := unescape(text, l.buf[l.pos+1:])
			if n == 0 { // not an escape: the backslash is data
				out = append(text, '\\')
			}
			text = out
			l.pos += 1 + n
		}
	}
}
