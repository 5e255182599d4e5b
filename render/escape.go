package render

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// escape makes s safe for a terminal: control characters, bytes that are no UTF-8 and characters that
// reorder what follows them are written as \e, \r, \x9b, \u202e. Those in keep stay. A backslash in the data
// is not doubled: the text is for eyes, JSON and pipes are exact.
func escape(s, keep string) string {
	clean := true
	for i, r := range s {
		if unsafeRune(r) && !strings.ContainsRune(keep, r) || r == utf8.RuneError && invalidAt(s[i:]) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unsafeRune(r) && !strings.ContainsRune(keep, r):
			b.WriteString(escapeRune(r))
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func invalidAt(s string) bool {
	_, n := utf8.DecodeRuneInString(s)
	return n == 1
}

// unsafeRune tells C0 and C1 controls, DEL, line separators and the marks that change the direction of text.
func unsafeRune(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r < 0xa0:
		return true
	case r == 0x061c, 0x200e <= r && r <= 0x200f, 0x2028 <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}

func escapeRune(r rune) string {
	switch {
	case r == '\x1b':
		return `\e`
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r == 0:
		return `\0`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// escapeJSON does the same for JSON, whose strings may hold some such characters raw. It stays the same JSON.
func escapeJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && unsafeRune(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
