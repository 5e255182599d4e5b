// Package properties reads the format of java.util.Properties.load, in which ZooKeeper, Kafka and their clients are
// configured: comments, escapes, continuation lines, and = or : or a blank between key and value.
//
// It knows lines, not settings: what a key means, and which of two equal keys counts, is for the caller, who opens the
// file too. The loaders of zoo.cfg, server.properties and client.properties call it, and say by an Origin where a
// setting was made.
package properties

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Entry is one key of a file.
type Entry struct {
	Key, Value string
	// Line is where the entry begins, counted from 1.
	Line int
}

// Error is a \u that is not followed by four hexadecimal digits: the one thing that a text can have wrong.
type Error struct {
	Line int
	// Key is the setting in whose value it stands, empty where it stands in the key.
	Key string
}

// Reason is the error without its place.
func (e *Error) Reason() string { return `\u is not followed by four hexadecimal digits` }

// Error is line N: key: reason.
func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason())
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Key, e.Reason())
}

// blanks are the characters that java.util.Properties takes as white space within a line.
const blanks = " \t\f"

// Parse returns the entries of a text in their order. Keys and values lose their outer white space, as in ZooKeeper
// and Kafka. A key that stands there twice is there twice. The only possible error is an [*Error].
func Parse(text string) ([]Entry, error) {
	var entries []Entry
	lines := naturalLines(decode(text))
	for i := 0; i < len(lines); i++ {
		first := i + 1
		line := strings.TrimLeft(lines[i], blanks)
		if line == "" || line == `\` || line[0] == '#' || line[0] == '!' {
			continue // a backslash alone continues nothing
		}
		for continues(line) {
			line = line[:len(line)-1]
			if i++; i == len(lines) {
				break
			}
			line += strings.TrimLeft(lines[i], blanks)
		}
		key, value := splitPair(line)
		k, ok := unescape(key)
		if !ok {
			return nil, &Error{Line: first}
		}
		v, ok := unescape(value)
		if !ok {
			return nil, &Error{Line: first, Key: k}
		}
		entries = append(entries, Entry{trim(k), trim(v), first})
	}
	return entries, nil
}

// trim is Java's String.trim.
func trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }

// decode turns the file's bytes into UTF-8. Java reads ISO-8859-1; a file that is valid UTF-8 was meant as that.
func decode(text string) string {
	if utf8.ValidString(text) {
		return strings.TrimPrefix(text, "\ufeff")
	}
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

// naturalLines cuts at \n, \r and \r\n.
func naturalLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// continues tells whether a line ends in an odd number of backslashes.
func continues(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// splitPair cuts a logical line at the first =, : or blank that no backslash protects.
func splitPair(line string) (key, value string) {
	end := 0
	for end < len(line) && !strings.ContainsRune("=:"+blanks, rune(line[end])) {
		if line[end] == '\\' && end+1 < len(line) {
			end++
		}
		end++
	}
	value = strings.TrimLeft(line[end:], blanks)
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], blanks)
	}
	return line[:end], value
}

// unescape resolves \t, \n, \r, \f, \uXXXX; a backslash before anything else is dropped.
func unescape(s string) (text string, ok bool) {
	if !strings.Contains(s, `\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			r, size, ok := unicodeEscape(s[i-1:])
			if !ok {
				return "", false
			}
			b.WriteRune(r)
			i += size - 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// unicodeEscape reads the \uXXXX that s begins with, or the two of a surrogate pair, and how long it is.
func unicodeEscape(s string) (r rune, size int, ok bool) {
	first, ok := codeUnit(s)
	if !ok {
		return 0, 0, false
	}
	if utf16.IsSurrogate(first) {
		if second, ok := codeUnit(s[6:]); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 12, true
			}
		}
	}
	return first, 6, true
}

// codeUnit reads one \uXXXX.
func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
