package lex

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Each command is there before the next line is written: the writer waits for it.
func TestScanner_YieldsWhenTheLineIsComplete(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	s := NewScanner(r)
	for _, step := range []struct {
		write string
		want  []string
	}{
		{"ls /\n", []string{"ls /"}},
		{"\n# nothing\na; b ;c\n", []string{"a", "b ;c"}},
		{"set /a 'x\ny'\r\n", []string{"set /a 'x\ny'"}},
		{"get \\\n/a;\n", []string{"get \\\n/a"}},
	} {
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(w, step.write)
			sent <- err
		}()
		for _, want := range step.want {
			c, err := s.Next()
			if err != nil || c.Text != want {
				t.Fatalf("after %q: Next = %q, %v, want %q", step.write, c.Text, err, want)
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	for range 2 {
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("Next at the end = %v, want EOF", err)
		}
	}
}

func TestScanner_GoesOnAfterAnError(t *testing.T) {
	s := NewScanner(strings.NewReader("a\nb >; c\nd\n'e\nf"))
	var got []string
	for {
		c, err := s.Next()
		if err == io.EOF {
			break
		}
		if e := (*Error)(nil); errors.As(err, &e) {
			got = append(got, fmt.Sprintf("error in line %d", e.Line))
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Text)
	}
	if want := "a|error in line 2|d|error in line 4"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}

	s = NewScanner(strings.NewReader("a > ; b\nc"))
	if _, err := s.Next(); err == nil {
		t.Error("no error for > without a file")
	}
	if c, err := s.Next(); err != nil || c.Text != "c" || c.Line != 2 {
		t.Errorf("Next after an error = %+v, %v, want c in line 2", c, err)
	}
}

// Half a line is not run when its reader fails.
func TestScanner_ReaderFails(t *testing.T) {
	broken := errors.New("broken")
	for _, src := range []string{"a\ndelete /b", "a\ndelete '/b\n/c", "a\ndelete \\\n/b"} {
		s := NewScanner(io.MultiReader(strings.NewReader(src), iotest.ErrReader(broken)))
		if c, err := s.Next(); err != nil || c.Text != "a" {
			t.Errorf("%q: first Next = %+v, %v", src, c, err)
		}
		for range 2 {
			if c, err := s.Next(); err != broken {
				t.Errorf("%q: Next = %+v, %v, want the reader's error", src, c, err)
			}
		}
	}
}

// A line longer than any buffer, and one quoted text of many lines, which must not cost quadratic time.
func TestScanner_LongLines(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	many := strings.Repeat("line\n", 200_000)
	s := NewScanner(strings.NewReader("set /a " + long + "\nset /b '" + many + "'\nls /"))
	for _, want := range []string{long, many, "/"} {
		c, err := s.Next()
		if err != nil || c.Words[len(c.Words)-1].Text != want {
			t.Fatalf("Next = %d words, %v", len(c.Words), err)
		}
	}
}
