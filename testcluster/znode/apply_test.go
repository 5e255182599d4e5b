package znode

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// do builds a transaction of the next zxid and applies it.
func do(t *Tree, session zkproto.SessionID, op zkproto.OpCode, b txn.Body) (Result, []Event) {
	z := t.LastZxid() + 1
	return t.Apply(&txn.Txn{
		Header: txn.Header{Session: session, Zxid: z, Time: 1000 * int64(z), Type: op},
		Body:   b,
	}, nil)
}

func TestNew_IsApachesEmptyTree(t *testing.T) {
	tr := New(Options{Digest: true})
	if tr.NodeCount() != 5 || tr.DataSize() != 44 || tr.EphemeralCount() != 0 || tr.LastZxid() != 0 {
		t.Errorf("nodes %d, size %d, ephemerals %d, zxid %v", tr.NodeCount(), tr.DataSize(), tr.EphemeralCount(), tr.LastZxid())
	}
	n, ok := tr.Find("/zookeeper/config")
	if !ok || tr.Stat(n).Aversion != -1 || len(tr.ACL(n)) != 1 || tr.ACL(n)[0].Perms != zkproto.PermRead {
		t.Errorf("config: %v %+v %v", ok, tr.Stat(n), tr.ACL(n))
	}
	for _, path := range []string{"", "/", "/zookeeper", "/zookeeper/quota"} {
		if _, ok := tr.Find(path); !ok {
			t.Errorf("%q is missing", path)
		}
	}
	for _, path := range []string{"a", "//", "/zookeeper/", "//zookeeper", "/zookeeper//quota", "/zookeeperx"} {
		if _, ok := tr.Find(path); ok {
			t.Errorf("%q is there", path)
		}
	}
}

func events(t *testing.T, got []Event, want ...string) {
	t.Helper()
	var have []string
	for _, e := range got {
		have = append(have, fmt.Sprint(e.Type, " ", e.Path, " ", e.ACL))
	}
	if !slices.Equal(have, want) {
		t.Errorf("events\n%q, want\n%q", have, want)
	}
}

func create(path string) *txn.Create {
	return &txn.Create{Path: path, Data: []byte("d"), ACL: zkproto.OpenACL(), ParentCversion: -1}
}

func TestApply_EventsAndResults(t *testing.T) {
	tr := New(Options{ExtendedTypes: true})
	parent := &txn.Create{Path: "/p", ACL: []zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "digest", ID: "u:x"}}}, ParentCversion: -1}
	_, ev := do(tr, 0, zkproto.OpCreate, parent)
	events(t, ev, "NodeCreated /p [digest:u:x:r]", "NodeChildrenChanged / [world:anyone:cdrwa]")

	res, ev := do(tr, 9, zkproto.OpCreate2, &txn.Create{Path: "/p/c", Data: []byte("12"), ACL: zkproto.OpenACL(), Ephemeral: true, ParentCversion: 1})
	events(t, ev, "NodeCreated /p/c [world:anyone:cdrwa]", "NodeChildrenChanged /p [digest:u:x:r]")
	want := Result{Path: "/p/c", Stat: zkproto.Stat{Czxid: 2, Mzxid: 2, Pzxid: 2, Ctime: 2000, Mtime: 2000, EphemeralOwner: 9, DataLength: 2}}
	if !reflect.DeepEqual(res, want) {
		t.Errorf("create2: %+v", res)
	}

	res, ev = do(tr, 0, zkproto.OpSetData, &txn.SetData{Path: "/p/c", Version: 1})
	events(t, ev, "NodeDataChanged /p/c [world:anyone:cdrwa]")
	if res.Stat.Version != 1 || res.Stat.Mzxid != 3 || res.Stat.Mtime != 3000 || res.Stat.DataLength != 0 || res.Stat.Czxid != 2 {
		t.Errorf("setData: %+v", res)
	}
	res, ev = do(tr, 0, zkproto.OpSetACL, &txn.SetACL{Path: "/p/c", ACL: parent.ACL, Version: 1})
	events(t, ev)
	if res.Stat.Aversion != 1 || res.Stat.Mzxid != 3 {
		t.Errorf("setACL: %+v", res)
	}
	_, ev = do(tr, 9, zkproto.OpCloseSession, &txn.CloseSession{})
	events(t, ev, "NodeDeleted /p/c [digest:u:x:r]", "NodeChildrenChanged /p [digest:u:x:r]")
	n, _ := tr.Find("/p")
	if s := tr.Stat(n); s.Cversion != 2 || s.Pzxid != 5 || s.NumChildren != 0 || tr.Persisted(n).Cversion != 1 {
		t.Errorf("the parent after one create and one delete: %+v", s)
	}
	res, ev = do(tr, 0, zkproto.OpError, &txn.Error{Code: zkproto.NotEmpty})
	events(t, ev)
	if res.Err != zkproto.NotEmpty || tr.LastZxid() != 6 {
		t.Errorf("error: %+v, zxid %v", res, tr.LastZxid())
	}
}

// Transactions that no server of sound mind writes must not break the tree.
func TestApply_NonsenseIsRefused(t *testing.T) {
	for want, bodies := range map[zkproto.Code][]txn.Body{
		zkproto.BadArguments: {
			create(""), create("/"), create("a"), create("/a/"), create("//a"), &txn.Delete{Path: "/"}, &txn.Delete{Path: ""},
			&txn.CreateTTL{CreateContainer: txn.CreateContainer{Path: "/t"}}, &txn.CreateTTL{CreateContainer: txn.CreateContainer{Path: "/t"}, TTL: zkproto.MaxTTL + 1},
		},
		zkproto.NoNode: {
			create("/x/y"), create("/zookeeper//a"), create("x/a"), &txn.Delete{Path: "/x"}, &txn.Delete{Path: "/x/y"}, &txn.SetData{Path: "/x"},
			&txn.SetACL{Path: "/x"},
		},
	} {
		for _, b := range bodies {
			tr := New(modelOptions)
			res, ev := do(tr, 0, zkproto.OpCreate, b)
			if res.Err != want || len(ev) > 0 || tr.NodeCount() != 5 {
				t.Errorf("%T %+v: %v, events %v, %d nodes", b, b, res.Err, ev, tr.NodeCount())
			}
			verify(t, tr)
		}
	}
}

func TestApply_Multi(t *testing.T) {
	tr := New(Options{})
	multi := &txn.Multi{Subs: []txn.Sub{
		{Type: zkproto.OpCreate, Body: create("/a")},
		{Type: zkproto.OpCreate2, Body: create("/a/b")},
		{Type: zkproto.OpCreateContainer, Body: &txn.CreateContainer{Path: "/c", ParentCversion: -1}},
		{Type: zkproto.OpSetData, Body: &txn.SetData{Path: "/a", Version: 1}},
		{Type: zkproto.OpCheck, Body: &txn.Check{Path: "/a", Version: 2}},
		{Type: zkproto.OpDelete, Body: &txn.Delete{Path: "/a/b"}},
	}}
	failed := &txn.Multi{Subs: append(slices.Clone(multi.Subs[:2]),
		txn.Sub{Type: zkproto.OpError, Body: &txn.Error{Code: zkproto.BadVersion}},
		multi.Subs[3], txn.Sub{Type: zkproto.OpError, Body: &txn.Error{Code: zkproto.RuntimeInconsistency}})}
	res, ev := do(tr, 0, zkproto.OpMulti, failed)
	var codes []zkproto.Code
	for _, r := range res.Multi {
		if r.Op != zkproto.OpError {
			t.Errorf("result %+v of a multi that failed", r)
		}
		codes = append(codes, r.Err)
	}
	if !slices.Equal(codes, []zkproto.Code{0, 0, zkproto.BadVersion, -2, -2}) || len(ev) > 0 || tr.NodeCount() != 5 || res.Err != zkproto.OK {
		t.Errorf("codes %d, events %v, %d nodes, err %v", codes, ev, tr.NodeCount(), res.Err)
	}

	res, ev = do(tr, 0, zkproto.OpMulti, multi)
	want := []zkproto.MultiResult{
		{Op: zkproto.OpCreate, Path: "/a"},
		{Op: zkproto.OpCreate2, Path: "/a/b", Stat: zkproto.Stat{Czxid: 2, Mzxid: 2, Pzxid: 2, Ctime: 2000, Mtime: 2000, DataLength: 1}},
		{Op: zkproto.OpCreate2, Path: "/c", Stat: zkproto.Stat{Czxid: 2, Mzxid: 2, Pzxid: 2, Ctime: 2000, Mtime: 2000}},
		{Op: zkproto.OpSetData, Stat: zkproto.Stat{Czxid: 2, Mzxid: 2, Pzxid: 2, Ctime: 2000, Mtime: 2000, Version: 1, Cversion: 1, NumChildren: 1}},
		{Op: zkproto.OpCheck},
		{Op: zkproto.OpDelete},
	}
	if !reflect.DeepEqual(res.Multi, want) {
		t.Errorf("got  %+v\nwant %+v", res.Multi, want)
	}
	if len(ev) != 9 || tr.NodeCount() != 7 {
		t.Errorf("%d events, %d nodes", len(ev), tr.NodeCount())
	}
	if res, ev = do(tr, 0, zkproto.OpMulti, &txn.Multi{}); len(res.Multi) != 0 || len(ev) != 0 || tr.LastZxid() != 3 {
		t.Errorf("empty multi: %+v", res)
	}
}

func TestApply_AgainChangesNothing(t *testing.T) {
	tr := New(modelOptions)
	var log []*txn.Txn
	for i, b := range []txn.Body{
		&txn.Create{Path: "/p", ParentCversion: 1}, &txn.Create{Path: "/p/a", ParentCversion: 1},
		&txn.Create{Path: "/p/b", ParentCversion: 2}, &txn.Delete{Path: "/p/b"},
	} {
		log = append(log, &txn.Txn{Header: txn.Header{Zxid: zkproto.Zxid(i + 1), Time: int64(i)}, Body: b})
		tr.Apply(log[i], nil)
	}
	digest := tr.Digest()
	for _, i := range []int{0, 1, 3} {
		res, ev := tr.Apply(log[i], nil)
		if res.Err == zkproto.OK || len(ev) > 0 || tr.Digest() != digest || tr.LastZxid() != 4 {
			t.Errorf("again %+v: %v, events %v, zxid %v, digest %x of %x", log[i].Body, res.Err, ev, tr.LastZxid(), tr.Digest(), digest)
		}
	}
	// The snapshot has a later child of a path that the replay still sees removed and made anew.
	tr.Apply(&txn.Txn{Header: txn.Header{Zxid: 4}, Body: &txn.Delete{Path: "/p"}}, nil)
	verify(t, tr)
	if _, ok := tr.Find("/p/a"); ok || tr.NodeCount() != 5 || tr.DataSize() != 44 {
		t.Errorf("a child outlived its parent: %d nodes", tr.NodeCount())
	}
}
