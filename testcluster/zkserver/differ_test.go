package zkserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// The same random requests go to Apache's server and to ours, two sessions each. Every reply
// and every event must be the same, but for times and for orders that are nobody's promise.
func TestJudge_RandomRequestsGetApachesReplies(t *testing.T) {
	apache := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true", "enforceQuota=true", "snapCount=1000000"}})
	ours := start(t, func(c *Config) { c.EnforceQuota = true })
	const seed = 33
	r := rand.New(rand.NewPCG(seed, 0))
	pairs := [2]*pair{newPair(t, apache.Addr(), ours), newPair(t, apache.Addr(), ours)}
	for step := range 3000 {
		p := pairs[r.IntN(2)]
		if r.IntN(400) == 0 {
			// A clean end of the session removes its ephemerals and starts another.
			p.ask(step, zkproto.OpCloseSession, nil)
			i := slices.Index(pairs[:], p)
			pairs[i] = newPair(t, apache.Addr(), ours)
			continue
		}
		op, rec := anyRequest(r)
		p.ask(step, op, rec)
		// The other session's events have come by the time that its own next reply has.
		for _, other := range pairs {
			other.ask(step, zkproto.OpSync, &zkproto.PathRequest{Path: "/"})
		}
		if t.Failed() {
			t.Fatalf("seed %d, step %d", seed, step)
		}
	}
}

// pair is one client of each server.
type pair struct {
	t            *testing.T
	apache, ours *rawConn
}

func newPair(t *testing.T, apache string, ours *Server) *pair {
	t.Helper()
	nc, err := net.Dial("tcp", apache)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	p := &pair{t: t, apache: &rawConn{t: t, nc: nc}, ours: rawOpen(t, ours)}
	for _, c := range []*rawConn{p.apache, p.ours} {
		c.connect(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)})
	}
	if a, b := p.apache.session.Timeout, p.ours.session.Timeout; a != b {
		t.Errorf("negotiated %d and %d", a, b)
	}
	return p
}

// ask sends a request to both and compares what comes until the reply.
func (p *pair) ask(step int, op zkproto.OpCode, rec zkproto.Record) {
	p.t.Helper()
	want, got := p.one(p.apache, op, rec), p.one(p.ours, op, rec)
	if !slices.Equal(want, got) {
		p.t.Errorf("step %d: %v %+v\nApache: %s\nours:   %s", step, op, rec, want, got)
	}
}

// one returns the events, in some order where one transaction has several, and the reply.
func (p *pair) one(c *rawConn, op zkproto.OpCode, rec zkproto.Record) []string {
	p.t.Helper()
	xid := c.request(op, rec)
	var lines []string
	for {
		h, body := c.reply()
		if h.Xid == zkproto.XidNotification {
			var e zkproto.WatcherEvent
			if err := zkproto.Decode(body, &e); err != nil {
				p.t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("event %v %v %v %s", h.Zxid, e.Type, e.State, e.Path))
			continue
		}
		if h.Xid != xid {
			p.t.Fatalf("%v: reply has xid %d, want %d", op, h.Xid, xid)
		}
		slices.Sort(lines)
		return append(lines, fmt.Sprintf("reply %v %v %s", h.Zxid, h.Err, describe(p.t, c, op, h.Err, body)))
	}
}

// describe is a reply's body without what must differ.
func describe(t *testing.T, c *rawConn, op zkproto.OpCode, code zkproto.Code, body []byte) string {
	t.Helper()
	if code != zkproto.OK {
		return fmt.Sprintf("%x", body)
	}
	var rec zkproto.Record
	switch op {
	case zkproto.OpCreate, zkproto.OpSync:
		rec = new(zkproto.PathResponse)
	case zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
		rec = new(zkproto.Create2Response)
	case zkproto.OpExists, zkproto.OpSetData, zkproto.OpSetACL:
		rec = new(zkproto.Stat)
	case zkproto.OpGetData:
		rec = new(zkproto.DataResponse)
	case zkproto.OpGetACL:
		rec = new(zkproto.ACLResponse)
	case zkproto.OpGetChildren, zkproto.OpGetEphemerals:
		rec = new(zkproto.StringsResponse)
	case zkproto.OpGetChildren2:
		rec = new(zkproto.Children2Response)
	case zkproto.OpMulti, zkproto.OpMultiRead:
		rec = new(zkproto.MultiResponse)
	case zkproto.OpWhoAmI:
		rec = new(zkproto.WhoAmIResponse)
	default:
		return fmt.Sprintf("%x", body)
	}
	r := jute.NewReader(body)
	rec.Decode(r)
	if err := r.Done(); err != nil {
		t.Fatalf("%v: %v: %x", op, err, body)
	}
	maskReply(reflect.ValueOf(rec).Elem(), c.session.SessionID)
	return fmt.Sprintf("%+v", reflect.ValueOf(rec).Elem())
}

// maskReply clears times and ids and sorts children.
func maskReply(v reflect.Value, session zkproto.SessionID) {
	switch x := v.Addr().Interface().(type) {
	case *zkproto.Stat:
		x.Ctime, x.Mtime = min(x.Ctime, 1), min(x.Mtime, 1)
		switch x.EphemeralOwner {
		case 0:
		case session:
			x.EphemeralOwner = 1
		default:
			x.EphemeralOwner = 2
		}
		return
	case *[]string:
		slices.Sort(*x)
		return
	case *[]zkproto.ClientInfo:
		slices.SortFunc(*x, func(a, b zkproto.ClientInfo) int { return strings.Compare(a.Scheme+a.User, b.Scheme+b.User) })
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			maskReply(v.Field(i), session)
		}
	case reflect.Slice:
		for i := range v.Len() {
			maskReply(v.Index(i), session)
		}
	}
}

func anyRequest(r *rand.Rand) (zkproto.OpCode, zkproto.Record) {
	switch r.IntN(100) {
	case 0:
		if r.IntN(3) == 0 {
			return zkproto.OpAuth, &zkproto.AuthRequest{Scheme: "digest", Auth: []byte("u:p")}
		}
	case 1:
		return zkproto.OpWhoAmI, &rawBody{}
	case 2:
		return anyQuota(r)
	}
	if r.IntN(3) > 0 {
		return anyRead(r)
	}
	if r.IntN(5) > 0 {
		return anyWrite(r)
	}
	var m zkproto.MultiRequest
	for range r.IntN(5) {
		op, rec := anyWrite(r)
		if c, ok := rec.(*zkproto.CreateRequest); ok && c.ACL == nil {
			continue // Apache throws a NullPointerException, which nobody relies on
		}
		if c, ok := rec.(*zkproto.CreateTTLRequest); ok && c.ACL == nil {
			continue
		}
		if op == zkproto.OpSetACL {
			op, rec = zkproto.OpCheck, &zkproto.PathVersionRequest{Path: anyPath(r), Version: anyVersion(r)}
		}
		m.Ops = append(m.Ops, zkproto.MultiOp{Op: op, Req: rec})
	}
	return zkproto.OpMulti, &m
}

var names = []string{"a", "b", "c", "é"}

func anyPath(r *rand.Rand) string {
	if r.IntN(60) == 0 {
		odd := []string{"/", "", "a", "/a/", "//a", "/a//b", "/a/./b", "/a/..", "/zookeeper", "/zookeeper/config",
			"/zookeeper/quota", "/\x01", "/a\x00b", "/a/\u0000", "/\ufff0", "/zookeeper/quota/a"}
		return odd[r.IntN(len(odd))]
	}
	path := ""
	for range 1 + r.IntN(3) {
		path += "/" + names[r.IntN(len(names))]
	}
	return path
}

func anyVersion(r *rand.Rand) int32 { return int32(r.IntN(4) - 1) }

func anyACL(r *rand.Rand) []zkproto.ACL {
	if r.IntN(3) > 0 {
		return zkproto.OpenACL()
	}
	return [][]zkproto.ACL{
		nil,
		{},
		{{Perms: 31, ID: zkproto.ID{Scheme: "auth"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "ip", ID: "127.0.0.1"}}},
		{{Perms: 21, ID: zkproto.ID{Scheme: "ip", ID: "127.0.0.0/8"}}, {Perms: 2, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "ip", ID: "127.0.0.0/33"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "world", ID: "me"}}},
		{{Perms: 15, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}, {Perms: 15, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "digest", ID: "u:x"}}, {Perms: 31, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "digest", ID: "ux"}}},
		{{Perms: 31, ID: zkproto.ID{Scheme: "none", ID: "ux"}}},
		{{Perms: 17, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}, {Perms: 31, ID: zkproto.ID{Scheme: "digest", ID: "u:x"}}},
		{{Perms: 17, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}, {Perms: 31, ID: zkproto.ID{Scheme: "digest", ID: "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="}}},
	}[r.IntN(13)]
}

// anyQuota sets, changes or reads the quota of /a.
func anyQuota(r *rand.Rand) (zkproto.OpCode, zkproto.Record) {
	const at = "/zookeeper/quota/a"
	limits := []byte([]string{"count=5,bytes=100", "count=3,bytes=10=;byteHardLimit=20;countHardLimit=4", "count=-1,bytes=-1=;countHardLimit=2"}[r.IntN(3)])
	create := &zkproto.CreateRequest{Path: at, Data: limits, ACL: zkproto.OpenACL()}
	switch r.IntN(6) {
	case 0:
		return zkproto.OpCreate, create
	case 1:
		create.Path += "/zookeeper_limits"
		return zkproto.OpCreate, create
	case 2:
		create.Path += "/zookeeper_stats"
		create.Data = []byte("count=0,bytes=0")
		return zkproto.OpCreate, create
	case 3:
		return zkproto.OpSetData, &zkproto.SetDataRequest{Path: at + "/zookeeper_limits", Data: limits, Version: -1}
	case 4:
		return zkproto.OpDelete, &zkproto.PathVersionRequest{Path: at + "/zookeeper_limits", Version: -1}
	}
	return zkproto.OpGetData, &zkproto.PathWatchRequest{Path: at + "/zookeeper_stats"}
}

func anyWrite(r *rand.Rand) (zkproto.OpCode, zkproto.Record) {
	data := [][]byte{nil, {}, []byte("x"), []byte("some data")}[r.IntN(4)]
	c := zkproto.CreateRequest{Path: anyPath(r), Data: data, ACL: anyACL(r), Mode: zkproto.CreateMode(r.IntN(4))}
	switch r.IntN(12) {
	case 0, 1, 2:
		return zkproto.OpCreate, &c
	case 3, 4:
		return zkproto.OpCreate2, &c
	case 5:
		c.Mode = zkproto.ModeContainer
		return zkproto.OpCreateContainer, &c
	case 6:
		c.Mode = zkproto.ModePersistentTTL + zkproto.CreateMode(r.IntN(2))
		ttl := []int64{1 << 30, 0, -1, zkproto.MaxTTL, zkproto.MaxTTL + 1}[r.IntN(5)]
		return zkproto.OpCreateTTL, &zkproto.CreateTTLRequest{CreateRequest: c, TTL: ttl}
	case 7, 8:
		return zkproto.OpSetData, &zkproto.SetDataRequest{Path: anyPath(r), Data: data, Version: anyVersion(r)}
	case 9:
		return zkproto.OpSetACL, &zkproto.SetACLRequest{Path: anyPath(r), ACL: anyACL(r), Version: anyVersion(r)}
	}
	return zkproto.OpDelete, &zkproto.PathVersionRequest{Path: anyPath(r), Version: anyVersion(r)}
}

func anyRead(r *rand.Rand) (zkproto.OpCode, zkproto.Record) {
	watch := &zkproto.PathWatchRequest{Path: anyPath(r), Watch: r.IntN(2) == 0}
	one := &zkproto.PathRequest{Path: anyPath(r)}
	if one.Path == "" {
		one.Path = "/" // as a prefix, Apache has "" match the root too
	}
	of := &zkproto.PathWatcherTypeRequest{Path: anyPath(r), Type: zkproto.WatcherType(1 + r.IntN(5))}
	switch r.IntN(14) {
	case 0, 1:
		return zkproto.OpExists, watch
	case 2, 3:
		return zkproto.OpGetData, watch
	case 4:
		return zkproto.OpGetChildren, watch
	case 5, 6:
		return zkproto.OpGetChildren2, watch
	case 7:
		return zkproto.OpGetACL, one
	case 8:
		return zkproto.OpGetEphemerals, one
	case 9:
		return zkproto.OpGetAllChildrenNumber, one
	case 10:
		return zkproto.OpAddWatch, &zkproto.AddWatchRequest{Path: anyPath(r), Mode: zkproto.AddWatchMode(r.IntN(2))}
	case 11:
		return zkproto.OpRemoveWatches, of
	case 12:
		if r.IntN(2) == 0 {
			return zkproto.OpCheckWatches, of
		}
		q := &zkproto.SetWatches2Request{SetWatchesRequest: zkproto.SetWatchesRequest{RelativeZxid: zkproto.Zxid(r.IntN(4000)),
			Data: []string{anyPath(r)}, Exist: []string{anyPath(r)}, Child: []string{anyPath(r)}},
			Persistent: []string{anyPath(r)}}
		if r.IntN(2) == 0 {
			return zkproto.OpSetWatches, &q.SetWatchesRequest
		}
		return zkproto.OpSetWatches2, q
	}
	var m zkproto.MultiRequest
	for range r.IntN(4) {
		m.Ops = append(m.Ops, zkproto.MultiOp{Op: []zkproto.OpCode{zkproto.OpGetData, zkproto.OpGetChildren}[r.IntN(2)],
			Req: &zkproto.PathWatchRequest{Path: anyPath(r), Watch: true}})
	}
	return zkproto.OpMultiRead, &m
}
