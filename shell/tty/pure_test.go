package tty

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// names writes keys down: text as itself, others by number.
func names(keys []key) string {
	var b strings.Builder
	for _, k := range keys {
		if k.code == keyText {
			b.WriteString(k.text)
		} else {
			fmt.Fprintf(&b, "<%d>", k.code)
		}
	}
	return b.String()
}

func TestDecoder_ChunksMayEndAnywhere(t *testing.T) {
	const in = "ab\x1b[A日本\x1b[200~x\ty\r\nz\x1b[1m\x1b[201~\x1bb\x1bOH\x03\xffé\x1b[3~\x1b\x1b[B"
	var whole decoder
	want := names(append(whole.feed([]byte(in)), whole.flush()...))
	for size := 1; size < len(in); size++ {
		var d decoder
		var keys []key
		for chunk := range slices.Chunk([]byte(in), size) {
			keys = append(keys, d.feed(chunk)...)
		}
		if got := names(append(keys, d.flush()...)); got != want {
			t.Errorf("chunks of %d: %s, want %s", size, got, want)
		}
	}
	up, down, enter := fmt.Sprint(int(keyUp)), fmt.Sprint(int(keyDown)), fmt.Sprint(int(keyEnter))
	exact := "ab<" + up + ">日本x\ty<" + enter + ">z\x1b[1m<" + fmt.Sprint(int(keyWordLeft)) + "><" +
		fmt.Sprint(int(keyHome)) + "><3>\xffé<" + fmt.Sprint(int(keyDelete)) + "><" + fmt.Sprint(int(keyEscape)) + "><" + down + ">"
	if want != exact {
		t.Errorf("keys %q, want %q", want, exact)
	}
}

func TestDecoder_EscapeAlone(t *testing.T) {
	var d decoder
	if got := d.feed([]byte{0x1b}); len(got) != 0 || !d.loneEscape() {
		t.Errorf("ESC gave %v before its time", got)
	}
	if got := d.flush(); len(got) != 1 || got[0].code != keyEscape {
		t.Errorf("ESC gave %v", got)
	}
}

// FuzzDecoder checks that no input sticks, and that no key but pasted text
// carries a control.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("a\x1b[A\x1b[200~b\r\nc\x1b[201~\x1b"), 3)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		var d decoder
		var keys []key
		for chunk := range slices.Chunk(in, max(1, min(size, 4096))) {
			keys = append(keys, d.feed(chunk)...)
		}
		keys = append(keys, d.flush()...)
		if d.pending() {
			t.Fatalf("still pending after %q: %q", in, d.buf)
		}
		for _, k := range keys {
			if (k.code == keyText) != (k.text != "") {
				t.Fatalf("key %+v", k)
			}
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("a\tb\n\xff\u0085日本" + string(maskBase+5))
	f.Fuzz(func(t *testing.T, s string) {
		m := mask(s)
		if got := unmask(m); got != s {
			t.Fatalf("unmask(mask(%q)) = %q", s, got)
		}
		if strings.ContainsFunc(m, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			t.Fatalf("mask(%q) = %q", s, m)
		}
		if got := unescapeLine(escapeLine(s)); got != s || strings.ContainsAny(escapeLine(s), "\r\n") {
			t.Fatalf("escape of %q gives %q", s, got)
		}
	})
}

func TestCompleteLine_WhateverIsReplaced(t *testing.T) {
	tests := []struct {
		line  string
		cands []Candidate
		start int
		items string
	}{
		{"get /a", []Candidate{{Text: "/ab", ReplaceFrom: 4}}, 4, "/ab"},
		{"get /a/b", []Candidate{{Text: "bc", ReplaceFrom: 7}}, 7, "bc"},
		{"get ", []Candidate{{Text: "/", ReplaceFrom: 4}}, 4, "/"},
		// The blank before the word is also in it: the whole line is replaced.
		{`get "/my a`, []Candidate{{Text: "/my abc", ReplaceFrom: 5}}, 5, "/my abc"},
		{"x a b", []Candidate{{Text: "a bc", ReplaceFrom: 2}}, 0, "x a bc"},
		{"日本/a", []Candidate{{Text: "abc", ReplaceFrom: 7}}, 7, "abc"},
		{"日本a", []Candidate{{Text: "abc", ReplaceFrom: 6}}, 0, "日本abc"},
		{"get a", []Candidate{{Text: "xa", ReplaceFrom: 4}, {Text: "get b", ReplaceFrom: 0}}, 0, "get xa|get b"},
		{"a", []Candidate{{Text: "ab", ReplaceFrom: -7}, {Text: "c", ReplaceFrom: 99}}, 0, "ab|ac"},
	}
	for _, test := range tests {
		c := completeLine(func(string, int) []Candidate { return test.cands }, test.line, runeCount(test.line))
		var items []string
		for _, i := range c.items {
			items = append(items, i.text)
		}
		if c.start != test.start || strings.Join(items, "|") != test.items {
			t.Errorf("%q: start %d, items %q", test.line, c.start, items)
		}
	}
}

func TestLay_WideCharactersAndClipping(t *testing.T) {
	text := func(l layout) string {
		var rows []string
		for _, r := range l.rows {
			rows = append(rows, string(appendCells(nil, r)))
		}
		return strings.Join(rows, "|")
	}
	l := lay(&frame{prompt: label{text: "> "}, before: "日本語", after: "x"}, 5, 10, "")
	if got := text(l); got != "> 日|本語x" || l.curRow != 1 || l.curCol != 4 {
		t.Errorf("%s, cursor %d,%d", got, l.curCol, l.curRow)
	}
	l = lay(&frame{before: "0123456789", after: "abcdefghij"}, 5, 2, "")
	if got := text(l); got != "56789|abcde" || l.curRow != 1 || l.curCol != 0 {
		t.Errorf("%s, cursor %d,%d", got, l.curCol, l.curRow)
	}
	if n := rowsAbove(&l, 3); n != 2 {
		t.Errorf("a row of 5 in a window of 3 is %d rows", n)
	}
}

func TestHistory_IsSharedBoundedAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var old strings.Builder
	for i := range historyLimit + 500 {
		fmt.Fprintf(&old, "line %d\n", i)
	}
	if err := os.WriteFile(path, []byte(old.String()+"torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	var shells [4]*History
	for i := range shells {
		h, err := OpenHistory(path, func(l string) bool { return strings.Contains(l, "secret") })
		if err != nil {
			t.Fatal(err)
		}
		shells[i] = h
	}
	var wg sync.WaitGroup
	for i, h := range shells {
		wg.Go(func() {
			for n := range 100 {
				for _, line := range []string{fmt.Sprintf("shell %d\n%d", i, n), "secret", " ", strings.Repeat("x", historyLineLimit+1)} {
					if err := h.Add(line); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	h, err := OpenHistory(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := h.Lines()
	if len(lines) != historyLimit {
		t.Errorf("%d lines", len(lines))
	}
	if got := lines[len(lines)-401]; got != "torn" {
		t.Errorf("before the new lines stands %q", got)
	}
	for i := range shells {
		for n := range 100 {
			if !slices.Contains(lines[len(lines)-400:], fmt.Sprintf("shell %d\n%d", i, n)) {
				t.Fatalf("line %d of shell %d is missing", n, i)
			}
		}
	}
}
