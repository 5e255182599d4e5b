package lex

import "testing"

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"":            `''`,
		"/a/b":        `/a/b`,
		`{"a":1}`:     `{"a":1}`,
		"it's":        `it's`,
		"a;b":         `a;b`,
		"a;":          `'a;'`,
		"a b":         `'a b'`,
		"it's me":     `"it's me"`,
		`C:\dir`:      `'C:\dir'`,
		`a'\b`:        `"a'\\b"`,
		"a\nb\r\t":    `"a\nb\r\t"`,
		"\x1b[2J\xff": `"\x1b[2J\xff"`,
		"\u00a0":      `"\xc2\xa0"`,
		"中文":          `中文`,
		"-5":          `'-5'`,
		"@file":       `'@file'`,
		"#":           `'#'`,
		">":           `'>'`,
		"$'x":         `"$'x"`,
		"'x":          `"'x"`,
	} {
		got := Quote(s)
		if got != want {
			t.Errorf("Quote(%q) = %s, want %s", s, got, want)
		}
		checkQuote(t, s)
	}
}

// checkQuote checks that s comes back from Quote as the argument of a command, amid others, as data.
func checkQuote(t *testing.T, s string) {
	t.Helper()
	line := "set " + Quote(s) + " " + Quote(s) + "; " + Quote(s)
	cmds, err := Split(line)
	if err != nil || len(cmds) != 2 || len(cmds[0].Words) != 3 || len(cmds[1].Words) != 1 {
		t.Fatalf("Split(%q) = %v, %v", line, cmds, err)
	}
	for _, w := range []Word{cmds[0].Words[1], cmds[0].Words[2], cmds[1].Words[0]} {
		if w.Text != s {
			t.Errorf("Quote(%q) is read back as %q", s, w.Text)
		}
		if s != "" && (s[0] == '-' || s[0] == '@') && !w.Quoted {
			t.Errorf("Quote(%q) is not marked as data", s)
		}
	}
}
