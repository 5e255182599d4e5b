package scripts

import (
	"os/exec"
	"testing"
)

func TestSystemdUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd here")
	}
	// What it says of a unit is advice that systemd would log, so nothing must be said.
	out, err := exec.CommandContext(t.Context(), analyze, "verify", abs(t, "systemd/zookeeper.service")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
