package tty

import "strings"

// A search is Ctrl-R's: the newest entry that contains what has been typed, then
// the ones before it. It is pure: keys go in, a frame comes out.
type search struct {
	entries []string // masked, oldest first
	query   string
	at      int // index of the match, len(entries) before the first
	failed  bool
}

// A searchVerdict says how a key left the search.
type searchVerdict int

const (
	searching searchVerdict = iota
	accepted                // the match goes into the line
	cancelled               // the line stays as it was
)

func newSearch(entries []string) *search {
	return &search{entries: entries, at: len(entries)}
}

// key takes one key. After accepted, again says whether the key is still to be
// handled, as a key of the line.
func (s *search) key(k key) (v searchVerdict, again bool) {
	switch k.code {
	case keyText:
		s.query += mask(k.text)
		s.find(min(s.at, len(s.entries)-1))
	case keyBackspace, keyCtrlH:
		s.query = runePrefix(s.query, runeCount(s.query)-1)
		s.at = len(s.entries)
		s.find(len(s.entries) - 1)
	case keyCtrlR:
		s.older()
	case keyCtrlG, keyCtrlC:
		return cancelled, false
	case keyEscape:
		return accepted, false
	case keyRefresh:
	default:
		return accepted, true
	}
	return searching, false
}

// older goes to the next older entry that is not the same text again.
func (s *search) older() {
	current := s.match()
	for i := s.at - 1; i >= 0; i-- {
		if s.entries[i] != current && strings.Contains(s.entries[i], s.query) && s.query != "" {
			s.at, s.failed = i, false
			return
		}
	}
	s.failed = s.query != ""
}

// find looks for the query in entry i and the older ones. If there is none, the
// match before stays, marked as failed.
func (s *search) find(i int) {
	s.failed = false
	if s.query == "" {
		s.at = len(s.entries)
		return
	}
	for ; i >= 0; i-- {
		if strings.Contains(s.entries[i], s.query) {
			s.at = i
			return
		}
	}
	s.failed = true
}

// match is the entry that is shown, "" if there is none yet.
func (s *search) match() string {
	if s.at >= len(s.entries) {
		return ""
	}
	return s.entries[s.at]
}

// cursor is where the query stands in the match, in characters.
func (s *search) cursor() int {
	m := s.match()
	if i := strings.LastIndex(m, s.query); i >= 0 {
		return runeCount(m[:i])
	}
	return runeCount(m)
}

func (s *search) frame() *frame {
	text := "(reverse-i-search)`"
	if s.failed {
		text = "(failed reverse-i-search)`"
	}
	m := s.match()
	before := runePrefix(m, s.cursor())
	return &frame{prompt: label{text: text + s.query + "': "}, before: before, after: m[len(before):]}
}
