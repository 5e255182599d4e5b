package zabtest

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestSimulate runs the seeds that are always run, and some that nobody has seen yet.
func TestSimulate(t *testing.T) {
	fixed, fresh := 40, 15
	if testing.Short() {
		fixed, fresh = 10, 2
	}
	var total Stats
	for _, voters := range []int{1, 3, 5} {
		for seed := 1; seed <= fixed; seed++ {
			simulate(t, seed, voters, &total)
		}
	}
	start := rand.IntN(1 << 30)
	t.Logf("fresh seeds from %d", start)
	for seed := start; seed < start+fresh; seed++ {
		simulate(t, seed, 3, &total)
		simulate(t, seed, 5, &total)
	}
	t.Log(total)
	for what, n := range map[string]int{"transactions": total.Committed, "leaders": total.Leaders, "confirmed reads": total.Confirmed,
		"crashes": total.Crashes, "DIFF": total.Diff, "TRUNC": total.Trunc, "SNAP": total.Snap, "log": total.Log} {
		if n == 0 && !testing.Short() {
			t.Errorf("the seeds have seen no %s", what)
		}
	}
}

func simulate(t *testing.T, seed, voters int, total *Stats) {
	t.Helper()
	lines := Plan(seed, voters)
	w, err := Run(lines, NewCore)
	if w != nil {
		total.Add(w.Stats())
	}
	if err == nil {
		return
	}
	small := Shrink(lines, NewCore, 300)
	t.Fatalf("seed %d with %d voters: %v\n\nThe trace made smaller:\n%s\n\nWhat happens in it:\n%s", seed, voters, err,
		strings.Join(small, "\n"), strings.Join(Explain(small, NewCore, 120), "\n"))
}

// TestRun_SameTwice: a trace is all there is to a world.
func TestRun_SameTwice(t *testing.T) {
	for seed := 100; seed < 103; seed++ {
		lines := Plan(seed, 3)
		a, b := Explain(lines, NewCore, 1<<30), Explain(lines, NewCore, 1<<30)
		if strings.Join(a, "\n") != strings.Join(b, "\n") {
			t.Fatalf("seed %d went two ways", seed)
		}
		if len(a) < 100 {
			t.Fatalf("seed %d: only %d things have happened", seed, len(a))
		}
	}
}

// TestDo_NotUnderstood: a word that is wrong is an error, and no trace that quietly does something else.
func TestDo_NotUnderstood(t *testing.T) {
	for _, line := range []string{"start 4", "start leader2", "run", "run -1s", "run 1000h", "cut 1", "cut 1=1", "cut 1=9",
		"write 1", "write x 1", "sync s1", "crash 1 after x", "disk 1 stop", "disk 1", "show everything", "jump 1",
		"log 1 x", "log 1 2..1", "break 1=4"} {
		if _, err := Run([]string{"ensemble voters=3", line}, NewCore); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
	for _, line := range []string{"start 1", "ensemble voters=0", "ensemble voters=16", "ensemble servers=3", "ensemble voters=x"} {
		if _, err := Run([]string{line}, NewCore); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}

// TestShrink: what does not matter goes.
func TestShrink(t *testing.T) {
	lines := Plan(7, 3)
	broken := mutant(func(m *mistake) { m.early = everything })
	var small []string
	for seed := 1; small == nil && seed < 200; seed++ {
		lines = Plan(seed, 3)
		if _, err := Run(lines, broken); err != nil {
			small = Shrink(lines, broken, 400)
		}
	}
	if small == nil {
		t.Fatal("nothing has failed")
	}
	var v *Violation
	if _, err := Run(small, broken); !errors.As(err, &v) {
		t.Fatalf("the smaller trace ends with %v", err)
	}
	if len(small) > len(lines)/2 {
		t.Errorf("of %d lines there are %d left", len(lines), len(small))
	}
}

func BenchmarkRun(b *testing.B) {
	start, seeds := time.Now(), 0
	for b.Loop() {
		seeds++
		if _, err := Run(Plan(seeds, 3), NewCore); err != nil {
			b.Fatalf("seed %d: %v", seeds, err)
		}
	}
	b.ReportMetric(float64(seeds)/time.Since(start).Seconds(), "seeds/s")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
