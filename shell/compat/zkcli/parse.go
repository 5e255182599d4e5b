package zkcli

import (
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// blanks are what \s matches in Java.
const blanks = " \t\n\v\f\r"

// splitLine breaks a typed line into words as Apache's pattern
//
//	\s*([^"']\S*|"[^"]*"|'[^']*')\s*
//
// does: a word that begins with a quote goes on to the next one of its kind, and has no quotes then; a quote within
// a word is a character like any other, and so is a backslash. A line of nothing but blanks has one word, its last
// blank. Unlike Apache's, a quote that nothing closes is not dropped: it belongs to its word.
func splitLine(line string) []lex.Word {
	var words []lex.Word
	for rest := line; rest != ""; {
		text := strings.TrimLeft(rest, blanks)
		if text == "" {
			if len(words) == 0 {
				words = append(words, lex.Word{Text: rest[len(rest)-1:]})
			}
			break
		}
		if quote := text[0]; quote == '"' || quote == '\'' {
			if end := strings.IndexByte(text[1:], quote); end >= 0 {
				words = append(words, lex.Word{Text: text[1 : 1+end], Quoted: true})
				rest = text[end+2:]
				continue
			}
		}
		end := strings.IndexAny(text, blanks)
		if end < 0 {
			end = len(text)
		}
		words = append(words, lex.Word{Text: text[:end]})
		rest = text[end:]
	}
	return words
}
