package lex

// Complete looks at a line that is being typed. It returns the words before the cursor of the command that
// the cursor is in, and the word that the cursor ends: its text as far as it goes, with its quotes and
// escapes resolved. As it was typed it is line[partial.Pos:cursor]. After a blank it is empty and begins at
// the cursor. An unquoted > or >> is among the words: what follows it is the name of a file. In a comment
// there are no words, and the partial one is the comment.
//
// A cursor outside the line is taken for the nearer end.
func Complete(line string, cursor int) (words []Word, partial Word) {
	cursor = min(max(cursor, 0), len(line))
	l := lexer{buf: []byte(line[:cursor]), line: 1}
	for {
		l.skipBlanks()
		if start := l.pos; len(words) == 0 && l.skipComment() && l.pos == cursor {
			return nil, Word{Text: line[start:cursor], Pos: start}
		}
		t, err := l.token()
		switch {
		case err != nil, t.kind != tokenEnd && l.pos == cursor:
			return words, t.word
		case t.kind != tokenEnd:
			words = append(words, t.word)
		default:
			if t.start < t.end { // a separator or a line's end: a new command
				words = nil
			}
			if l.pos == cursor {
				return words, Word{Pos: cursor}
			}
		}
	}
}
