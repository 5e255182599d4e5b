package scripts

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestSystemdUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd here")
	}
	units, err := filepath.Glob("systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("no units: %v", err)
	}
	// What it says of a unit is advice that systemd would log, so nothing must be said.
	for _, unit := range units {
		out, err := exec.CommandContext(t.Context(), analyze, "verify", abs(t, unit)).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze verify %s: %v\n%s", unit, err, out)
		}
	}
}
