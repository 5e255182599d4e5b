package lex

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", "\"\\\n\xff\x00", "#", ";", ">", "\uFEFF", "\u2028\U000e0001", `\`} {
		f.Add(s)
	}
	f.Fuzz(checkQuote)
}

// FuzzSplit checks, for any input: a command's Text is what stands in the input and is read to the same
// words again; writing the words by Quote does not change them; completion at a command's end sees them too.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		"ls /; get '/a\nb' > x\r\n# c\nset /p {\"a\":1} \\\n 'it'\\''s' \"\\u00e9\\x\" $'\\cA\\101'",
		`set /a >`, `"`, `a\`, "\uFEFF#;", "a;;b;\\;", "a\r", "\\ \r\r", `\>\> >>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		cmds, err := Split(src)
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Col < 1) {
			t.Fatalf("Split(%q): %v", src, err)
		}
		for _, c := range cmds {
			if pos := c.Words[0].Pos; !strings.HasPrefix(src[pos:], c.Text) {
				t.Fatalf("%q: %q does not stand at %d", src, c.Text, pos)
			}
			if c.Words[0].Pos == 0 || !strings.HasPrefix(c.Text, "\uFEFF") { // else it is a mark when read alone
				checkSame(t, c, c.Text)
			}
			checkSame(t, c, requote(c))
			checkComplete(t, c, src)
		}
	})
}

func requote(c Command) string {
	var words []string
	for _, w := range c.Words {
		words = append(words, Quote(w.Text))
	}
	if r := c.Redirect; r != nil {
		words = append(words, map[bool]string{true: ">>", false: ">"}[r.Append], Quote(r.File.Text))
	}
	return strings.Join(words, " ")
}

func checkSame(t *testing.T, c Command, src string) {
	t.Helper()
	again, err := Split(src)
	if err != nil || len(again) != 1 || !slices.Equal(texts(again[0]), texts(c)) {
		t.Fatalf("%q is %q, but reads as %+v, %v", src, texts(c), again, err)
	}
}

func texts(c Command) []string {
	var s []string
	for _, w := range c.Words {
		s = append(s, w.Text)
	}
	if r := c.Redirect; r != nil {
		s = append(s, map[bool]string{true: ">>", false: ">"}[r.Append], r.File.Text)
	}
	return s
}

func checkComplete(t *testing.T, c Command, src string) {
	t.Helper()
	if strings.HasPrefix(src, "\uFEFF") { // marks of files are not typed
		return
	}
	words, partial := Complete(src, c.Words[0].Pos+len(c.Text))
	var got []string
	for _, w := range append(words, partial) {
		got = append(got, w.Text)
	}
	if !slices.Equal(got, texts(c)) {
		t.Fatalf("Complete at the end of %q = %q, want %q", c.Text, got, texts(c))
	}
}
