package transport_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// cutPair are server 2 and another, which can be cut off from it.
func cutPair(t *testing.T, id zab.ServerID) (cuts *transport.Cuts, other, two *station) {
	t.Helper()
	m, cuts := transport.NewMemory(), new(transport.Cuts)
	o := on(m, id, 2)
	o.Cuts = cuts
	return cuts, open(t, o), open(t, on(m, 2, id))
}

// TestElectionCuts_AStandingConnection: nothing passes in the directions that are cut, and
// afterwards comes what was held and the newest; whoever has dialled.
func TestElectionCuts_AStandingConnection(t *testing.T) {
	for _, id := range []zab.ServerID{1, 3} {
		synctest.Test(t, func(t *testing.T) { cutStanding(t, id) })
	}
}

func cutStanding(t *testing.T, id zab.ServerID) {
	cuts, other, two := cutPair(t, id)
	other.Send(round(2, 1))
	two.hears(t, id, 1)
	both := func(number int64) {
		other.Send(round(2, number))
		two.Send(round(id, number))
		time.Sleep(time.Hour)
	}
	heard := func(byOther, byTwo int, number int64) {
		t.Helper()
		if a, b := other.count(2, number), two.count(id, number); a != byOther || b != byTwo {
			t.Errorf("round %d: server %d hears it %d times, server 2 %d times", number, id, a, b)
		}
	}
	cuts.Set(second, nil)
	both(2)
	heard(0, 1, 2)
	cuts.Set(nil, second)
	both(3)
	heard(1, 0, 3)
	heard(1, 1, 2)
	cuts.Set(second, second)
	both(4)
	both(5)
	both(6)
	heard(0, 0, 6)
	cuts.Set(nil, nil)
	time.Sleep(time.Second)
	heard(1, 1, 6)
	heard(1, 1, 3)
	heard(1, 0, 5) // of what waited at the server that was cut off, only the newest was left
	other.mu.Lock()
	defer other.mu.Unlock()
	if len(other.reports) != 1 {
		t.Errorf("server %d noticed: %v", id, other.reports)
	}
}

// TestElectionCuts_NewConnections: of a server that is cut off nothing arrives, not even who it
// is; and a dial to it takes its time and tells nothing.
func TestElectionCuts_NewConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cuts, one, two := cutPair(t, 1)
		cuts.Set(second, second)
		two.Send(round(1, 1)) // connects, as far as it can see
		one.Send(round(2, 1))
		time.Sleep(time.Hour)
		one.mu.Lock()
		if len(one.heard)+len(one.reports) != 0 {
			t.Errorf("server 1 has heard %v, %v", one.heard, one.reports)
		}
		one.mu.Unlock()
		if two.count(1, 1) != 0 {
			t.Error("server 2 is reached")
		}
		cuts.Set(nil, nil)
		two.Send(round(1, 2))
		one.hears(t, 2, 2)
		two.hears(t, 1, 1)
	})
}

// TestElectionCuts_ADialGoesOn when the cut heals before its time is up.
func TestElectionCuts_ADialGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cuts, three, two := cutPair(t, 3)
		cuts.Set(nil, second)
		three.Send(round(2, 1))
		time.Sleep(4 * time.Second) // of 5
		two.mu.Lock()
		if len(two.reports) != 0 {
			t.Errorf("server 2 is told %v", two.reports)
		}
		two.mu.Unlock()
		begun := time.Now()
		cuts.Set(nil, nil)
		two.hears(t, 3, 1)
		if late := time.Since(begun); late != 0 {
			t.Errorf("heard after %s", late)
		}
	})
}

// TestElection_Churn: three servers close, come back, are cut off and lose connections; when
// that ends, each hears each other's last word.
func TestElection_Churn(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 1))
			m := transport.NewMemory()
			m.SetDelay(time.Millisecond)
			ids := []zab.ServerID{1, 2, 3}
			stations, cuts := map[zab.ServerID]*station{}, map[zab.ServerID]*transport.Cuts{}
			start := func(id zab.ServerID) {
				cuts[id] = new(transport.Cuts)
				o := on(m, id, ids...)
				o.Cuts = cuts[id]
				stations[id] = open(t, o)
			}
			for _, id := range ids {
				start(id)
			}
			for step := range int64(200) {
				a, b := ids[chance.IntN(3)], ids[chance.IntN(3)]
				switch chance.IntN(12) {
				case 0:
					if err := stations[a].Close(); err != nil {
						t.Fatal(err)
					}
					cuts[a].Set(nil, nil)
					start(a)
				case 1:
					m.Break(fmt.Sprint(a), fmt.Sprint(b))
				case 2:
					m.BreakAfter(fmt.Sprint(a), fmt.Sprint(b), chance.IntN(100))
				case 3:
					cuts[a].Set([]zab.ServerID{b}, nil)
				case 4:
					cuts[a].Set(nil, []zab.ServerID{b})
				case 5:
					cuts[a].Set(nil, nil)
				default:
					stations[a].Send(round(b, step))
				}
				time.Sleep(time.Duration(chance.IntN(300)) * time.Millisecond)
			}
			for _, id := range ids {
				cuts[id].Set(nil, nil)
			}
			for i, from := range ids {
				for _, to := range ids {
					if from != to {
						stations[from].Send(round(to, 1000+int64(i)))
					}
				}
			}
			for i, from := range ids {
				for _, to := range ids {
					if from != to {
						// A word may be lost with the connection that it was written to; the
						// core repeats itself, and so does this.
						repeat(t, stations[to], from, 1000+int64(i), stations[from])
					}
				}
			}
			for _, id := range ids {
				if err := stations[id].Close(); err != nil {
					t.Fatal(err)
				}
			}
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
	}
}

// repeat says a round every second until it is heard, three times at most.
func repeat(t *testing.T, to *station, from zab.ServerID, number int64, speaker *station) {
	t.Helper()
	for range 3 {
		time.Sleep(time.Second)
		if to.count(from, number) > 0 {
			return
		}
		speaker.Send(round(to.id, number))
	}
	to.hears(t, from, number)
}
