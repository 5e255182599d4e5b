package znode

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// apacheLog reads the transactions of a log file that Apache ZooKeeper 3.9.4 wrote.
func apacheLog(t testing.TB) []txn.Txn {
	t.Helper()
	b, err := os.ReadFile("testdata/apache.log")
	if err != nil {
		t.Fatal(err)
	}
	var all []txn.Txn
	for b = b[16:]; len(b) > 0; {
		n := int(binary.BigEndian.Uint32(b[8:]))
		x, err := txn.Decode(b[12 : 12+n])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
		b = b[12+n+1:]
	}
	return all
}

// apacheTree is what clients of that server read at the end of the log.
type apacheTree struct {
	Zxid       zkproto.Zxid
	Nodes      [][4]json.RawMessage // path, data in hex or null, stat, ACL
	NodeCount  int                  `json:"znode_count"`
	Ephemerals int                  `json:"ephemerals_count"`
	DataSize   int64                `json:"approximate_data_size"`
}

var apacheOptions = Options{ExtendedTypes: true, Digest: true}

// Apache's server wrote the digest of its tree behind every transaction. It covers all stats and all data.
func TestApply_HasApachesDigestAfterEveryTransaction(t *testing.T) {
	tr := New(apacheOptions)
	kinds := map[zkproto.OpCode]int{}
	checked := 0
	for _, x := range apacheLog(t) {
		res, _ := tr.Apply(&x, nil)
		kinds[x.Type]++
		if e, ok := x.Body.(*txn.Error); !ok && res.Err != zkproto.OK || ok && res.Err != e.Code {
			t.Errorf("%v %v: %v", x.Zxid, x.Type, res.Err)
		}
		if x.Digest == nil {
			continue
		}
		checked++
		if tr.Digest() != x.Digest.Tree {
			t.Fatalf("%v %v %+v: digest %x, want %x", x.Zxid, x.Type, x.Body, tr.Digest(), x.Digest.Tree)
		}
	}
	if checked < 200 {
		t.Errorf("only %d digests", checked)
	}
	for _, op := range []zkproto.OpCode{
		zkproto.OpCreate, zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL, zkproto.OpDelete,
		zkproto.OpDeleteContainer, zkproto.OpSetData, zkproto.OpSetACL, zkproto.OpMulti, zkproto.OpCreateSession,
		zkproto.OpCloseSession, zkproto.OpError,
	} {
		if kinds[op] == 0 {
			t.Errorf("the log has no %v", op)
		}
	}
}

// Clients of Apache's server read these nodes, the usage of quotas among them, and mntr reported these counts.
func TestApply_ReadsAsApachesServerAfterTheLog(t *testing.T) {
	want := readApacheTree(t)
	tr := New(apacheOptions)
	for _, x := range apacheLog(t) {
		if x.Zxid <= want.Zxid {
			tr.Apply(&x, nil)
		}
	}
	want.compare(t, tr)
	want.compare(t, copyOf(t, tr, 10, func() {}))
}

// The snapshot was written by the same server at the same zxid, and has the digest of its tree.
func TestRestore_ReadsApachesSnapshot(t *testing.T) {
	b, err := os.ReadFile("testdata/apache.snapshot")
	if err != nil {
		t.Fatal(err)
	}
	in, r := jute.NewReader(b[16:]), NewRestore(apacheOptions)
	for range in.Int() { // sessions
		in.Long()
		in.Int()
	}
	for range in.Int() {
		id := in.Long()
		r.RestoreACL(id, zkproto.DecodeACLs(in))
	}
	for path := in.String(); path != "/" && in.Err() == nil; path = in.String() {
		data, acl := in.Buffer(), in.Long()
		var stat zkproto.StatPersisted
		stat.Decode(in)
		if err := r.RestoreNode(path, data, acl, &stat); err != nil {
			t.Fatal(err)
		}
	}
	in.Long() // checksum
	if seal := in.String(); seal != "/" {
		t.Fatalf("seal %q, %v", seal, in.Err())
	}
	tr, err := r.Tree()
	if err != nil {
		t.Fatal(err)
	}
	want := readApacheTree(t)
	if zxid, version, digest := in.Long(), in.Int(), uint64(in.Long()); zxid != int64(want.Zxid) || version != 2 || digest != tr.Digest() {
		t.Errorf("digest %x; the snapshot says %x, version %d, at %x, want %x", tr.Digest(), digest, version, zxid, want.Zxid)
	}
	want.compare(t, tr)
	verify(t, tr)
}

func readApacheTree(t *testing.T) *apacheTree {
	t.Helper()
	b, err := os.ReadFile("testdata/apache.tree.json")
	if err != nil {
		t.Fatal(err)
	}
	var a apacheTree
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

func (a *apacheTree) compare(t *testing.T, tr *Tree) {
	t.Helper()
	if tr.NodeCount() != a.NodeCount || tr.EphemeralCount() != a.Ephemerals || tr.DataSize() != a.DataSize {
		t.Errorf("%d nodes, %d ephemerals, %d bytes; want %d, %d, %d", tr.NodeCount(), tr.EphemeralCount(), tr.DataSize(),
			a.NodeCount, a.Ephemerals, a.DataSize)
	}
	for _, row := range a.Nodes {
		compareNode(t, tr, row)
	}
	if len(a.Nodes) != tr.NodeCount()-1 {
		t.Errorf("read %d nodes of %d", len(a.Nodes), tr.NodeCount()-1)
	}
}

func compareNode(t *testing.T, tr *Tree, row [4]json.RawMessage) {
	t.Helper()
	var path string
	var data *string
	var s [11]int64
	var acl [][3]any
	for i, v := range []any{&path, &data, &s, &acl} {
		if err := json.Unmarshal(row[i], v); err != nil {
			t.Fatal(err)
		}
	}
	n, ok := tr.Find(path)
	if !ok {
		t.Errorf("%s is missing", path)
		return
	}
	want := zkproto.Stat{
		Czxid: zkproto.Zxid(s[0]), Mzxid: zkproto.Zxid(s[1]), Ctime: s[2], Mtime: s[3],
		Version: int32(s[4]), Cversion: int32(s[5]), Aversion: int32(s[6]), EphemeralOwner: zkproto.SessionID(s[7]),
		DataLength: int32(s[8]), NumChildren: int32(s[9]), Pzxid: zkproto.Zxid(s[10]),
	}
	if got := tr.Stat(n); got != want {
		t.Errorf("%s:\n got %+v\nwant %+v", path, got, want)
	}
	got := tr.Data(n)
	if (got == nil) != (data == nil) || data != nil && hex.EncodeToString(got) != *data {
		t.Errorf("%s: data %q, want %v", path, got, row[1])
	}
	var have [][3]any
	for _, a := range tr.ACL(n) {
		have = append(have, [3]any{float64(a.Perms), a.Scheme, a.ID.ID})
	}
	if !reflect.DeepEqual(have, acl) {
		t.Errorf("%s: ACL %v, want %v", path, have, acl)
	}
}
