package lease

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// The vectors come from Apache ZooKeeper.
func TestPassword_MatchesApache(t *testing.T) {
	for id, want := range map[zkproto.SessionID]string{
		1:                 "054cc74a37327db215e702e20c73f005",
		0x100000000000000: "f22acd4a97e69d6d20a49bb638eadb38",
		0x200001879490000: "5dc7ce6d26a279c403fa8006df6def4f",
	} {
		p := Password(id)
		if got := hex.EncodeToString(p[:]); got != want {
			t.Errorf("session %v: %s, want %s", id, got, want)
		}
		if !ValidPassword(id, p[:]) || ValidPassword(id+1, p[:]) || ValidPassword(id, p[:15]) {
			t.Errorf("session %v: ValidPassword is wrong", id)
		}
	}
	if zero := Password(0); ValidPassword(0, zero[:]) {
		t.Error("session 0 has a valid password")
	}
}

func TestFirstID(t *testing.T) {
	if got := FirstID(1, 0xab_1234_5678_9abc); got != 0x0134_5678_9abc_0000 {
		t.Errorf("FirstID keeps more than 40 bits of time: %v", got)
	}
	if got := FirstID(1, 1); got != 0x0100_0000_0001_0000 {
		t.Errorf("FirstID(1, 1) = %v", got)
	}
	if got := FirstID(200, 1); got >= 0 {
		t.Errorf("FirstID of server 200 = %v, want a negative one", got)
	}
	if got := FirstID(128, 0); got != math.MinInt64+1 {
		t.Errorf("FirstID that hits the container mark = %v", got)
	}
}

func TestTable(t *testing.T) {
	table := NewTable()
	table.Open(7, 1000)
	table.Open(8, 2000)
	table.Close(7)
	table.Close(9)
	if timeout, ok := table.Timeout(8); !ok || timeout != 2000 || table.Len() != 1 {
		t.Errorf("timeout %d, %v, %d sessions", timeout, ok, table.Len())
	}
	for id := range table.All() {
		if id != 8 {
			t.Errorf("session %v is still there", id)
		}
	}
}

func TestTracker_ExpiresBetweenTimeoutAndOneTickLater(t *testing.T) {
	const tick = 100
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := r.Int64N(10_000)
		tr := NewTracker(tick, now)
		heard := map[zkproto.SessionID]int64{}
		timeout := map[zkproto.SessionID]int32{}
		for id := zkproto.SessionID(1); id <= 20; id++ {
			timeout[id] = int32(tick + r.IntN(20*tick))
			tr.Add(id, timeout[id], 0, now)
			heard[id] = now
		}
		for range 500 {
			now += r.Int64N(tick)
			for _, id := range tr.Expire(now) {
				silent := now - heard[id]
				// The caller looks less often than once a tick by less than one tick.
				if limit := int64(timeout[id]); silent < limit || silent > limit+2*tick {
					t.Fatalf("seed %d: session %v with timeout %d expired after %d", seed, id, limit, silent)
				}
				if tr.Touch(id, 100, now) || tr.Check(id, 0) != zkproto.SessionExpired {
					t.Fatalf("seed %d: expired session %v is alive", seed, id)
				}
				tr.Remove(id)
				delete(heard, id)
			}
			for id, last := range heard {
				if now-last > int64(timeout[id])+2*tick {
					t.Fatalf("seed %d: session %v silent for %d has not expired", seed, id, now-last)
				}
				if r.IntN(40) == 0 {
					if r.IntN(4) == 0 {
						timeout[id] = int32(tick + r.IntN(20*tick))
					}
					if !tr.Touch(id, timeout[id], now) {
						t.Fatalf("seed %d: live session %v cannot be touched", seed, id)
					}
					heard[id] = now
				}
			}
		}
	}
}

func TestTracker_Heard(t *testing.T) {
	tr := NewTracker(100, 0)
	tr.Add(1, 1000, 0, 0)
	if !tr.Heard(1, 900) || tr.Heard(2, 900) {
		t.Error("the wrong session was heard")
	}
	if due := tr.Expire(1800); len(due) != 0 {
		t.Errorf("%v expired", due)
	}
	if due := tr.Expire(2000); len(due) != 1 || tr.Heard(1, 2000) {
		t.Errorf("expired %v, and is heard", due)
	}
}

func TestTracker_Owners(t *testing.T) {
	tr := NewTracker(100, 0)
	if got := tr.Check(1, 0); got != zkproto.SessionExpired {
		t.Errorf("unknown session: %v", got)
	}
	tr.Add(1, 1000, 5, 0)
	for owner, want := range map[Owner]zkproto.Code{5: zkproto.OK, 0: zkproto.OK, 6: zkproto.SessionMoved} {
		if got := tr.Check(1, owner); got != want {
			t.Errorf("owner %d: %v, want %v", owner, got, want)
		}
	}
	if !tr.SetOwner(1, 6) || tr.Check(1, 6) != zkproto.OK || tr.Check(1, 5) != zkproto.SessionMoved {
		t.Error("the session did not move")
	}
	tr.Close(1)
	tr.Add(1, 1000, 0, 0)
	if got := tr.Check(1, 6); got != zkproto.SessionExpired || tr.SetOwner(1, 5) {
		t.Errorf("closing session: %v", got)
	}
	if due := tr.Expire(math.MaxInt32); len(due) != 0 {
		t.Errorf("a closing session expired again: %v", due)
	}
	var ids []zkproto.SessionID
	for id := range tr.All() {
		ids = append(ids, id)
	}
	if !slices.Equal(ids, []zkproto.SessionID{1}) || tr.Len() != 1 {
		t.Errorf("sessions %v", ids)
	}
}
