package znode

import (
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
