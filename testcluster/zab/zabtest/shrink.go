package zabtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Shrink makes a failing trace smaller while it still fails: whole stretches of lines first, then single ones, and
// then the times between them. It stops after so many attempts.
func Shrink(lines []string, make NewMachine, attempts int) []string {
	fails := func(l []string) bool {
		if attempts <= 0 {
			return false
		}
		attempts--
		w, err := Run(l, make)
		return w != nil && err != nil
	}
	for again := true; again && attempts > 0; {
		again = false
		for size := len(lines) / 2; size > 0; size /= 2 {
			for at := 1; at+size <= len(lines); {
				if less := slices.Delete(slices.Clone(lines), at, at+size); fails(less) {
					lines, again = less, true
				} else {
					at += size
				}
			}
		}
		lines = joined(lines)
	}
	return shorter(lines, fails)
}

// joined makes one wait of two.
func joined(lines []string) []string {
	var out []string
	for _, line := range lines {
		if n := len(out) - 1; n >= 0 {
			a, ok := waits(out[n])
			b, ok2 := waits(line)
			if ok && ok2 {
				out[n] = fmt.Sprintf("run %v", a+b)
				continue
			}
		}
		out = append(out, line)
	}
	return out
}

// shorter tries round times and short ones.
func shorter(lines []string, fails func([]string) bool) []string {
	for i, line := range lines {
		d, ok := waits(line)
		if !ok {
			continue
		}
		for _, unit := range []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond} {
			try := slices.Clone(lines)
			try[i] = fmt.Sprintf("run %v", d.Round(unit))
			if d.Round(unit) > 0 && d.Round(unit) != d && fails(try) {
				lines = try
				break
			}
		}
	}
	return lines
}

func waits(line string) (time.Duration, bool) {
	text, ok := strings.CutPrefix(line, "run ")
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}
