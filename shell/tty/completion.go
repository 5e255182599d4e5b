package tty

import (
	"strings"

	prompt "github.com/c-bata/go-prompt"
)

// A Candidate is one way to complete the word at the cursor.
type Candidate struct {
	Text        string // what the word becomes
	Description string // shown beside it in the menu
	ReplaceFrom int    // where the word begins: a byte offset into the line
	Append      string // added when this is the only candidate: " " after a whole word
}

// maxCompleted is the longest line that is completed, in bytes of masked text.
// go-prompt's menu arithmetic ends at 65,535 columns.
const maxCompleted = 32 << 10

// A completion is the answer to one question: a line and a cursor.
type completion struct {
	text   string // masked
	cursor int    // in runes
	start  int    // in bytes of text: where go-prompt's idea of the word begins
	items  []completionItem
	tail   string // what to append if there is one item
}

type completionItem struct{ text, description string }

// complete asks for candidates. Whatever their ReplaceFrom, all items replace
// text from the same start.
func completeLine(ask func(string, int) []Candidate, text string, cursor int) *completion {
	c := &completion{text: text, cursor: cursor}
	before := runePrefix(text, cursor)
	c.start = len(before)
	if ask == nil || len(text) > maxCompleted {
		return c
	}
	plain := unmask(before)
	cands := ask(unmask(text), len(plain))
	from := len(plain)
	for _, cand := range cands {
		from = min(from, max(cand.ReplaceFrom, 0))
	}
	if separator(plain[:from], plain[from:]) == "" {
		from = 0
	}
	for _, cand := range cands {
		own := min(max(cand.ReplaceFrom, 0), len(plain))
		if t := mask(plain[from:own] + cand.Text); t != "" {
			c.items = append(c.items, completionItem{t, mask(cand.Description)})
			c.tail = mask(cand.Append)
		}
	}
	c.start = len(mask(plain[:from]))
	return c
}

// separator returns the characters at which go-prompt must cut text+word so
// that it takes word for the word: "" if there are none. go-prompt cuts behind
// the last one, and takes it to be one byte long.
func separator(text, word string) string {
	if text == "" {
		return "\x00" // a masked line has none: the word is the whole line
	}
	last := text[len(text)-1]
	if last >= 0x80 || last < 0x20 || last == 0x7f || strings.IndexByte(word, last) >= 0 {
		return ""
	}
	return string(rune(last))
}

// suggests is the completion as go-prompt wants it.
func (c *completion) suggests() []prompt.Suggest {
	out := make([]prompt.Suggest, len(c.items))
	for i, item := range c.items {
		out[i] = prompt.Suggest{Text: item.text, Description: item.description}
	}
	return out
}

// extend returns the line after Tab, and the cursor in it: the only candidate,
// or what all candidates have in common. It reports false if that adds nothing.
func (c *completion) extend() (text string, cursor int, ok bool) {
	before := runePrefix(c.text, c.cursor)
	word := before[c.start:]
	if len(c.items) == 0 {
		return "", 0, false
	}
	grown := c.items[0].text
	for _, item := range c.items[1:] {
		grown = commonPrefix(grown, item.text)
	}
	switch {
	case len(c.items) == 1:
		grown += c.tail
		if grown == word {
			return "", 0, false
		}
	case len(grown) <= len(word) || !strings.HasPrefix(grown, word):
		return "", 0, false
	}
	head := before[:c.start] + grown
	return head + c.text[len(before):], runeCount(head), true
}

// commonPrefix compares whole characters.
func commonPrefix(a, b string) string {
	n := 0
	for i, r := range a {
		if !strings.HasPrefix(b[min(i, len(b)):], string(r)) {
			return a[:i]
		}
		n = i + len(string(r))
	}
	return a[:n]
}
