package tty

import (
	"strings"
	"unicode/utf8"
)

// maskBase is the first of 256 private runes that stand for bytes which an edit
// buffer cannot hold as themselves: controls (a newline in a recalled entry, a
// tab in a paste) would be taken for keys or break the width arithmetic, and
// bytes that are not UTF-8 would become U+FFFD, which loses data.
const maskBase rune = 0x10FE00

// mask makes any string fit for the edit buffer: one visible rune for each
// control and each stray byte. unmask(mask(s)) == s for every s.
func mask(s string) string {
	if !needsMask(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if isPlain(r, n) {
			b.WriteString(s[i : i+n])
		} else {
			for _, c := range []byte(s[i : i+n]) {
				b.WriteRune(maskBase + rune(c))
			}
		}
		i += n
	}
	return b.String()
}

func needsMask(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isPlain(r, n) {
			return true
		}
		i += n
	}
	return false
}

// isPlain reports whether a rune that took n bytes may stand as itself.
func isPlain(r rune, n int) bool {
	if r == utf8.RuneError && n <= 1 {
		return false
	}
	control := r < 0x20 || (r >= 0x7f && r < 0xa0)
	return !control && !isMasked(r)
}

func isMasked(r rune) bool { return r >= maskBase && r <= maskBase+0xff }

// unmask gives back the bytes that mask has hidden.
func unmask(s string) string {
	if !strings.ContainsFunc(s, isMasked) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if isMasked(r) {
			b = append(b, byte(r-maskBase))
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// picture is what a masked rune looks like: Unicode's control picture, or the
// replacement character for a stray byte.
func picture(r rune) rune {
	switch c := r - maskBase; {
	case c < 0x20:
		return 0x2400 + c
	case c == 0x7f:
		return 0x2421
	}
	return utf8.RuneError
}
