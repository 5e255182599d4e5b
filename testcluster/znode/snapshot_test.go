package znode

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// copyOf restores what a walk visits, and calls between after every chunk.
func copyOf(t *testing.T, tr *Tree, chunk int, between func()) *Tree {
	t.Helper()
	w := tr.StartWalk()
	defer w.Close()
	r, zxid := NewRestore(tr.opts), tr.LastZxid()
	known := map[int64]bool{OpenACLID: true}
	for id, acl := range tr.ACLTable() {
		known[id] = true
		r.RestoreACL(id, acl)
	}
	for more := true; more; {
		visited := 0
		more = w.Next(chunk, func(s *SnapshotNode) {
			visited++
			if !known[s.ACLID] {
				t.Errorf("%s has ACL %d, which the table lacks", s.Path, s.ACLID)
			}
			if err := r.RestoreNode(string(s.Path), s.Data, s.ACLID, &s.Stat); err != nil {
				t.Error(err)
			}
		})
		if visited > chunk || more && visited < chunk {
			t.Errorf("visited %d of %d", visited, chunk)
		}
		between()
	}
	c, err := r.Tree()
	if err != nil {
		t.Fatal(err)
	}
	c.SetLastZxid(zxid)
	return c
}

func TestWalk_RestoreIsEqual(t *testing.T) {
	m, tr := newModel(1, 1000), New(modelOptions)
	for range 2000 {
		tr.Apply(m.next(), nil)
	}
	c := copyOf(t, tr, 7, func() {})
	m.compare(t, c)
	verify(t, c)
}

func TestWalk_ChunkEndsEarlyWhereDataIsLarge(t *testing.T) {
	tr := New(Options{})
	for i := range 5 {
		c := create(fmt.Sprint("/n", i))
		c.Data = make([]byte, walkBytes/2)
		do(tr, 0, zkproto.OpCreate, c)
	}
	w := tr.StartWalk()
	defer w.Close()
	var chunks []int
	for more := true; more; {
		n := 0
		more = w.Next(100, func(*SnapshotNode) { n++ })
		chunks = append(chunks, n)
	}
	if want := []int{3, 2, 4}; !slices.Equal(chunks, want) {
		t.Errorf("chunks of %d nodes, want %d", chunks, want)
	}
}

// A snapshot that is written while transactions are applied is mended by replaying all that followed its beginning.
func TestWalk_WhileApplyingIsMendedByReplay(t *testing.T) {
	for seed := range uint64(200) {
		m, tr := newModel(seed, 30), New(modelOptions)
		for range m.rnd.IntN(300) {
			tr.Apply(m.next(), nil)
		}
		var log []*txn.Txn
		chunk, pace := 1+m.rnd.IntN(5), 1+m.rnd.IntN(20)
		c := copyOf(t, tr, chunk, func() {
			for range m.rnd.IntN(pace) {
				x := m.next()
				log = append(log, x)
				tr.Apply(x, nil)
			}
		})
		if len(tr.walks) != 0 {
			t.Fatal("the walk did not end")
		}
		for _, x := range log {
			c.Apply(x, nil)
		}
		m.compare(t, tr)
		m.compare(t, c)
		verify(t, c)
		if t.Failed() {
			t.Fatalf("seed %d: %d transactions while walking", seed, len(log))
		}
	}
}

func TestRestore_RefusesWhatIsNoTree(t *testing.T) {
	stat := &zkproto.StatPersisted{}
	for _, paths := range [][]string{{}, {"/a"}, {"", ""}, {"", "/a/b"}, {"", "/a", "/a"}, {"", "a"}, {"", "/"}, {"", "/a/"}} {
		r := NewRestore(Options{})
		var err error
		for _, p := range paths {
			if err = r.RestoreNode(p, nil, OpenACLID, stat); err != nil {
				break
			}
		}
		if err == nil {
			_, err = r.Tree()
		}
		if !errors.Is(err, ErrBadSnapshot) {
			t.Errorf("%q: error %v", paths, err)
		}
	}
}

// Apache's servers write the table of ACL lists first and the nodes while transactions are applied, so a node may have
// a list that is not in the table.
func TestRestore_UnknownACLGrantsNothing(t *testing.T) {
	r := NewRestore(Options{})
	r.RestoreACL(4, zkproto.OpenACL())
	if err := r.RestoreNode("", []byte{}, OpenACLID, &zkproto.StatPersisted{}); err != nil {
		t.Fatal(err)
	}
	if err := r.RestoreNode("/a", nil, 77, &zkproto.StatPersisted{}); err != nil {
		t.Fatal(err)
	}
	tr, err := r.Tree()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := tr.Find("/a")
	if acl := tr.ACL(n); len(acl) != 1 || acl[0].Perms != 0 {
		t.Errorf("ACL %v", acl)
	}
	// The next id is over all that the snapshot had, and the unused list is gone.
	do(tr, 0, zkproto.OpSetACL, &txn.SetACL{Path: "/a", ACL: []zkproto.ACL{}})
	ids := ""
	for id := range tr.ACLTable() {
		ids += fmt.Sprint(id, " ")
	}
	if ids != "79 78 " && ids != "78 79 " {
		t.Errorf("ids %s", ids)
	}
}
