package kafkacmd

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

func TestLines(t *testing.T) {
	const null = "-"
	for _, c := range []struct {
		lines Lines
		line  string
		want  kmodel.Record
		err   string
	}{
		{Lines{}, "a:b", kmodel.Record{Value: []byte("a:b")}, ""},
		{Lines{}, "", kmodel.Record{Value: []byte{}}, ""},
		{Lines{EmptyIsNull: true}, "", kmodel.Record{}, ""},
		{Lines{KeyEnd: ":"}, "a:b:c", kmodel.Record{Key: []byte("a"), Value: []byte("b:c")}, ""},
		{Lines{KeyEnd: "::"}, "::", kmodel.Record{Key: []byte{}, Value: []byte{}}, ""},
		{Lines{KeyEnd: ":"}, "a", kmodel.Record{}, "no key separator in it"},
		{Lines{KeyEnd: ":", Lenient: true}, "a", kmodel.Record{Value: []byte("a")}, ""},
		{Lines{KeyEnd: ":", Null: null, HasNull: true}, "-:-", kmodel.Record{}, ""},
		{Lines{Null: "", HasNull: true}, "", kmodel.Record{}, ""},
		{
			Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":", KeyEnd: "\t"}, "a:1,a:,b:x:y\tk\tv",
			kmodel.Record{Key: []byte("k"), Value: []byte("v"), Headers: []kmodel.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "b", Value: []byte("x:y")}}}, "",
		},
		{Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":"}, "a\tv", kmodel.Record{}, `no ":" in the header "a"`},
		{Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":"}, "v", kmodel.Record{}, "no end of the headers in it"},
		{
			Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":", Null: null, HasNull: true}, "a:-\tv",
			kmodel.Record{Value: []byte("v"), Headers: []kmodel.Header{{Key: "a"}}}, "",
		},
		{Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":", Null: null, HasNull: true}, "-\tv", kmodel.Record{Value: []byte("v")}, ""},
		{Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":", Null: null, HasNull: true}, "-:x\tv", kmodel.Record{}, "the name of the header"},
		{
			Lines{HeadersEnd: "\t", HeaderEnd: ",", HeaderIs: ":", Lenient: true}, "a\tv",
			kmodel.Record{Value: []byte("v"), Headers: []kmodel.Header{{Key: "a"}}}, "",
		},
	} {
		var got kmodel.Record
		err := c.lines.Parse([]byte(c.line), &got)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: %q: %v, want %q", c.lines, c.line, err, c.err)
			}
		case err != nil, !reflect.DeepEqual(got, c.want):
			t.Errorf("%+v: %q: %+v, %v", c.lines, c.line, got, err)
		}
	}
}

// A line is the same however the input comes in pieces, and stays what it was when others are read.
func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 3*blockSize)
	text := "one\n\ntwo\r\n" + long + "\nlast"
	want := []string{"one", "", "two\r", long, "last"}
	for name, src := range map[string]io.Reader{
		"whole":        strings.NewReader(text),
		"halves":       iotest.HalfReader(strings.NewReader(text)),
		"bytes":        iotest.OneByteReader(strings.NewReader(text)),
		"data and EOF": iotest.DataErrReader(strings.NewReader(text)),
	} {
		l := NewLineReader(src)
		var got [][]byte
		for {
			line, err := l.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
			got = append(got, line)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d lines, want %d", name, len(got), len(want))
		}
		for i := range got {
			if string(got[i]) != want[i] {
				t.Errorf("%s: line %d is %.40q of %d bytes", name, i+1, got[i], len(got[i]))
			}
		}
	}
	broken := errors.New("broken")
	l := NewLineReader(io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(broken)))
	if line, err := l.Next(); err != nil || string(line) != "one" {
		t.Errorf("%q, %v", line, err)
	}
	if line, err := l.Next(); err != broken {
		t.Errorf("%q, %v: half a line is no record", line, err)
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{`\t`: "\t", `a\\b`: `a\b`, `\x00\x7F`: "\x00\x7f", "plain": "plain", `\0\n\r`: "\x00\n\r"} {
		if got, err := unescape(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`\`, `\q`, `\x`, `\x1`, `\xzz`} {
		if got, err := unescape(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func sameBytes(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// FuzzRecordJSON: what is written of a record is read as the same.
func FuzzRecordJSON(f *testing.F) {
	f.Add([]byte("k"), []byte("v"), "h", []byte("x"), true, int64(5))
	f.Add([]byte{0xff}, []byte{}, "\xff\"", []byte{0xc3, 0x28}, false, int64(-1))
	f.Fuzz(func(t *testing.T, key, value []byte, name string, header []byte, nulls bool, ms int64) {
		in := kmodel.Record{Topic: "t", Partition: 3, Offset: 4, Timestamp: max(ms, -1), Key: key, Value: value,
			Headers: []kmodel.Header{{Key: name, Value: header}, {Key: name}}}
		if nulls {
			in.Key = nil
		}
		text := AppendRecordJSON(nil, &in)
		if bytes.ContainsAny(text, "\n\r") {
			t.Fatalf("more than a line: %q", text)
		}
		var out kmodel.Record
		if err := ParseRecordJSON(text, &out); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out.Topic, out.Offset = in.Topic, in.Offset
		for _, r := range []*kmodel.Record{&in, &out} { // nil for empty is told apart below
			if r.Key != nil && len(r.Key) == 0 {
				r.Key = []byte{}
			}
			if r.Value != nil && len(r.Value) == 0 {
				r.Value = []byte{}
			}
			for i := range r.Headers {
				if r.Headers[i].Value != nil && len(r.Headers[i].Value) == 0 {
					r.Headers[i].Value = []byte{}
				}
			}
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%s: read as %+v, was %+v", text, out, in)
		}
	})
}

// TestParseRecordJSON_Refused: what is no record is told in words for people, and is never the end of the input.
func TestParseRecordJSON_Refused(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "the line is empty",
		" \t\r":             "the line is empty",
		"null":              "it is a JSON null, no object",
		`"x"`:               "it is a JSON string, no object",
		"[]":                "it is a JSON array, no object",
		`{"value":1}`:       "value cannot be a JSON number",
		`{"partition":"1"}`: "partition cannot be a JSON string",
		`{"value":"a"}}`:    "something follows the object",
		`{"value":"a"} {}`:  "something follows the object",
		`{"value":"a"`:      "unexpected EOF",
		`{"vaule":"a"}`:     `json: unknown field "vaule"`,
	} {
		err := ParseRecordJSON([]byte(text), new(kmodel.Record))
		if err == nil || err.Error() != "not a record in JSON: "+want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("%q: taken for the end of the input", text)
		}
	}
}

// FuzzParseRecordJSON: what is no record is an error, not a crash, and the quick way reads what the general one does.
func FuzzParseRecordJSON(f *testing.F) {
	for _, text := range []string{
		`{"topic":"t","partition":-1,"offset":7,"timestamp":1700000000000,"timestamp_type":"create","key":null,"value":"a\"\\\n","headers":[]}`,
		`{"value":"\u00e9"}`, `{"value":"a","value":null}`, `{"partition":2147483648}`, `{"timestamp":9223372036854775808}`, `{"timestamp":01}`, `{"partition":-0}`,
		`{,}`, `{"key":"a",}`, `{"value":"\x"}`, "{\"value\":\"\t\"}", ` {"value":"a"}`, `{}`, `null`, `{"headers":[[]]}`, `{"headers":[["a",null,"base64"]]}`, `{"key":"a","key_base64":"YQ=="}`, `{"value":1}`, `{} {}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var quick, general kmodel.Record
		if !utf8.Valid(text) || !scanRecordJSON(text, &quick) {
			_ = ParseRecordJSON(text, &quick)
			return
		}
		err := parseRecordJSON(text, &general)
		if err != nil || len(general.Headers) > 0 || !sameBytes(quick.Key, general.Key) || !sameBytes(quick.Value, general.Value) || quick.Partition != general.Partition || quick.Timestamp != general.Timestamp {
			t.Fatalf("%s: quickly %+v, in general %+v, %v", text, quick, general, err)
		}
	})
}
