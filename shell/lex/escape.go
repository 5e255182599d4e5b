package lex

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// An unescape function appends what the escape means whose part behind the backslash begins s, and returns
// the number of bytes of s that it took: 0 when there is no such escape.

// unescapeDouble knows the escapes of "…".
func unescapeDouble(dst, s []byte) ([]byte, int) {
	if len(s) == 0 {
		return dst, 0
	}
	switch s[0] {
	case 'x':
		if v, n := number(s[1:], 16, 2); n == 2 {
			return append(dst, byte(v)), 3
		}
		return dst, 0
	case 'u':
		return unescapeUTF16(dst, s)
	}
	return unescapeByte(dst, s, `ntr0\"`, "\n\t\r\x00\\\"")
}

// unescapeUTF16 knows \uXXXX, and \uXXXX\uXXXX for a surrogate pair as JSON writes it. Half a pair is no
// character: it is left as it was typed.
func unescapeUTF16(dst, s []byte) ([]byte, int) {
	hi, n := number(s[1:], 16, 4)
	if n != 4 {
		return dst, 0
	}
	if !utf16.IsSurrogate(hi) {
		return utf8.AppendRune(dst, hi), 5
	}
	if rest, ok := bytes.CutPrefix(s[5:], []byte(`\u`)); ok {
		lo, n := number(rest, 16, 4)
		if r := utf16.DecodeRune(hi, lo); n == 4 && r != utf8.RuneError {
			return utf8.AppendRune(dst, r), 11
		}
	}
	return dst, 0
}

// unescapeANSI knows the escapes of $'…'.
func unescapeANSI(dst, s []byte) ([]byte, int) {
	if len(s) == 0 {
		return dst, 0
	}
	switch s[0] {
	case 'x':
		if v, n := number(s[1:], 16, 2); n > 0 {
			return append(dst, byte(v)), 1 + n
		}
		return dst, 0
	case 'u', 'U':
		digits := 4
		if s[0] == 'U' {
			digits = 8
		}
		if r, n := number(s[1:], 16, digits); n > 0 && utf8.ValidRune(r) {
			return utf8.AppendRune(dst, r), 1 + n
		}
		return dst, 0
	case 'c':
		return unescapeControl(dst, s)
	}
	if v, n := number(s, 8, 3); n > 0 {
		return append(dst, byte(v)), n // \400 and above wrap, as in bash
	}
	return unescapeByte(dst, s, `abeEfnrtv\'"?`, "\a\b\x1b\x1b\f\n\r\t\v\\'\"?")
}

// unescapeControl knows \cX for the control character that a terminal sends for Ctrl-X.
func unescapeControl(dst, s []byte) ([]byte, int) {
	if len(s) < 2 || s[1] == '\\' || s[1] < '?' || s[1] > 'z' {
		return dst, 0
	}
	if s[1] == '?' {
		return append(dst, 0x7f), 2
	}
	return append(dst, s[1]&0x1f), 2
}

// unescapeByte knows the escapes of one byte: names[i] stands for values[i].
func unescapeByte(dst, s []byte, names, values string) ([]byte, int) {
	if i := bytes.IndexByte([]byte(names), s[0]); i >= 0 {
		return append(dst, values[i]), 1
	}
	return dst, 0
}

// number reads up to max digits and returns how many there were. Eight hexadecimal digits may exceed a
// rune: the value is then negative, which no caller takes for a character.
func number(s []byte, radix rune, max int) (v rune, n int) {
	for n < len(s) && n < max {
		d := digit(s[n])
		if d >= radix {
			break
		}
		v = v*radix + d
		n++
	}
	return v, n
}

func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return 99
}
