package main

import (
	"fmt"
	"testing"
)

// TestQuiet: memory is given back once after each burst, when two checks on end saw next to nothing taken.
func TestQuiet(t *testing.T) {
	const mb = 1 << 20
	var q quiet
	total, got := uint64(0), ""
	for _, taken := range []uint64{9, 9, 0, 0, 0, 0, 9, 0, 0, 30, 0, 9, 0, 0, 0} {
		total += taken * mb
		free := q.step(total)
		if free {
			q.freed(total)
		}
		got += fmt.Sprint(taken, map[bool]string{true: "! ", false: " "}[free])
	}
	if want := "9 9 0 0! 0 0 9 0 0 30 0 9 0 0! 0 "; got != want {
		t.Fatalf("given back at ! of\n%s, not of\n%s", got, want)
	}
}
