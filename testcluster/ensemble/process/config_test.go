package process

import (
	"testing"
)

// TestWithLines: what is known is replaced, servers that are gone go, and all else stays.
func TestWithLines(t *testing.T) {
	const old = "# server.9=a comment\ntickTime=5\n server.1 = old\nserver.2=same\nserver.3=gone\ndataDir: old\nmaxClientCnxns=7"
	const want = "# server.9=a comment\ntickTime=5\nserver.1=one\nserver.2=two\ndataDir=here\nmaxClientCnxns=7\nserver.4=four\n"
	got := withLines(old, [][2]string{{"dataDir", "here"}, {"server.1", "one"}, {"server.2", "two"}, {"server.4", "four"}})
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
