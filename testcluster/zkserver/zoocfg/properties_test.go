package zoocfg

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
			got, err := parseProperties("f", tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if flat := flatten(got); !slices.Equal(flat, tt.want) {
				t.Errorf("%q\n  got  %q\n  want %q", tt.text, flat, tt.want)
			}
		})
	}
}

func flatten(entries []entry) []string {
	var flat []string
	for _, e := range entries {
		flat = append(flat, fmt.Sprintf("%s=%s@%d", e.key, e.value, e.origin.Line))
	}
	return flat
}

func TestProperties_BadEscape(t *testing.T) {
	for text, want := range map[string]string{
		"\n a=\\u12": "f:2: a: \\u is not followed by four hexadecimal digits",
		"\\uzzzz=1":  "f:1: \\u is not followed by four hexadecimal digits",
	} {
		if _, err := parseProperties("f", text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestProperties_Encoding(t *testing.T) {
	for _, text := range []string{"a=/data/\xe9t\xe9", "a=/data/été", "\ufeffa=/data/été"} {
		got, err := parseProperties("f", text)
		if err != nil || len(got) != 1 || got[0].key != "a" || got[0].value != "/data/été" {
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
		entries, err := parseProperties("f", text)
		if err != nil {
			return
		}
		line, size := 0, 0
		for _, e := range entries {
			if e.origin.Line <= line || e.origin.Line > len(naturalLines(text)) {
				t.Fatalf("entries out of their lines: %v", flatten(entries))
			}
			line, size = e.origin.Line, size+len(e.key)+len(e.value)
		}
		if size > 2*len(text) { // ISO-8859-1 doubles a byte at most
			t.Fatalf("%d bytes of entries out of %d", size, len(text))
		}
	})
}

// FuzzParse: no text makes the reader of a whole configuration panic, and one that it takes is complete.
func FuzzParse(f *testing.F) {
	f.Add("dataDir=/nowhere\nclientPort=2181\n")
	f.Add("dataDir=/nowhere\nserver.1=[::1]:2888:3888:observer|h:1:2;[::1]:2181\ngroup.1=1:2\nweight.1=2")
	f.Add("dataDir=/nowhere\nclientPort=2181\nadmin.commandURL=/\nsnapshot.compression.method=gz\n4lw.commands.whitelist=*, ,a")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, _, err := Parse("/nowhere/zoo.cfg", text, nil)
		if err == nil && (cfg.DataDir == "" || cfg.Client.Port == 0 || cfg.TickTime <= 0) {
			t.Fatalf("incomplete: %+v", cfg)
		}
	})
}
