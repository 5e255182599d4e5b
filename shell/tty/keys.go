package tty

import (
	"bytes"
	"unicode/utf8"
)

// A keyCode says which key was pressed. Codes below 0x20, and 0x7f, are the
// control characters themselves; the others are listed here.
type keyCode int

const (
	keyText keyCode = iota + 256 // one or more characters, in key.text
	keyEnter
	keyUp
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyDelete
	keyBackTab
	keyEscape
	keyWordLeft
	keyWordRight
	keyCutWordLeft
	keyCutWordRight
	keyRefresh // no key: draw the prompt anew
)

const (
	keyCtrlC         keyCode = 0x03
	keyCtrlD         keyCode = 0x04
	keyCtrlG         keyCode = 0x07
	keyCtrlH         keyCode = 0x08
	keyTab           keyCode = 0x09
	keyCtrlL         keyCode = 0x0c
	keyCtrlR         keyCode = 0x12
	keyCtrlU         keyCode = 0x15
	keyCtrlZ         keyCode = 0x1a
	keyCtrlBackslash keyCode = 0x1c
	keyBackspace     keyCode = 0x7f
)

// A key is one key press, or a run of characters that arrived together.
type key struct {
	code keyCode
	text string // keyText only; may hold any byte when it was pasted
}

// csiKeys are the sequences after "ESC [" that mean something here. All others
// are swallowed: an unknown key must not leave half of its code in the line.
var csiKeys = map[string]keyCode{
	"A": keyUp, "B": keyDown, "C": keyRight, "D": keyLeft,
	"H": keyHome, "1~": keyHome, "7~": keyHome,
	"F": keyEnd, "4~": keyEnd, "8~": keyEnd,
	"3~": keyDelete, "Z": keyBackTab,
	"1;5C": keyWordRight, "1;3C": keyWordRight, "5C": keyWordRight,
	"1;5D": keyWordLeft, "1;3D": keyWordLeft, "5D": keyWordLeft,
	"3;3~": keyCutWordRight, "3;5~": keyCutWordRight,
}

// altKeys are the characters after ESC that mean something here.
var altKeys = map[rune]keyCode{
	'b': keyWordLeft, 'f': keyWordRight,
	'd': keyCutWordRight, 0x7f: keyCutWordLeft, 0x08: keyCutWordLeft,
}

const (
	pasteStart = "200~"
	pasteEnd   = "\x1b[201~"
	maxCSI     = 64 // a longer sequence is no key; it is dropped
)

// A decoder cuts the bytes of a keyboard into keys. Chunks may end anywhere: in
// a sequence, in a character. It is pure; the reader of the terminal feeds it.
type decoder struct {
	buf     []byte
	pasting bool
	pasteCR bool // the last byte of the paste was a CR: a LF after it is its other half
}

// feed takes the bytes that were read and returns the keys that are complete.
func (d *decoder) feed(b []byte) []key {
	d.buf = append(d.buf, b...)
	return d.drain(false)
}

// flush returns what is left when no more bytes came in time: an ESC was the
// key itself, half a character is stray bytes.
func (d *decoder) flush() []key {
	keys := d.drain(true)
	d.pasting = false
	return keys
}

// pending reports whether bytes, or the end of a paste, are being waited for.
func (d *decoder) pending() bool { return len(d.buf) > 0 || d.pasting }

// loneEscape reports whether all that is held is an ESC, which may be a key.
func (d *decoder) loneEscape() bool { return len(d.buf) == 1 && d.buf[0] == 0x1b && !d.pasting }

func (d *decoder) drain(final bool) []key {
	var keys []key
	for len(d.buf) > 0 {
		next := d.typed
		if d.pasting {
			next = d.pasted
		}
		k, n := next(final)
		if n == 0 {
			break
		}
		d.buf = d.buf[n:]
		if k.code != 0 || k.text != "" {
			keys = append(keys, k)
		}
	}
	if len(d.buf) == 0 {
		d.buf = nil
	}
	return keys
}

// typed returns the next key and the bytes it took: none when more are needed.
// A zero key is swallowed. (Ctrl-Space, code 0, is therefore never a key.)
func (d *decoder) typed(final bool) (key, int) {
	switch c := d.buf[0]; {
	case c == 0x1b:
		return d.escape(final)
	case c == '\r' || c == '\n':
		return key{code: keyEnter}, 1
	case c < 0x20 || c == 0x7f:
		return key{code: keyCode(c)}, 1
	}
	end := bytes.IndexFunc(d.buf, func(r rune) bool { return r < 0x20 || r == 0x7f })
	return textKey(d.buf, end, final)
}

// textKey makes one key of b[:end], or of all of b when end is negative, but
// leaves a character whose bytes are still coming.
func textKey(b []byte, end int, final bool) (key, int) {
	if end < 0 {
		end = len(b)
		if !final {
			end -= partialRune(b)
		}
	}
	if end == 0 {
		return key{}, 0
	}
	return key{code: keyText, text: string(b[:end])}, end
}

// partialRune counts the bytes at the end of b that begin a character.
func partialRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func (d *decoder) escape(final bool) (key, int) {
	b := d.buf
	if len(b) == 1 {
		if final {
			return key{code: keyEscape}, 1
		}
		return key{}, 0
	}
	switch {
	case b[1] == 0x1b:
		return key{code: keyEscape}, 1
	case b[1] == '[':
		return d.csi(final)
	case b[1] == 'O':
		if len(b) > 2 {
			return key{code: csiKeys[string(b[2:3])]}, 3
		}
	default:
		if r, n := utf8.DecodeRune(b[1:]); final || utf8.FullRune(b[1:]) {
			return key{code: altKeys[r]}, 1 + n
		}
	}
	if final {
		return key{}, len(b)
	}
	return key{}, 0
}

// csi reads "ESC [", parameters (0x20 to 0x3f) and a final byte (0x40 to 0x7e).
func (d *decoder) csi(final bool) (key, int) {
	b := d.buf
	i := 2
	if i < len(b) && b[i] == '[' { // the Linux console's F1 to F5: ESC [ [ A
		i++
	}
	for i < len(b) && i < maxCSI && b[i] >= 0x20 && b[i] <= 0x3f {
		i++
	}
	if i == len(b) && !final {
		return key{}, 0
	}
	if i == len(b) || i == maxCSI || b[i] < 0x40 || b[i] > 0x7e {
		return key{}, i
	}
	seq := string(b[2 : i+1])
	if seq == pasteStart {
		d.pasting, d.pasteCR = true, false
		return key{}, i + 1
	}
	return key{code: csiKeys[seq]}, i + 1
}

// pasted reads inside a bracketed paste: line ends are Enter, everything else,
// tabs and escapes included, is text.
func (d *decoder) pasted(final bool) (key, int) {
	b := d.buf
	if bytes.HasPrefix(b, []byte(pasteEnd)) {
		d.pasting = false
		return key{}, len(pasteEnd)
	}
	wasCR := d.pasteCR
	d.pasteCR = b[0] == '\r'
	switch {
	case b[0] == '\n' && wasCR:
		return key{}, 1
	case b[0] == '\r' || b[0] == '\n':
		return key{code: keyEnter}, 1
	case b[0] == 0x1b && !final && bytes.HasPrefix([]byte(pasteEnd), b):
		return key{}, 0
	}
	end := bytes.IndexAny(b[1:], "\r\n\x1b") + 1 // an ESC may begin pasteEnd
	if end == 0 {
		end = -1
	}
	return textKey(b, end, final)
}
