package zkserver

import (
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// TestTakePending: a commit answers the write that it came of, and none of another connection
// of the session that had the same number.
func TestTakePending(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    txn.Header
		want bool
	}{
		{"its own", txn.Header{Cxid: 7, Zxid: 11, Type: zkproto.OpCreate2}, true},
		{"another kind of create", txn.Header{Cxid: 7, Zxid: 11, Type: zkproto.OpCreate}, true},
		{"an error", txn.Header{Cxid: 7, Zxid: 11, Type: zkproto.OpError}, true},
		{"another number", txn.Header{Cxid: 6, Zxid: 11, Type: zkproto.OpCreate2}, false},
		{"from before", txn.Header{Cxid: 7, Zxid: 10, Type: zkproto.OpCreate2}, false},
		{"of another request", txn.Header{Cxid: 7, Zxid: 11, Type: zkproto.OpSetData}, false},
	} {
		c := &conn{floor: 10, pending: []*write{{xid: 7, op: zkproto.OpCreate2}, {xid: 8}}}
		got := c.takePending(&tt.h)
		if (got != nil) != tt.want || tt.want && (got.xid != 7 || len(c.pending) != 1) {
			t.Errorf("%s: %+v, %d left", tt.name, got, len(c.pending))
		}
	}
}
