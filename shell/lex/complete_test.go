package lex

import (
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	tests := []struct {
		line  string // | is the cursor
		words []string
		text  string
		raw   string
	}{
		{`|`, nil, ``, ``},
		{`l|`, nil, `l`, `l`},
		{`l|s /a`, nil, `l`, `l`},
		{`ls |`, []string{`ls`}, ``, ``},
		{`ls |/a`, []string{`ls`}, ``, ``},
		{`ls -s /a/b|c`, []string{`ls`, `-s`}, `/a/b`, `/a/b`},
		{`ls "/my no|`, []string{`ls`}, `"/my no`, `"/my no`},
		{`ls "/my node"|`, []string{`ls`}, `"/my node`, `"/my node"`},
		{`ls '/my|`, []string{`ls`}, `"/my`, `'/my`},
		{`ls /my\ no|`, []string{`ls`}, `/my no`, `/my\ no`},
		{`ls /my\|`, []string{`ls`}, `/my\`, `/my\`},
		{`set "a b" c|`, []string{`set`, `"a b`}, `c`, `c`},
		{`ls /a; get /b|`, []string{`get`}, `/b`, `/b`},
		{`ls /a; |`, nil, ``, ``},
		{`ls /a;|`, nil, ``, ``},
		{`ls /a;b|`, []string{`ls`}, `/a;b`, `/a;b`},
		{"ls /\nget /|", []string{`get`}, `/`, `/`},
		{"# x\nge|", nil, `ge`, `ge`},
		{"# x\n|", nil, ``, ``},
		{"get 'a\nb|", []string{`get`}, "\"a\nb", "'a\nb"},
		{"get \\\n/a|", []string{`get`}, `/a`, `/a`},
		{`ls / > |`, []string{`ls`, `/`, `>`}, ``, ``},
		{`ls / >> fi|`, []string{`ls`, `/`, `>>`}, `fi`, `fi`},
		{`ls / >|`, []string{`ls`, `/`}, `>`, `>`},
		{`# ls /|`, nil, `# ls /`, `# ls /`},
		{` #|`, nil, `#`, `#`},
		{`ls #|`, []string{`ls`}, `#`, `#`},
	}
	for _, tt := range tests {
		before, after, _ := strings.Cut(tt.line, "|")
		line := before + after
		words, partial := Complete(line, len(before))
		text := show([]Word{partial})[0]
		raw := line[partial.Pos:len(before)]
		if !slices.Equal(show(words), tt.words) || text != tt.text || raw != tt.raw {
			t.Errorf("Complete(%q) = %q, %q, %q, want %q, %q, %q", tt.line, show(words), text, raw, tt.words, tt.text, tt.raw)
		}
	}
	for _, cursor := range []int{-1, 99} {
		words, partial := Complete("ls /", cursor)
		if want := min(max(cursor, 0), 2) / 2; len(words) != want {
			t.Errorf("Complete with the cursor at %d = %v, %v", cursor, words, partial)
		}
	}
}
