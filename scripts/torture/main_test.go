package main

import (
	"slices"
	"strings"
	"testing"
)

// TestCheck: names of faults may have blanks around them, and must be names of faults.
func TestCheck(t *testing.T) {
	o := options{faults: "kill, pause leader ,bridge"}
	if err := o.check(nil); err != nil || !slices.Equal(o.only, []string{"kill", "pause leader", "bridge"}) {
		t.Errorf("%q, %v", o.only, err)
	}
	for _, faults := range []string{"kil", "kill,", "kill pause"} {
		o := options{faults: faults}
		if err := o.check(nil); err == nil || !strings.Contains(err.Error(), "there are bridge, ") {
			t.Errorf("-faults %q: %v", faults, err)
		}
	}
	if err := (&options{}).check([]string{"kill"}); err == nil {
		t.Error("a stray argument is taken")
	}
}
