package zkcli

import (
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	for _, tt := range []struct {
		args  string
		want  Options // but the words
		words string
		err   string
	}{
		{"", Options{Server: "localhost:2181", Timeout: "30000"}, "", ""},
		{"-server a:1,b:2/c -timeout 9 -r -waitforconnection -client-configuration f",
			Options{Server: "a:1,b:2/c", Timeout: "9", ReadOnly: true, Wait: true, Properties: "f"}, "", ""},
		{"-server", Options{Server: "localhost:2181", Timeout: "30000"}, "", "Error: no argument found for option -server\n"},
		{"-timeout -r ls -s /", Options{Server: "localhost:2181", Timeout: "-r"}, "ls -s /", ""},
		{"--x -y - get -server b", Options{Server: "localhost:2181", Timeout: "30000"}, "get -server b", ""},
	} {
		var stderr strings.Builder
		got := ParseOptions(strings.Fields(tt.args), &stderr)
		var words []string
		for _, w := range got.Words {
			words = append(words, w.Text)
		}
		got.Words = nil
		if got.Server != tt.want.Server || got.Timeout != tt.want.Timeout || got.ReadOnly != tt.want.ReadOnly ||
			got.Wait != tt.want.Wait || got.Properties != tt.want.Properties {
			t.Errorf("%q: %+v, want %+v", tt.args, got, tt.want)
		}
		if text := strings.Join(words, " "); text != tt.words {
			t.Errorf("%q: words %q, want %q", tt.args, text, tt.words)
		}
		if stderr.String() != tt.err {
			t.Errorf("%q: stderr %q", tt.args, stderr.String())
		}
	}
}
