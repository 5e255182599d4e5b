package properties

import (
	"fmt"
	"slices"
	"testing"
)

// propertyCases follow java.util.Properties.load.
var propertyCases = []struct {
	name, text string
	want       []string // key=value@line
}{
	{"empty", "", nil},
	{"three separators", "a=1\nb:2\nc 3\n", []string{"a=1@1", "b=2@2", "c=3@3"}},
	{"blanks around", "  a \t=\f 1 \n\tb  :  2", []string{"a=1@1", "b=2@2"}},
	{"a second separator is value", "a==1\nb := 2\nc 3=4", []string{"a==1@1", "b== 2@2", "c=3=4@3"}},
	{"comments", "# a=1\n ! b=2\nc=3 # not one\n#d \\\ne=5", []string{"c=3 # not one@3", "e=5@5"}},
	{"no value", "a\nb=\nc:", []string{"a=@1", "b=@2", "c=@3"}},
	{"line ends", "a=1\rb=2\r\nc=3\n\n\rd=4", []string{"a=1@1", "b=2@2", "c=3@3", "d=4@6"}},
	{"continuation", "a=1,\\\n   2,\\\r\n\t3\nb=2", []string{"a=1,2,3@1", "b=2@4"}},
	{"continued into a comment sign", "a=1\\\n#2", []string{"a=1#2@1"}},
	{"continued into a blank line", "a=1\\\n\nb=2", []string{"a=1@1", "b=2@3"}},
	{"two backslashes do not continue", "a=1\\\\\nb=2", []string{"a=1\\@1", "b=2@2"}},
	{"backslash at the end of the file", "a=1\\", []string{"a=1@1"}},
	{"escapes in keys", `a\=b\:c\ d=1`, []string{"a=b:c d=1@1"}},
	{"escapes in values", `a=C:\\zk\u0041\q\t.`, []string{"a=C:\\zkAq\t.@1"}},
	{"surrogates", `a=\ud83d\ude00`, []string{"a=😀@1"}},
	{"the last one counts later", "a=1\na=2", []string{"a=1@1", "a=2@2"}},
}

func TestProperties(t *testing.T) {
	for _, tt := range propertyCases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if flat := flatten(got); !slices.Equal(flat, tt.want) {
				t.Errorf("%q\n  got  %q\n  want %q", tt.text, flat, tt.want)
			}
		})
	}
}

func flatten(entries []Entry) []string {
	var flat []string
	for _, e := range entries {
		flat = append(flat, fmt.Sprintf("%s=%s@%d", e.Key, e.Value, e.Line))
	}
	return flat
}

func TestProperties_BadEscape(t *testing.T) {
	for text, want := range map[string]string{
		"\n a=\\u12": "line 2: a: \\u is not followed by four hexadecimal digits",
		"\\uzzzz=1":  "line 1: \\u is not followed by four hexadecimal digits",
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestProperties_Encoding(t *testing.T) {
	for _, text := range []string{"a=/data/\xe9t\xe9", "a=/data/été", "\ufeffa=/data/été"} {
		got, err := Parse(text)
		if err != nil || len(got) != 1 || got[0].Key != "a" || got[0].Value != "/data/été" {
			t.Errorf("%q: %q, %v", text, flatten(got), err)
		}
	}
}

func FuzzProperties(f *testing.F) {
	for _, tt := range propertyCases {
		f.Add(tt.text)
	}
	f.Add("a=\\u12")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := Parse(text)
		if err != nil {
			return
		}
		line, size := 0, 0
		for _, e := range entries {
			if e.Line <= line || e.Line > len(naturalLines(text)) {
				t.Fatalf("entries out of their lines: %v", flatten(entries))
			}
			line, size = e.Line, size+len(e.Key)+len(e.Value)
		}
		if size > 2*len(text) { // ISO-8859-1 doubles a byte at most
			t.Fatalf("%d bytes of entries out of %d", size, len(text))
		}
	})
}
