package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote returns one word, on one line, that is read back as exactly s and as data: never as a flag, as
// @file, as a comment or as a redirection. A string that needs no quotes is returned as it is.
func Quote(s string) string {
	switch {
	case plain(s):
		return s
	case printable(s) && !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	return doubleQuote(s)
}

func plain(s string) bool {
	return s != "" && printable(s) &&
		!strings.ContainsAny(s, " \\") &&
		!strings.ContainsRune(`"'$#>;-@`, rune(s[0])) &&
		!strings.HasSuffix(s, ";")
}

// printable tells that s is valid UTF-8 that can be seen on one line.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func doubleQuote(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(s[0])
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			for i := range n {
				b.WriteString(`\x`)
				b.WriteByte(hex[s[i]>>4])
				b.WriteByte(hex[s[i]&15])
			}
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	b.WriteByte('"')
	return b.String()
}
