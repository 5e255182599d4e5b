package theme

import (
	"strings"
	"testing"

	"github.com/fatih/color"
)

func TestFor(t *testing.T) {
	for _, tt := range []struct {
		terminal bool
		env      string // NAME=value NAME=value
		colored  bool
	}{
		{true, "", true},
		{false, "", false},
		{true, "TERM=xterm", true},
		{true, "TERM=dumb", false},
		{true, "NO_COLOR=1", false},
		{true, "NO_COLOR=0", false},
		{true, "NO_COLOR=", true},
		{false, "CLICOLOR_FORCE=1", true},
		{true, "CLICOLOR_FORCE=1 TERM=dumb", true},
		{false, "CLICOLOR_FORCE=0", false},
		{true, "CLICOLOR_FORCE=1 NO_COLOR=1", false},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		got := For(tt.terminal, func(name string) string { return env[name] }).Paint(Error, "x")
		if colored := got != "x"; colored != tt.colored {
			t.Errorf("terminal %v, %q: painted %q", tt.terminal, tt.env, got)
		}
	}
}

// The process's own state decides nothing: under go test standard output is no terminal, and both of the
// library's switches are set against us.
func TestPaint(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	color.NoColor = true
	colored := Color()
	if got, want := colored.Paint(Error, "x"), "\x1b[31mx\x1b[0m"; got != want {
		t.Errorf("Paint(Error) = %q, want %q", got, want)
	}
	color.NoColor = false
	for r := None; r <= roles; r++ {
		if got := Plain().Paint(r, "x"); got != "x" {
			t.Errorf("Plain: role %d is painted %q", r, got)
		}
		if got := colored.Paint(r, ""); got != "" {
			t.Errorf("role %d paints nothing as %q", r, got)
		}
		got := colored.Paint(r, "x")
		if unpainted := r == None || r == Value || r == roles; (got == "x") != unpainted {
			t.Errorf("role %d is painted %q", r, got)
		}
	}
}
