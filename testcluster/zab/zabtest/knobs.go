package zabtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// Knobs are all that differs between one world and another before anything happens. Times of the core are in ticks
// of 10 ms, those of network and disk in microseconds.
type Knobs struct {
	Voters, Observers int
	Seed              int

	TickTime, InitLimit, SyncLimit      int
	FinalizeWait, NotifyMin, NotifyMax  int
	RetryWait                           int
	CommitLogCount, CommitLogBytes      int
	ForceSnapshot, NoLogSync, DearProbe int
	EpochSize                           int

	// A packet or notification takes NetMin to NetMax, one in a thousand NetSpike times ten times as much; so do disks.
	NetMin, NetMax, NetSpike    int
	DiskMin, DiskMax, DiskSpike int
	// Servers' ticks are up to so many percent slower or faster than they should be.
	Skew int
}

// DefaultKnobs are those of a trace that names no others: nothing is left to chance.
func DefaultKnobs() Knobs {
	return Knobs{Voters: 3, TickTime: 20, InitLimit: 10, SyncLimit: 5, FinalizeWait: 20, NotifyMin: 20, NotifyMax: 200,
		RetryWait: 10, CommitLogCount: 500, CommitLogBytes: 1 << 20, NetMin: 1000, NetMax: 1000, DiskMin: 2000, DiskMax: 2000}
}

// randomKnobs are those of a seed. Many are far from what anybody would configure: rare paths become common ones.
func randomKnobs(rng *rand.Rand, voters int) Knobs {
	k := DefaultKnobs()
	k.Voters = voters
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	k.Observers = pick(0, 0, 1, 1, 2)
	k.InitLimit, k.SyncLimit = pick(5, 10), pick(2, 3, 5)
	k.FinalizeWait = pick(0, 5, 20)
	k.NotifyMax = pick(40, 200, 400)
	k.RetryWait = pick(2, 10)
	k.CommitLogCount = pick(1, 3, 10, 100, 500)
	k.CommitLogBytes = pick(60, 400, 1<<20, 1<<20)
	k.ForceSnapshot, k.NoLogSync, k.DearProbe = pick(0, 0, 0, 0, 1), pick(0, 0, 0, 1), pick(0, 0, 300)
	k.EpochSize = pick(0, 0, 0, 2, 20)
	k.NetMin = pick(50, 500, 5000)
	k.NetMax = k.NetMin * pick(1, 3, 20)
	k.NetSpike = pick(0, 0, 5, 50)
	k.DiskMin = pick(100, 1000, 5000)
	k.DiskMax = k.DiskMin * pick(1, 5, 40)
	k.DiskSpike = pick(0, 0, 10, 50)
	k.Skew = pick(0, 5, 20)
	return k
}

type knob struct {
	name  string
	value *int
}

// all lists the knobs under their names in traces.
func (k *Knobs) all() []knob {
	return []knob{{"voters", &k.Voters}, {"observers", &k.Observers}, {"seed", &k.Seed},
		{"tickTime", &k.TickTime}, {"initLimit", &k.InitLimit}, {"syncLimit", &k.SyncLimit},
		{"finalizeWait", &k.FinalizeWait}, {"notifyMin", &k.NotifyMin}, {"notifyMax", &k.NotifyMax},
		{"retryWait", &k.RetryWait}, {"commitLogCount", &k.CommitLogCount}, {"commitLogBytes", &k.CommitLogBytes},
		{"forceSnapshot", &k.ForceSnapshot}, {"noLogSync", &k.NoLogSync}, {"dearProbe", &k.DearProbe},
		{"epochSize", &k.EpochSize},
		{"netMin", &k.NetMin}, {"netMax", &k.NetMax}, {"netSpike", &k.NetSpike},
		{"diskMin", &k.DiskMin}, {"diskMax", &k.DiskMax}, {"diskSpike", &k.DiskSpike}, {"skew", &k.Skew}}
}

// String is the ensemble line of a trace: the knobs that differ from the default.
func (k Knobs) String() string {
	defaults := DefaultKnobs()
	base := defaults.all()
	words := []string{"ensemble"}
	for i, x := range k.all() {
		if i == 0 || *x.value != *base[i].value {
			words = append(words, fmt.Sprintf("%s=%d", x.name, *x.value))
		}
	}
	return strings.Join(words, " ")
}

func parseKnobs(words []string) (Knobs, error) {
	k := DefaultKnobs()
	all := k.all()
next:
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		for _, x := range all {
			if x.name == name {
				n, err := strconv.Atoi(text)
				if err != nil || n < 0 {
					return k, fmt.Errorf("%s: not a number", word)
				}
				*x.value = n
				continue next
			}
		}
		return k, fmt.Errorf("no knob %q", name)
	}
	if k.Voters < 1 || k.Voters+k.Observers > maxServers || k.NetMin > k.NetMax || k.DiskMin > k.DiskMax || k.Skew > 90 {
		return k, fmt.Errorf("%s: there are 1 to %d servers, and maxima above minima", k, maxServers)
	}
	return k, nil
}

const maxServers = 15

// config is the core's, for one server.
func (k *Knobs) config(id zab.ServerID) zab.Config {
	cfg := zab.Config{ID: id, Text: []byte(k.text()), TickTime: k.TickTime, InitLimit: k.InitLimit, SyncLimit: k.SyncLimit,
		FinalizeWait: k.FinalizeWait, NotifyMin: k.NotifyMin, NotifyMax: k.NotifyMax, RetryWait: k.RetryWait,
		CommitLogCount: k.CommitLogCount, CommitLogBytes: k.CommitLogBytes,
		ForceSnapshot: k.ForceSnapshot != 0, NoLogSync: k.NoLogSync != 0, EpochSize: uint32(k.EpochSize), Seed: uint64(k.Seed)<<8 + uint64(id)}
	for i := 1; i <= k.Voters+k.Observers; i++ {
		cfg.Members = append(cfg.Members, zab.Member{ID: zab.ServerID(i), Observer: i > k.Voters})
	}
	return cfg
}

func (k *Knobs) text() string {
	return fmt.Sprintf("%d voters, %d observers\nversion=0", k.Voters, k.Observers)
}
