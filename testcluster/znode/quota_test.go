package znode

import (
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

func TestParseQuota(t *testing.T) {
	for text, want := range map[string]Quota{
		"":                 {-1, -1, -1, -1},
		"count=5,bytes=-1": {5, -1, -1, -1},
		"count=-1,bytes=100=;byteHardLimit=1000;countHardLimit=50": {-1, 100, 50, 1000},
		"count=3,bytes=-1=;byteHardLimit=-1;countHardLimit=-1":     {3, -1, -1, -1},
		"bytes=7;count=2":            {2, 7, -1, -1},
		"count=,bytes==,=,x=1,count": {-1, -1, -1, -1},
		"count=99999999999999999999,bytes=9223372036854775807=;;;=": {-1, 9223372036854775807, -1, -1},
	} {
		if got := ParseQuota([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	for want, q := range map[string]Quota{
		"count=5,bytes=-1": {5, -1, -1, -1},
		"count=-1,bytes=100=;byteHardLimit=1000;countHardLimit=50": {-1, 100, 50, 1000},
		"count=1,bytes=2=;countHardLimit=3":                        {1, 2, 3, -1},
	} {
		if got, _ := q.AppendText(nil); string(got) != want {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
}

func TestQuotaRoot(t *testing.T) {
	tr := New(Options{})
	limit := func(path, text string) {
		for _, c := range []*txn.Create{
			create(quotaPath + path), {Path: quotaPath + path + "/" + limitsName, Data: []byte(text), ParentCversion: -1},
			{Path: quotaPath + path + "/" + statsName, Data: []byte("count=0,bytes=0"), ParentCversion: -1},
		} {
			do(tr, 0, zkproto.OpCreate, c)
		}
	}
	usage := func(path, root string, limits, used Quota) {
		t.Helper()
		gotRoot, l, u, ok := tr.QuotaRoot(path)
		if gotRoot != root || l != limits || u != used || ok != (root != "") {
			t.Errorf("%s: root %q, limits %+v, usage %+v, %v; want %q, %+v, %+v", path, gotRoot, l, u, ok, root, limits, used)
		}
	}
	for _, path := range []string{"/a", "/a/b", "/a/b/c", "/ab"} {
		do(tr, 0, zkproto.OpCreate, create(path))
	}
	usage("/a", "", Quota{}, Quota{})
	limit("/a", "count=5,bytes=-1")
	five := Quota{5, -1, -1, -1}
	usage("/a/b", "/a", five, Quota{3, 3, -1, -1})
	usage("/ab", "", Quota{}, Quota{})

	// The longest prefix counts, and it alone.
	limit("/a/b", "count=-1,bytes=9=;byteHardLimit=10")
	nine := Quota{-1, 9, -1, 10}
	do(tr, 0, zkproto.OpCreate, create("/a/b/d"))
	do(tr, 0, zkproto.OpSetData, &txn.SetData{Path: "/a/b/d", Data: []byte("1234")})
	do(tr, 0, zkproto.OpSetData, &txn.SetData{Path: "/a", Data: nil})
	usage("/a/b/d/new", "/a/b", nine, Quota{3, 6, -1, -1})
	usage("/a/x", "/a", five, Quota{3, 2, -1, -1})
	do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: "/a/b/d"})
	usage("/a/b", "/a/b", nine, Quota{2, 2, -1, -1})
	if got := tr.Quotas(); !slices.Equal(got, []string{"/a", "/a/b"}) {
		t.Errorf("quotas %q", got)
	}
	do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: quotaPath + "/a/b/" + limitsName})
	usage("/a/b", "/a", five, Quota{3, 2, -1, -1})

	// Limits without a stats node, limits of the root, and rubbish in a stats node harm nothing.
	do(tr, 0, zkproto.OpDelete, &txn.Delete{Path: quotaPath + "/a/" + statsName})
	usage("/a", "", Quota{}, Quota{})
	do(tr, 0, zkproto.OpCreate, create(quotaPath+"/"+limitsName))
	do(tr, 0, zkproto.OpCreate, create(quotaPath+"/"+statsName))
	usage("/ab", "", Quota{}, Quota{})
	do(tr, 0, zkproto.OpCreate, &txn.Create{Path: quotaPath + "/a/" + statsName, ParentCversion: -1})
	do(tr, 0, zkproto.OpSetData, &txn.SetData{Path: quotaPath + "/a/" + statsName, Data: nil})
	do(tr, 0, zkproto.OpCreate, create("/a/e"))
	usage("/a", "/a", five, Quota{0, 0, -1, -1}) // from none, one more, as Apache has it
	verify(t, tr)
}
