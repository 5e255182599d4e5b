package prep

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// What is decided must not depend on how far behind the tree is: one tree gets every
// transaction at once, so that its overlay is always empty, the other gets them late.
func TestNext_DecidesTheSameHoweverLateTheTreeIs(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		opts := Options{Tree: znode.Options{ExtendedTypes: true}}
		prompt, late := newBench(t, opts), newBench(t, opts)
		maxLag := 1 + r.IntN(300)
		for step := range 1500 {
			session, op, rec, ids := randomRequest(r)
			x, y := prompt.ask(session, op, rec, ids...), late.ask(session, op, rec, ids...)
			if a, b := x.AppendTo(nil), y.AppendTo(nil); !bytes.Equal(a, b) {
				t.Fatalf("seed %d, step %d, %v %+v: prompt decides %v %+v, late %v %+v", seed, step, op, rec, x.Type, x.Body, y.Type, y.Body)
			}
			prompt.apply(1)
			if n := prompt.p.Pending(); n != 0 {
				t.Fatalf("seed %d, step %d: %d records are left over", seed, step, n)
			}
			if lag := len(late.late); lag > 0 && (lag >= maxLag || r.IntN(20) == 0) {
				late.apply(1 + r.IntN(lag))
			}
		}
		late.apply(len(late.late))
		if late.p.Pending() != 0 || len(late.p.overlay.born) != 0 || len(late.p.overlay.journal) != 0 {
			t.Fatalf("seed %d: the overlay is not empty", seed)
		}
	}
}

func randomRequest(r *rand.Rand) (zkproto.SessionID, zkproto.OpCode, zkproto.Record, []zkproto.ID) {
	session := zkproto.SessionID(1 + r.IntN(2))
	var ids []zkproto.ID
	if r.IntN(3) > 0 {
		ids = append(ids, user)
	}
	switch r.IntN(20) {
	case 0:
		return session, zkproto.OpCloseSession, nil, nil
	case 1, 2, 3:
		return session, zkproto.OpCreateSession, zkTimeout(4000), nil
	case 4, 5, 6:
		var m zkproto.MultiRequest
		for range r.IntN(5) {
			op, rec := randomChange(r)
			if op == zkproto.OpSetACL || op == zkproto.OpDeleteContainer {
				continue
			}
			m.Ops = append(m.Ops, zkproto.MultiOp{Op: op, Req: rec})
		}
		return session, zkproto.OpMulti, &m, ids
	}
	op, rec := randomChange(r)
	return session, op, rec, ids
}

// zkTimeout is the body of a createSession.
func zkTimeout(ms int32) zkproto.Record { return &zkproto.CountResponse{Total: ms} }

func randomChange(r *rand.Rand) (zkproto.OpCode, zkproto.Record) {
	path := ""
	for range 1 + r.IntN(3) {
		path += fmt.Sprintf("/%c", 'a'+rune(r.IntN(3)))
	}
	version := int32(r.IntN(3) - 1)
	acls := zkproto.OpenACL()
	if r.IntN(4) == 0 {
		acls = []zkproto.ACL{{Perms: zkproto.Perms(r.IntN(32)), ID: user}, acl(zkproto.PermRead, "world", "anyone")}
	}
	c := zkproto.CreateRequest{Path: path, Data: []byte("d"), ACL: acls, Mode: zkproto.CreateMode(r.IntN(4))}
	switch r.IntN(9) {
	case 0, 1:
		return zkproto.OpCreate, &c
	case 2:
		return zkproto.OpCreate2, &c
	case 3:
		c.Mode = zkproto.ModeContainer
		return zkproto.OpCreateContainer, &c
	case 4:
		c.Mode = zkproto.ModePersistentTTL + zkproto.CreateMode(r.IntN(2))
		return zkproto.OpCreateTTL, &zkproto.CreateTTLRequest{CreateRequest: c, TTL: int64(r.IntN(3))}
	case 5:
		return zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Version: version}
	case 6:
		return zkproto.OpSetACL, &zkproto.SetACLRequest{Path: path, ACL: acls, Version: version}
	case 7:
		if r.IntN(4) == 0 {
			return zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: path}
		}
		return zkproto.OpCheck, &zkproto.PathVersionRequest{Path: path, Version: version}
	}
	return zkproto.OpDelete, &zkproto.PathVersionRequest{Path: path, Version: version}
}
