package tty_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestCtrlZ_UnderAShellWithJobControl(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	self, err := os.Executable()
	check(t, err)
	h := launch(t, withEnv("PS1=$ ", "SELF="+self, "HISTFILE="), func(h *host) {
		h.cmd.Path, h.cmd.Args = bash, []string{"bash", "--norc", "--noprofile", "-i"}
	})
	last := func(want string) func([]string) bool {
		return func(r []string) bool { return r[len(r)-1] == want }
	}
	h.waitScreen("bash", last("$"))
	h.typed("\"$SELF\"\r")
	h.waitScreen("the prompt", last("z 0>"))
	h.typed("echo half")
	h.waitScreen("the line", last("z 0> echo half"))
	h.typed("\x1a")
	h.waitScreen("bash again", func(r []string) bool {
		return strings.Contains(strings.Join(r, "\n"), "Stopped") && r[len(r)-1] == "$"
	})
	h.typed("fg\r")
	h.waitScreen("the line again", last("z 0> echo half"))
	h.typed("\r")
	h.waitRan("echo half")
}
