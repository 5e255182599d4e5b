package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func lines(n int) Result {
	return result{"row", Text{Lines: []string{strings.Repeat("x", n)}}}
}

// A row reaches its reader before the next one is asked for: on a terminal always, in a pipe if it is news.
func TestPrint_StreamFlushes(t *testing.T) {
	for _, tt := range []struct {
		terminal, live bool
		want           bool
	}{
		{false, false, false}, {true, false, true}, {false, true, true}, {true, true, true},
	} {
		var out bytes.Buffer
		p := Printer{Out: &out, Terminal: tt.terminal}
		stream := Stream{Live: tt.live, Rows: func(yield func(Result, error) bool) {
			for n := range 3 {
				if !yield(lines(n), nil) {
					return
				}
				if flushed := strings.Count(out.String(), "\n") == n+1; flushed != tt.want {
					t.Errorf("%+v: after row %d %q is written", tt, n, out.String())
				}
			}
		}}
		if err := p.Print(context.Background(), result{"", stream}); err != nil {
			t.Error(err)
		}
		if out.String() != "\nx\nxx\n" {
			t.Errorf("%+v: %q", tt, out.String())
		}
	}
}

// The rows before an error are written.
func TestPrint_StreamEndsInError(t *testing.T) {
	broken := errors.New("connection lost")
	ctx, cancel := context.WithCancel(context.Background())
	failing := func(yield func(Result, error) bool) {
		if yield(lines(1), nil) {
			yield(nil, broken)
		}
	}
	endless := func(yield func(Result, error) bool) {
		for yield(lines(1), nil) {
			cancel()
		}
	}
	for _, format := range []Format{FormatText, FormatTable} {
		var out bytes.Buffer
		p := Printer{Out: &out, Format: format}
		if err := p.Print(context.Background(), result{"", Stream{Rows: failing}}); err != broken || out.String() != "x\n" {
			t.Errorf("%v: Print = %v, %q", format, err, out.String())
		}
	}
	var out bytes.Buffer
	err := Printer{Out: &out}.Print(ctx, result{"", Group{[]View{Stream{Rows: endless}, Text{Lines: []string{"no"}}}}})
	if err != context.Canceled || out.String() != "x\n" {
		t.Errorf("Print of an endless stream = %v, %q", err, out.String())
	}
}

func TestPrint_ClosedPipe(t *testing.T) {
	endless := func(yield func(Result, error) bool) {
		for yield(lines(100), nil) {
		}
	}
	big := Table{Columns: []Column{{Name: "a"}}, Rows: [][]Cell{{{Text: strings.Repeat("x", 1<<20)}}}}
	for name, view := range map[string]View{
		"stream": Stream{Rows: endless}, "live": Stream{Rows: endless, Live: true}, "text": Text{Lines: []string{"x"}}, "table": big,
	} {
		for _, format := range []Format{FormatText, FormatTable, FormatJSON} {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			err = Printer{Out: w, Format: format}.Print(context.Background(), result{name, view})
			w.Close()
			var we *WriteError
			if !errors.As(err, &we) || !errors.Is(err, syscall.EPIPE) || !strings.HasPrefix(err.Error(), "write the output: ") {
				t.Errorf("%s, %v: Print = %v, want a WriteError with EPIPE", name, format, err)
			}
		}
	}
	err := Printer{Out: shortWriter{}}.Print(context.Background(), lines(1))
	if !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a short write: Print = %v", err)
	}
}

type shortWriter struct{}

func (shortWriter) Write([]byte) (int, error) { return 0, nil }

type unencodable struct{ C chan int }

func (unencodable) View() View { return Empty{} }

func TestPrint_BadResult(t *testing.T) {
	long := Table{Columns: []Column{{Name: "a"}}, Rows: [][]Cell{{{}, {}}}}
	for _, format := range []Format{FormatText, FormatTable} {
		for _, terminal := range []bool{false, true} {
			var out bytes.Buffer
			p := Printer{Out: &out, Format: format, Terminal: terminal}
			err := p.Print(context.Background(), result{"", long})
			if err == nil || err.Error() != "draw a table: row 1 has 2 cells for 1 columns" {
				t.Errorf("%v: a row that is too long: %v, %q", format, err, out.String())
			}
		}
	}
	var out bytes.Buffer
	err := Printer{Out: &out, Format: FormatJSON}.Print(context.Background(), unencodable{})
	if e := (*json.UnsupportedTypeError)(nil); !errors.As(err, &e) || out.Len() > 0 {
		t.Errorf("a result that is no JSON: %v, %q", err, out.String())
	}
	for _, format := range []Format{FormatText, FormatTable, FormatJSON} {
		for _, r := range []Result{nil, result{"", Stream{}}} {
			if err := (Printer{Out: &out, Format: format}).Print(context.Background(), r); err != nil || out.Len() > 0 {
				t.Errorf("%v: Print(%v) = %v, %q", format, r, err, out.String())
			}
		}
	}
}

func TestFormat(t *testing.T) {
	for _, f := range []Format{FormatText, FormatTable, FormatJSON} {
		var got Format
		if err := got.Set(f.String()); err != nil || got != f {
			t.Errorf("Set(%q) = %v, %v", f, got, err)
		}
	}
	f := FormatJSON
	err := f.Set("yaml")
	if err == nil || err.Error() != `unknown output format "yaml": it is one of text, table, json` || f != FormatJSON {
		t.Errorf("Set(yaml) = %v, %v", f, err)
	}
	if got := Format(9).String(); got != "Format(9)" {
		t.Errorf("Format(9) is %q", got)
	}
}

// Whatever the data: a pipe gets exactly its bytes, a terminal no control character but line end and tab,
// and JSON means the same on both.
func FuzzPrint(f *testing.F) {
	for _, s := range []string{"", "plain", evil, "\u2028\u200f\ufffd", "\xc2", `\x1b`, "\"\\u001b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := result{s, Blob{Data: []byte(s)}}
		if got := printed(t, Printer{}, r); got != s {
			t.Errorf("%q comes out of a pipe as %q", s, got)
		}
		everywhere := Group{[]View{
			r.view, Text{Lines: []string{s}}, List{Items: []string{s}}, Tree{Label: Cell{Text: s}},
			Fields{Items: []Field{{s, Cell{Text: s}}}}, Table{Columns: []Column{{Name: s}}, Rows: [][]Cell{{{Text: s}}}},
		}}
		for _, format := range []Format{FormatText, FormatTable, FormatJSON} {
			got := printed(t, Printer{Format: format, Terminal: true, Width: 20}, result{s, everywhere})
			for i, c := range got {
				if c != '\n' && c != '\t' && unsafeRune(c) || i == 0 && !utf8.ValidString(got) {
					t.Fatalf("%q, %v: %q reaches the terminal", s, format, got)
				}
			}
		}
		var pipe, terminal result
		if err := json.Unmarshal([]byte(printed(t, Printer{Format: FormatJSON}, r)), &pipe); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(printed(t, Printer{Format: FormatJSON, Terminal: true}, r)), &terminal); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(s) && pipe.Name != s || pipe.Name != terminal.Name {
			t.Errorf("%q is %q in a pipe, %q on a terminal", s, pipe.Name, terminal.Name)
		}
	})
}

func printed(t *testing.T, p Printer, r Result) string {
	t.Helper()
	var out bytes.Buffer
	p.Out = &out
	if err := p.Print(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
