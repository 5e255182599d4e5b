package jute

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
)

func TestAppend_MatchesApacheBytes(t *testing.T) {
	var b []byte
	b = AppendString(b, "/a")
	b = AppendBuffer(b, []byte("hi"))
	b = AppendBuffer(b, nil)
	b = AppendBuffer(b, []byte{})
	b = AppendInt(b, -1)
	b = AppendLong(b, math.MinInt64)
	b = AppendBool(b, true)
	b = AppendStrings(b, nil)
	b = AppendStrings(b, []string{"x"})
	b = AppendDouble(b, 1)
	b = AppendNullString(b)
	want := "00000002" + "2f61" + "00000002" + "6869" + "ffffffff" + "00000000" + "ffffffff" +
		"8000000000000000" + "01" + "ffffffff" + "00000001" + "00000001" + "78" + "3ff0000000000000" + "ffffffff"
	if got := hex.EncodeToString(b); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	r := NewReader(b)
	if s := r.String(); s != "/a" {
		t.Errorf("String = %q", s)
	}
	if p := r.Buffer(); string(p) != "hi" {
		t.Errorf("Buffer = %q", p)
	}
	if p := r.Buffer(); p != nil {
		t.Errorf("null Buffer = %v", p)
	}
	if p := r.Buffer(); p == nil || len(p) != 0 {
		t.Errorf("empty Buffer = %v", p)
	}
	if v := r.Int(); v != -1 {
		t.Errorf("Int = %d", v)
	}
	if v := r.Long(); v != math.MinInt64 {
		t.Errorf("Long = %d", v)
	}
	if !r.Bool() {
		t.Error("Bool = false")
	}
	if v := r.Strings(); v != nil {
		t.Errorf("null Strings = %v", v)
	}
	if v := r.Strings(); len(v) != 1 || v[0] != "x" {
		t.Errorf("Strings = %v", v)
	}
	if v := r.Double(); v != 1 {
		t.Errorf("Double = %v", v)
	}
	if _, ok := r.NullString(); ok {
		t.Error("NullString of null says ok")
	}
	if err := r.Done(); err != nil {
		t.Error(err)
	}
}

func TestReader_MalformedInput(t *testing.T) {
	for name, c := range map[string]struct {
		hex  string
		read func(*Reader)
	}{
		"short int":             {"0000", func(r *Reader) { r.Int() }},
		"negative length":       {"fffffffe", func(r *Reader) { r.Buffer() }},
		"buffer past the end":   {"0000000561", func(r *Reader) { r.Buffer() }},
		"string past the end":   {"7fffffff61", func(r *Reader) { _ = r.String() }},
		"vector past the end":   {"7fffffff00000000", func(r *Reader) { r.Strings() }},
		"left over":             {"0000000001", func(r *Reader) { r.Int() }},
		"empty and wants a bit": {"", func(r *Reader) { r.Bool() }},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(b)
		c.read(r)
		if err := r.Done(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error = %v", name, err)
		}
		if r.Int() != 0 || r.Buffer() != nil {
			t.Errorf("%s: a failed Reader returned a value", name)
		}
	}
}

// The first int of the fuzzed bytes picks the sequence of fields to read.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, '/', 'a', 0xff, 0xff, 0xff, 0xff}, uint32(0x12))
	f.Fuzz(func(t *testing.T, b []byte, fields uint32) {
		r := NewReader(b)
		var out []byte
		for ; fields != 0; fields >>= 3 {
			switch fields & 7 {
			case 1:
				out = AppendInt(out, r.Int())
			case 2:
				out = AppendBuffer(out, r.Buffer())
			case 3:
				out = AppendLong(out, r.Long())
			case 4:
				if s, ok := r.NullString(); ok {
					out = AppendString(out, s)
				} else {
					out = AppendNullString(out)
				}
			case 5:
				out = AppendStrings(out, r.Strings())
			}
			if r.Err() != nil {
				return
			}
		}
		if nullsInStrings := !bytes.Equal(out, b[:r.Offset()]); nullsInStrings {
			// Null strings inside a vector read as empty ones: the only loss.
			r2 := NewReader(out)
			if len(out) != r.Offset() {
				t.Fatalf("wrote %d bytes for %d read: %x", len(out), r.Offset(), r2.b)
			}
		}
	})
}
