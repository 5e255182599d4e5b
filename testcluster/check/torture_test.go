package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/check/history"
	"github.com/zoka-project/zoka/testcluster/check/torture"
)

// tortureTime is how long ensembles are broken: ZOKA_TORTURE_SECONDS, else a few seconds.
func tortureTime(t *testing.T) time.Duration {
	if s := os.Getenv("ZOKA_TORTURE_SECONDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("ZOKA_TORTURE_SECONDS: %v", err)
		}
		return time.Duration(n) * time.Second
	}
	if testing.Short() {
		return 4 * time.Second
	}
	return 8 * time.Second
}

// tortureSeed is ZOKA_TORTURE_SEED, or a new one.
func tortureSeed(t *testing.T) uint64 {
	s := os.Getenv("ZOKA_TORTURE_SEED")
	if s == "" {
		return uint64(rand.Uint32())
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("ZOKA_TORTURE_SEED: %v", err)
	}
	return n
}

// keepIn is where the files of a run with problems stay.
func keepIn() string { return filepath.Join(os.TempDir(), "zoka-torture") }

// torment runs an ensemble. The schedule is shown when the test fails.
func torment(t *testing.T, c torture.Config) *torture.Report {
	t.Helper()
	var schedule strings.Builder
	c.Binary, c.Dir, c.Log = testbin.Zoka(t), t.TempDir(), &schedule
	report, err := torture.Run(t.Context(), c)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d, %d nodes:\n%s", c.Seed, c.Nodes, schedule.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d: %v", c.Seed, report)
	return report
}

// Ensembles of three and of five are broken in every way, under clients that write, read, watch and leave; what these
// were told is right, and no node has lost anything.
func TestTorture(t *testing.T) {
	t.Parallel()
	total := tormentAll(t, torture.Config{Foreign: dialForeign})
	if total.Injections() == 0 || total.Znodes == 0 || total.Sessions == 0 || total.Events == 0 || total.Undecided > total.Znodes/100 {
		t.Errorf("nothing was put to the test: %v", total)
	}
}

// The same with brokers, under producers and a group of consumers: no acknowledged record is lost, moved, out of order or
// there twice, the group has had them all, and replicas have the same bytes.
func TestTorture_Kafka(t *testing.T) {
	t.Parallel()
	total := tormentAll(t, torture.Config{Kafka: true})
	if total.Injections() == 0 || total.Records == 0 || total.Given < total.Records || total.Committed < total.Records || total.Unsure > total.Sent/2 {
		t.Errorf("nothing was put to the test: %v", total)
	}
}

// tormentAll breaks ensembles of three and of five in turn, until the time is over.
func tormentAll(t *testing.T, c torture.Config) *torture.Report {
	t.Helper()
	length := tortureTime(t)
	seed := tortureSeed(t)
	const round = 30 * time.Second
	total := &torture.Report{}
	for i := 0; length > 0; i++ {
		c.Nodes, c.Seed, c.Length, c.Keep = 3+i%2*2, seed+uint64(i), min(round, length), keepIn()
		length -= c.Length
		report := torment(t, c)
		total.Add(report)
		if len(report.Problems) > 0 {
			t.Fatal(report.Tell())
		}
	}
	return total
}

// mentions demands a problem with these words.
func mentions(t *testing.T, r *torture.Report, words string) {
	t.Helper()
	for _, p := range r.Problems {
		if strings.Contains(p, words) {
			return
		}
	}
	t.Errorf("nothing was found that says %q:\n%s", words, r.Tell())
}

// Reads without a sync may be stale, and a checker that takes them for more must see it.
func TestTorture_SeesStaleReads(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 1, Length: 4 * time.Second, Reads: history.AllReads, Faults: []string{"pause"}})
	mentions(t, r, "a znode's history is not linearizable")
}

// A majority whose disks are emptied has lost what was acknowledged.
func TestTorture_SeesLossOfFolders(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 2, Length: 2 * time.Second, Faults: []string{},
		Ruin: func(ctx context.Context, u *torture.Ruins) error {
			if err := u.Down(ctx); err != nil {
				return err
			}
			for _, id := range []int{1, 2} {
				if err := os.RemoveAll(filepath.Join(u.DataDir(id), "version-2")); err != nil {
					return err
				}
			}
			return u.UpInTurn(ctx, 1, 2, 3) // the third, which has all, comes too late to be elected
		},
	})
	mentions(t, r, "an acknowledged write is lost")
}

// Servers that do not sync lose in a power cut what they have acknowledged.
func TestTorture_SeesLossOfWhatWasNotSynced(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 3, Length: 2 * time.Second, Faults: []string{},
		Settings: []string{"forceSync=no", "snapCount=1000000"},
		Ruin: func(ctx context.Context, u *torture.Ruins) error {
			if err := u.Down(ctx); err != nil {
				return err
			}
			if lost, err := u.LoseUnsynced(1, 2, 3); err != nil || lost == 0 {
				return fmt.Errorf("%d bytes of the logs were cut: %w", lost, err)
			}
			return u.UpInTurn(ctx, 1, 2, 3)
		},
	})
	mentions(t, r, "an acknowledged write is lost")
}

// Who finds nothing after the same steps without the damage does not find it by accident.
func TestTorture_SeesNothingWhereNothingIsWrong(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 4, Length: 2 * time.Second, Faults: []string{},
		Ruin: func(ctx context.Context, u *torture.Ruins) error {
			if err := u.Down(ctx); err != nil {
				return err
			}
			return u.UpInTurn(ctx, 3, 2, 1)
		},
	})
	if len(r.Problems) > 0 {
		t.Error(r.Tell())
	}
}

// All replicas lose the last batches of their logs: these were acknowledged.
func TestTorture_SeesLossOfRecords(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 5, Length: 2 * time.Second, Faults: []string{}, Kafka: true,
		Ruin: func(ctx context.Context, u *torture.Ruins) error {
			if err := u.Down(ctx); err != nil {
				return err
			}
			if lost, err := u.LoseRecords(1, 2, 3); err != nil || lost == 0 {
				return fmt.Errorf("%d batches were cut: %w", lost, err)
			}
			return u.UpInTurn(ctx, 1, 2, 3)
		},
	})
	mentions(t, r, "an acknowledged record is lost")
}

// Without the damage nothing is found in the same steps.
func TestTorture_SeesNoLossOfRecords(t *testing.T) {
	t.Parallel()
	r := torment(t, torture.Config{Nodes: 3, Seed: 6, Length: 2 * time.Second, Faults: []string{}, Kafka: true,
		Ruin: func(ctx context.Context, u *torture.Ruins) error {
			if err := u.Down(ctx); err != nil {
				return err
			}
			return u.UpInTurn(ctx, 3, 2, 1)
		},
	})
	if len(r.Problems) > 0 {
		t.Error(r.Tell())
	}
}
