package znode

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

func TestChildren(t *testing.T) {
	tr := New(Options{})
	for _, path := range []string{"/p", "/p/a", "/p/b€", "/p/c", "/p/c/x", "/p/c/y", "/p/c/y/z", "/pp"} {
		do(tr, 0, zkproto.OpCreate, create(path))
	}
	n, _ := tr.Find("/p")
	if got, want := tr.AppendChildren([]string{"before"}, n), []string{"before", "c", "b€", "a"}; !slices.Equal(got, want) {
		t.Errorf("children %q, want %q", got, want)
	}
	var names []string
	for name := range tr.Children(n) {
		if names = append(names, string(name)); len(names) == 2 {
			break
		}
	}
	if !slices.Equal(names, []string{"c", "b€"}) {
		t.Errorf("the first two: %q", names)
	}
	for path, want := range map[string]int{"/p": 6, "/p/c": 3, "/p/a": 0, "/pp": 0, "/x": 0, "/": 11} {
		if got := tr.Descendants(path); got != want {
			t.Errorf("%s has %d descendants, want %d", path, got, want)
		}
	}
	if a, _ := tr.Find("/p/a"); tr.AppendChildren(nil, a) != nil {
		t.Error("a leaf has children")
	}
}

// Data of clients must not be shared with the tree, and slices of the tree must not grow into a neighbour.
func TestData_IsTheTreesOwn(t *testing.T) {
	tr := New(Options{})
	data := []byte("mine")
	do(tr, 0, zkproto.OpCreate, &txn.Create{Path: "/a", Data: data, ParentCversion: -1})
	do(tr, 0, zkproto.OpCreate, create("/b"))
	data[0] = 'X'
	a, _ := tr.Find("/a")
	got := tr.Data(a)
	_ = append(got, "overwritten?"...)
	b, _ := tr.Find("/b")
	if string(got) != "mine" || string(tr.Data(b)) != "d" {
		t.Errorf("data %q and %q", got, tr.Data(b))
	}
}

func TestSetConfig(t *testing.T) {
	tr := New(modelOptions)
	digest := tr.Digest()
	tr.SetConfig([]byte("version=100000000"), 1<<32, 7)
	n, _ := tr.Find(ConfigPath)
	if s := tr.Stat(n); s.Version != -1 || s.Mzxid != 1<<32 || s.Mtime != 7 || string(tr.Data(n)) != "version=100000000" || tr.Digest() != digest {
		t.Errorf("%+v %q", s, tr.Data(n))
	}
}

// Enough nodes for the index to split many times, and for slots to be used again.
func TestTree_ManyNodesComeAndGo(t *testing.T) {
	const n = 60_000
	tr := New(Options{})
	rnd := rand.New(rand.NewPCG(1, 2))
	do(tr, 0, zkproto.OpCreate, create("/flat"))
	path := func(i int) string { return fmt.Sprintf("/flat/%d", i) }
	for i := range n {
		do(tr, 0, zkproto.OpCreate, create(path(i)))
	}
	verify(t, tr)
	if len(tr.index.tables) < 32 {
		t.Errorf("%d tables", len(tr.index.tables))
	}
	slabs := len(tr.nodes.slabs)
	gone := rnd.Perm(n)[:n/2]
	for _, i := range gone {
		do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: path(i)})
	}
	verify(t, tr)
	for _, i := range gone {
		if _, ok := tr.Find(path(i)); ok {
			t.Fatalf("%s is still there", path(i))
		}
		do(tr, 0, zkproto.OpCreate, create(path(i)))
	}
	verify(t, tr)
	if len(tr.nodes.slabs) != slabs || tr.NodeCount() != n+6 {
		t.Errorf("%d slabs, before %d; %d nodes", len(tr.nodes.slabs), slabs, tr.NodeCount())
	}
}

// However data grows and shrinks, the arena holds little more than what lives.
func TestArena_GivesBackWhatDied(t *testing.T) {
	const n = 3000
	tr := New(Options{})
	rnd := rand.New(rand.NewPCG(3, 4))
	path := func(i int) string { return fmt.Sprintf("/n%d", i) }
	want := make([]string, n)
	for i := range n {
		do(tr, 0, zkproto.OpCreate, create(path(i)))
	}
	text := strings.Repeat("0123456789", 20_000)
	for _, most := range []int{10, 2000, 400, bigRecord + 4000, 200, chunkLen - headerLen - 5, 50} {
		steps := 3 * n
		if most > bigRecord {
			steps = 100
		}
		for range steps {
			i := rnd.IntN(n)
			data := text[:min(rnd.IntN(most)+1, len(text))]
			do(tr, 0, zkproto.OpSetData, &txn.SetData{Path: path(i), Data: []byte(data)})
			want[i] = data
		}
		verify(t, tr)
		a := &tr.recs
		if limit := max(a.live*4/3, a.live+2*chunkLen) + 2*chunkLen; a.used > limit {
			t.Errorf("data up to %d: %d bytes used, %d live", most, a.used, a.live)
		}
	}
	for i, data := range want {
		if node, _ := tr.Find(path(i)); data != "" && string(tr.Data(node)) != data {
			t.Fatalf("%s has other data", path(i))
		}
	}
	for i := range n {
		do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: path(i)})
	}
	if a := &tr.recs; a.used > 2*chunkLen || tr.NodeCount() != 5 {
		t.Errorf("after deleting all: %d bytes used, %d live", a.used, a.live)
	}
	verify(t, tr)
}
