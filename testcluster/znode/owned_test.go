package znode

import (
	"maps"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

func TestKindOf(t *testing.T) {
	extended := Options{ExtendedTypes: true}
	old := Options{ExtendedTypes: true, Emulate353TTL: true}
	for _, c := range []struct {
		o     Options
		owner uint64
		want  Kind
	}{
		{Options{}, 0, Persistent},
		{Options{}, 0x8000000000000000, Container},
		{Options{}, 0x100001879490001, Ephemeral},
		{Options{}, 0xff00000000000005, Ephemeral},
		{extended, 0xff00000000000005, TTL},
		{extended, 0xff000100000000ff, Ephemeral}, // a reserved bit
		{extended, 0xfe00000000000005, Ephemeral},
		{extended, 0x8000000000000000, Container},
		{extended, 0x8000000000000005, Ephemeral},
		{old, 0x8000000000000005, TTL},
		{old, 0x8000000000000000, Container},
		{old, 0x100001879490001, Ephemeral},
	} {
		if got := c.o.KindOf(int64(c.owner)); got != c.want {
			t.Errorf("%+v: %#x is %v, want %v", c.o, c.owner, got, c.want)
		}
	}
	if uint64(TTLOwner(5)) != 0xff00000000000005 {
		t.Errorf("TTLOwner(5) = %#x", uint64(TTLOwner(5)))
	}
}

func TestReapable(t *testing.T) {
	tr := New(Options{ExtendedTypes: true})
	container := func(path string) {
		do(tr, 0, zkproto.OpCreateContainer, &txn.CreateContainer{Path: path, ParentCversion: -1})
	}
	ttl := func(path string, ms int64) {
		do(tr, 0, zkproto.OpCreateTTL, &txn.CreateTTL{CreateContainer: txn.CreateContainer{Path: path, ParentCversion: -1}, TTL: ms})
	}
	container("/fresh") // time 1000
	container("/used")
	do(tr, 0, zkproto.OpCreate, create("/used/x"))
	do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: "/used/x"})
	container("/busy")
	do(tr, 0, zkproto.OpCreate, create("/busy/x"))
	ttl("/short", 10) // time 7000
	ttl("/long", 100_000)
	ttl("/parent", 10)
	do(tr, 0, zkproto.OpCreate, create("/parent/x"))

	for _, c := range []struct {
		now, neverUsed int64
		want           []string
	}{
		{7010, 0, []string{"/used"}},
		{7011, 0, []string{"/short", "/used"}},
		{7011, 6011, []string{"/short", "/used"}},
		{7012, 6011, []string{"/fresh", "/short", "/used"}},
	} {
		if got := slices.Sorted(tr.Reapable(c.now, c.neverUsed)); !slices.Equal(got, c.want) {
			t.Errorf("at %d: %q, want %q", c.now, got, c.want)
		}
	}
	for path, want := range map[string]int64{"/short": 10, "/long": 100_000, "/used": 0, "/": 0} {
		n, _ := tr.Find(path)
		if got := tr.TTL(n); got != want || tr.Stat(n).EphemeralOwner != 0 {
			t.Errorf("%s: TTL %d, owner %v", path, got, tr.Stat(n).EphemeralOwner)
		}
	}
	for _, path := range []string{"/used", "/short"} {
		do(tr, 0, zkproto.OpDeleteContainer, &txn.Delete{Path: path})
	}
	if got := slices.Collect(tr.Reapable(7011, 0)); len(got) > 0 {
		t.Errorf("after the reaping: %q", got)
	}
}

func TestEphemeralSessions(t *testing.T) {
	tr := New(Options{})
	for i, path := range []string{"/b", "/a", "/c"} {
		c := create(path)
		c.Ephemeral = true
		do(tr, zkproto.SessionID(1+i/2), zkproto.OpCreate, c)
	}
	if got, want := maps.Collect(tr.EphemeralSessions()), map[zkproto.SessionID]int{1: 2, 2: 1}; !maps.Equal(got, want) || tr.EphemeralCount() != 3 {
		t.Errorf("sessions %v", got)
	}
	if got := tr.Ephemerals(1); !slices.Equal(got, []string{"/a", "/b"}) {
		t.Errorf("session 1 has %q", got)
	}
	n, _ := tr.Find("/c")
	if tr.Kind(n) != Ephemeral || tr.Stat(n).EphemeralOwner != 2 {
		t.Errorf("/c: %v %+v", tr.Kind(n), tr.Stat(n))
	}
	do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: "/c"})
	do(tr, 1, zkproto.OpCloseSession, &txn.CloseSession{Paths: []string{"/a"}}) // /b is not listed and goes too
	if len(tr.ephemerals) != 0 || tr.EphemeralCount() != 0 || tr.NodeCount() != 5 {
		t.Errorf("left over: %v", tr.ephemerals)
	}
}
