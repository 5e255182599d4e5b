package zkcli_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/shell/compat/zkcli"
)

// asZoka runs the binary under its own name.
func asZoka(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built(t))
	cmd.Args = append([]string{"zoka"}, args...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("zoka %s: %v", args, err)
	}
	return string(out)
}

// TestMode: the first word chooses what the program's name does, too, and help tells how it differs.
func TestMode(t *testing.T) {
	server := zokaServer(t)
	for _, name := range []string{"zkCli", "zkCli.sh"} {
		out := asZoka(t, name, "-server", server, "ls", "/")
		want := "Connecting to " + server + "\n\nWATCHER::\n\n" + connected + "\n[zookeeper]\n"
		diff(t, "zoka "+name, out, want)
	}
	help := asZoka(t, "help", "zkCli")
	for _, d := range zkcli.Differences {
		for _, text := range []string{d.What, d.Apache, d.Zoka, d.Why} {
			if !strings.Contains(help, text) {
				t.Errorf("zoka help zkCli does not have %q", text)
			}
		}
	}
}
