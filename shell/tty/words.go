package tty

import (
	"unicode"
	"unicode/utf8"
)

func runeCount(s string) int { return utf8.RuneCountInString(s) }

// runePrefix returns the first n characters of s.
func runePrefix(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// wordEdit moves or cuts by a word, as Emacs does: words are letters and digits,
// so /a/path has two. Text and cursor (in characters) go in and come out.
func wordEdit(code keyCode, text string, cursor int) (string, int) {
	r := []rune(text)
	left, right := wordLeft(r, cursor), wordRight(r, cursor)
	switch code {
	case keyWordLeft:
		return text, left
	case keyWordRight:
		return text, right
	case keyCutWordLeft:
		return string(r[:left]) + string(r[cursor:]), left
	case keyCutWordRight:
		return string(r[:cursor]) + string(r[right:]), cursor
	}
	return text, cursor
}

func wordLeft(r []rune, i int) int {
	for i > 0 && !isWord(r[i-1]) {
		i--
	}
	for i > 0 && isWord(r[i-1]) {
		i--
	}
	return i
}

func wordRight(r []rune, i int) int {
	for i < len(r) && !isWord(r[i]) {
		i++
	}
	for i < len(r) && isWord(r[i]) {
		i++
	}
	return i
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
