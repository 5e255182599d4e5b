package prep

import (
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// sessions is a table of the sessions that may write.
type sessions map[zkproto.SessionID]zkproto.Code

func (s sessions) Check(id zkproto.SessionID, _ int64) zkproto.Code {
	if code, ok := s[id]; ok {
		return code
	}
	return zkproto.SessionExpired
}

func (s sessions) Opening(id zkproto.SessionID, _ int32, _ int64) { s[id] = zkproto.OK }

func (s sessions) Closing(id zkproto.SessionID) { s[id] = zkproto.SessionExpired }

// bench is a tree, a Prep over it, and the transactions that the tree does not have yet.
type bench struct {
	t    testing.TB
	tree *znode.Tree
	p    *Prep
	zxid zkproto.Zxid
	late []txn.Txn
	opts Options
}

func newBench(t testing.TB, opts Options) *bench {
	digest, err := NewDigest("super:xQJmxLMiHGwaqBvst5y6rkB6HQs=", "")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, tree: znode.New(opts.Tree), opts: opts}
	b.p = New(b.tree, sessions{1: zkproto.OK, 2: zkproto.OK, 3: zkproto.SessionMoved}, NewAuth(false, digest), opts)
	return b
}

// ask decides one request; apply(n) gives the tree n of the transactions it lacks.
func (b *bench) ask(session zkproto.SessionID, op zkproto.OpCode, rec zkproto.Record, ids ...zkproto.ID) txn.Txn {
	b.t.Helper()
	var body []byte
	if rec != nil {
		body = zkproto.Encode(rec)
	}
	b.zxid++
	x := b.p.Next(&Request{Session: session, Cxid: int32(b.zxid), Op: op, Body: body, IDs: ids}, b.zxid, 1000+int64(b.zxid))
	again, err := txn.Decode(x.AppendTo(nil))
	if err != nil {
		b.t.Fatalf("%v: %v", op, err)
	}
	b.late = append(b.late, again)
	return x
}

func (b *bench) apply(n int) {
	for _, x := range b.late[:n] {
		b.tree.Apply(&x, nil)
	}
	b.late = b.late[n:]
	b.p.Trim()
}

func code(x txn.Txn) zkproto.Code {
	if e, ok := x.Body.(*txn.Error); ok {
		return e.Code
	}
	return zkproto.OK
}

var (
	user  = zkproto.ID{Scheme: "digest", ID: "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="}
	other = zkproto.ID{Scheme: "digest", ID: "o:x"}
)

func create(path string, mode zkproto.CreateMode, acl ...zkproto.ACL) *zkproto.CreateRequest {
	if acl == nil {
		acl = zkproto.OpenACL()
	}
	return &zkproto.CreateRequest{Path: path, Data: []byte("x"), ACL: acl, Mode: mode}
}

func createTTL(path string, mode zkproto.CreateMode, ttl int64) *zkproto.CreateTTLRequest {
	return &zkproto.CreateTTLRequest{CreateRequest: *create(path, mode), TTL: ttl}
}

func acl(perms zkproto.Perms, scheme, id string) zkproto.ACL {
	return zkproto.ACL{Perms: perms, ID: zkproto.ID{Scheme: scheme, ID: id}}
}

// The world of the table: /p open, /p/e ephemeral of session 1, /p/n with the child /p/n/c,
// /owned only for user, /container. Nothing of it is applied: the overlay answers alone, and
// then the tree alone.
func TestNext_RefusesInApachesOrder(t *testing.T) {
	type row struct {
		name    string
		session zkproto.SessionID
		op      zkproto.OpCode
		rec     zkproto.Record
		ids     []zkproto.ID
		want    zkproto.Code
	}
	version := func(path string, v int32) *zkproto.PathVersionRequest {
		return &zkproto.PathVersionRequest{Path: path, Version: v}
	}
	set := func(path string, v int32) *zkproto.SetDataRequest {
		return &zkproto.SetDataRequest{Path: path, Version: v}
	}
	rows := []row{
		{"mode out of range", 1, zkproto.OpCreate, create("nonsense", 7), nil, zkproto.BadArguments},
		{"TTL mode without createTTL", 1, zkproto.OpCreate, create("/p/t", zkproto.ModePersistentTTL), nil, zkproto.BadArguments},
		{"TTL of 0", 1, zkproto.OpCreateTTL, createTTL("/p/t", zkproto.ModePersistentTTL, 0), nil, zkproto.BadArguments},
		{"TTL too long", 1, zkproto.OpCreateTTL, createTTL("/p/t", zkproto.ModePersistentTTL, zkproto.MaxTTL+1), nil, zkproto.BadArguments},
		{"TTL for another mode", 1, zkproto.OpCreateTTL, createTTL("/p/t", zkproto.ModePersistent, 5), nil, zkproto.BadArguments},
		{"no session, and a bad path", 9, zkproto.OpCreate, create("p", 0), nil, zkproto.SessionExpired},
		{"moved session", 3, zkproto.OpCreate, create("/p/x", 0), nil, zkproto.SessionMoved},
		{"path without slash", 1, zkproto.OpCreate, create("p", 0), nil, zkproto.BadArguments},
		{"path with NUL", 1, zkproto.OpCreate, create("/p/\x00", 0), nil, zkproto.BadArguments},
		{"bad ACL, and no parent", 1, zkproto.OpCreate, create("/q/x", 0, acl(1, "world", "me")), nil, zkproto.InvalidACL},
		{"empty ACL", 1, zkproto.OpCreate, create("/p/x", 0, []zkproto.ACL{}...), nil, zkproto.OK},
		{"auth ACL of nobody", 1, zkproto.OpCreate, create("/p/x", 0, acl(31, "auth", "")), nil, zkproto.InvalidACL},
		{"null id", 1, zkproto.OpCreate, create("/p/x", 0, zkproto.ACL{Perms: 31, ID: zkproto.ID{Null: true}}), nil, zkproto.InvalidACL},
		{"no parent", 1, zkproto.OpCreate, create("/q/x", 0), nil, zkproto.NoNode},
		{"empty segment is a missing parent", 1, zkproto.OpCreate, create("/p//b", 0), nil, zkproto.NoNode},
		{"no CREATE on the parent, and a bad path", 1, zkproto.OpCreate, create("/owned/.", 0), []zkproto.ID{other}, zkproto.NoAuth},
		{"bad path, and it exists not", 1, zkproto.OpCreate, create("/p/..", 0), nil, zkproto.BadArguments},
		{"exists", 1, zkproto.OpCreate, create("/p/e", 0), nil, zkproto.NodeExists},
		{"the root", 1, zkproto.OpCreate, create("/", 0), nil, zkproto.NodeExists},
		{"child of an ephemeral", 1, zkproto.OpCreate2, create("/p/e/c", 0), nil, zkproto.NoChildrenForEphemerals},
		{"allowed by ACL", 1, zkproto.OpCreate, create("/owned/x", 0), []zkproto.ID{other, user}, zkproto.OK},
		{"allowed to super", 1, zkproto.OpCreate, create("/owned/y", 0), []zkproto.ID{SuperID}, zkproto.OK},

		{"delete the root", 1, zkproto.OpDelete, version("/", -1), nil, zkproto.BadArguments},
		{"delete /zookeeper/quota", 1, zkproto.OpDelete, version("/zookeeper/quota", -1), nil, zkproto.BadArguments},
		{"delete without DELETE", 1, zkproto.OpDelete, version("/owned/x", 7), []zkproto.ID{other}, zkproto.NoAuth},
		{"delete nothing", 1, zkproto.OpDelete, version("/p/none", 3), nil, zkproto.NoNode},
		{"delete below nothing", 1, zkproto.OpDelete, version("/none/none", 3), nil, zkproto.NoNode},
		{"delete another version, with children", 1, zkproto.OpDelete, version("/p/n", 3), nil, zkproto.BadVersion},
		{"delete with children", 1, zkproto.OpDelete, version("/p/n", 0), nil, zkproto.NotEmpty},
		{"delete without a session", 9, zkproto.OpDelete, version("/", 0), nil, zkproto.SessionExpired},

		{"set a bad path", 1, zkproto.OpSetData, set("/p/", 3), nil, zkproto.BadArguments},
		{"set nothing", 1, zkproto.OpSetData, set("/none", 3), nil, zkproto.NoNode},
		{"set without WRITE", 1, zkproto.OpSetData, set("/owned", 3), []zkproto.ID{other}, zkproto.NoAuth},
		{"set another version", 1, zkproto.OpSetData, set("/p", 3), nil, zkproto.BadVersion},

		{"setACL, bad ACL on nothing", 1, zkproto.OpSetACL, &zkproto.SetACLRequest{Path: "/none"}, nil, zkproto.InvalidACL},
		{"setACL on nothing", 1, zkproto.OpSetACL, &zkproto.SetACLRequest{Path: "/none", ACL: openACL}, nil, zkproto.NoNode},
		{"setACL without ADMIN", 1, zkproto.OpSetACL, &zkproto.SetACLRequest{Path: "/owned", ACL: openACL, Version: 9}, []zkproto.ID{other}, zkproto.NoAuth},
		{"setACL of another version", 1, zkproto.OpSetACL, &zkproto.SetACLRequest{Path: "/p", ACL: openACL, Version: 9}, nil, zkproto.BadVersion},

		{"reap a persistent node", 0, zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: "/p/n/c"}, nil, zkproto.BadVersion},
		{"reap an ephemeral node", 0, zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: "/p/e"}, nil, zkproto.BadVersion},
		{"reap with children", 0, zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: "/p/n"}, nil, zkproto.NotEmpty},
		{"reap nothing", 0, zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: "/none"}, nil, zkproto.NoNode},
		{"reap a container", 0, zkproto.OpDeleteContainer, &zkproto.PathRequest{Path: "/container"}, nil, zkproto.OK},

		{"a check by itself", 1, zkproto.OpCheck, version("/p", 0), nil, zkproto.Unimplemented},
		{"reconfig", 1, zkproto.OpReconfig, &zkproto.ReconfigRequest{}, nil, zkproto.ReconfigDisabled},
		{"a body cut short", 1, zkproto.OpCreate, &zkproto.PathRequest{Path: "/p/x"}, nil, zkproto.MarshallingError},
	}
	for _, applied := range []bool{false, true} {
		for _, r := range rows {
			if r.name == "empty ACL" {
				r.rec = &zkproto.CreateRequest{Path: "/p/x", ACL: []zkproto.ACL{}}
				r.want = zkproto.InvalidACL
			}
			b := newBench(t, Options{Tree: znode.Options{ExtendedTypes: true}})
			for _, q := range []*zkproto.CreateRequest{
				create("/p", 0), create("/p/e", zkproto.ModeEphemeral), create("/p/n", 0), create("/p/n/c", 0),
				create("/owned", 0, zkproto.ACL{Perms: zkproto.PermAll, ID: user}),
			} {
				b.ask(1, zkproto.OpCreate, q)
			}
			b.ask(1, zkproto.OpCreateContainer, create("/container", zkproto.ModeContainer))
			if applied {
				b.apply(len(b.late))
			}
			if got := code(b.ask(r.session, r.op, r.rec, r.ids...)); got != r.want {
				t.Errorf("%s (applied %v): %v, want %v", r.name, applied, got, r.want)
			}
		}
	}
}

func TestNext_WithoutExtendedTypes(t *testing.T) {
	b := newBench(t, Options{Reconfig: true})
	if got := code(b.ask(1, zkproto.OpCreateTTL, createTTL("/t", zkproto.ModePersistentTTL, 5))); got != zkproto.Unimplemented {
		t.Errorf("createTTL: %v", got)
	}
	if got := code(b.ask(1, zkproto.OpReconfig, &zkproto.ReconfigRequest{})); got != zkproto.Unimplemented {
		t.Errorf("reconfig of a standalone server: %v", got)
	}
}

func TestNext_SequenceIsTheParentsStoredCversion(t *testing.T) {
	b := newBench(t, Options{})
	b.ask(1, zkproto.OpCreate, create("/p", 0))
	b.ask(1, zkproto.OpCreate, create("/p/a", 0))
	b.ask(1, zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/p/a", Version: -1})
	for _, want := range []string{"/p/s0000000001", "/p/0000000002"} {
		x := b.ask(1, zkproto.OpCreate, create(want[:len(want)-10], zkproto.ModeEphemeralSequential))
		if c, ok := x.Body.(*txn.Create); !ok || c.Path != want || !c.Ephemeral {
			t.Errorf("created %+v, want %s", x.Body, want)
		}
	}
	for n, want := range map[int32]string{
		0: "0000000000", 2147483647: "2147483647", -2147483648: "-2147483648", -5: "-000000005",
	} {
		if got := sequence(n); got != want {
			t.Errorf("sequence(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestNext_MultiSeesItsOwnChangesAndUndoesThem(t *testing.T) {
	b := newBench(t, Options{})
	op := func(op zkproto.OpCode, rec zkproto.Record) zkproto.MultiOp { return zkproto.MultiOp{Op: op, Req: rec} }
	good := []zkproto.MultiOp{
		op(zkproto.OpCreate, create("/m", 0)),
		op(zkproto.OpCreate2, create("/m/e", zkproto.ModeEphemeral)),
		op(zkproto.OpCheck, &zkproto.PathVersionRequest{Path: "/m"}),
		op(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/m", Version: 0}),
		op(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/m/e"}),
	}
	bad := append(append([]zkproto.MultiOp{}, good...),
		op(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/m", Version: 7}),
		op(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/m", Version: -1}))
	x := b.ask(1, zkproto.OpMulti, &zkproto.MultiRequest{Ops: bad})
	m := x.Body.(*txn.Multi)
	if x.Type != zkproto.OpMulti || !m.Failed() {
		t.Fatalf("multi is %v with %+v", x.Type, m)
	}
	for i, want := range map[int]zkproto.Code{5: zkproto.BadVersion, 6: zkproto.RuntimeInconsistency} {
		if got := m.Subs[i].Body.(*txn.Error).Code; got != want {
			t.Errorf("operation %d: %v, want %v", i, got, want)
		}
	}
	if n := b.p.Pending(); n != 0 || len(b.p.overlay.born) != 0 {
		t.Errorf("%d records are left of a failed multi, and %v", n, b.p.overlay.born)
	}
	if m := b.ask(1, zkproto.OpMulti, &zkproto.MultiRequest{Ops: good}).Body.(*txn.Multi); m.Failed() {
		t.Errorf("the same multi without its last operations failed: %+v", m)
	}
	if m := b.ask(1, zkproto.OpMulti, &zkproto.MultiRequest{}).Body.(*txn.Multi); len(m.Subs) != 0 {
		t.Errorf("empty multi: %+v", m)
	}
}

func TestNext_CloseSessionListsWhatTheTreeHasNotYet(t *testing.T) {
	b := newBench(t, Options{})
	b.ask(1, zkproto.OpCreate, create("/a", zkproto.ModeEphemeral))
	b.ask(1, zkproto.OpCreate, create("/b", zkproto.ModeEphemeral))
	b.apply(2)
	b.ask(1, zkproto.OpCreate, create("/c", zkproto.ModeEphemeral))
	b.ask(2, zkproto.OpCreate, create("/d", zkproto.ModeEphemeral))
	b.ask(1, zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/a"})
	got := b.ask(1, zkproto.OpCloseSession, nil).Body.(*txn.CloseSession).Paths
	if strings.Join(got, " ") != "/b /c" {
		t.Errorf("paths %v", got)
	}
	if got := code(b.ask(1, zkproto.OpCreate, create("/x", 0))); got != zkproto.SessionExpired {
		t.Errorf("a write after closeSession: %v", got)
	}
	if got := code(b.ask(2, zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/c"})); got != zkproto.NoNode {
		t.Errorf("the ephemeral is still there: %v", got)
	}
	if got := b.ask(1, zkproto.OpCloseSession, nil).Body.(*txn.CloseSession).Paths; got == nil || len(got) != 0 {
		t.Errorf("paths of a second close: %#v", got)
	}
}

func TestNext_QuotaIsEnforcedWhenAsked(t *testing.T) {
	for _, enforce := range []bool{false, true} {
		b := newBench(t, Options{EnforceQuota: enforce})
		limits := create("/zookeeper/quota/q/zookeeper_limits", 0)
		limits.Data = []byte("count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=2")
		for _, q := range []*zkproto.CreateRequest{create("/q", 0), create("/zookeeper/quota/q", 0), limits,
			create("/zookeeper/quota/q/zookeeper_stats", 0), create("/q/a", 0)} {
			if got := code(b.ask(1, zkproto.OpCreate, q)); got != zkproto.OK {
				t.Fatal(q.Path, got)
			}
		}
		b.apply(len(b.late))
		want := zkproto.OK
		if enforce {
			want = zkproto.QuotaExceeded
		}
		if got := code(b.ask(1, zkproto.OpCreate, create("/q/b", 0))); got != want {
			t.Errorf("enforce %v: create is %v", enforce, got)
		}
		if got := code(b.ask(1, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/q/a", Data: []byte("12345"), Version: -1})); got != want {
			t.Errorf("enforce %v: setData is %v", enforce, got)
		}
		if got := code(b.ask(1, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/q/a", Data: []byte("12"), Version: -1})); got != zkproto.OK {
			t.Errorf("enforce %v: small setData is %v", enforce, got)
		}
	}
}

func TestAuth(t *testing.T) {
	digest, err := NewDigest("u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=", "SHA1")
	if err != nil {
		t.Fatal(err)
	}
	a := NewAuth(false, digest)
	ids, ok := a.Login("digest", "", []byte("u:p"))
	if !ok || len(ids) != 2 || ids[0] != SuperID || ids[1] != user {
		t.Errorf("login gives %v, %v", ids, ok)
	}
	if _, ok := a.Login("sasl", "", nil); ok {
		t.Error("an unknown scheme logs in")
	}
	for id, want := range map[string]bool{"a:b": true, ":b": true, "a:b::": true, "a": false, "a:": false, "a:b:c": false, "": false} {
		if digest.ValidID(id) != want {
			t.Errorf("digest id %q: valid is %v", id, !want)
		}
	}
	nullID := zkproto.ACL{Perms: 31, ID: zkproto.ID{Scheme: "auth", Null: true}}
	if fixed, ok := a.Fix([]zkproto.ACL{nullID}, []zkproto.ID{user}); !ok || len(fixed) != 1 || fixed[0].ID != user {
		t.Errorf("auth with a null id became %v, %v", fixed, ok)
	}
	fixed, ok := a.Fix([]zkproto.ACL{acl(1, "world", "anyone"), acl(31, "auth", "whatever"), acl(1, "world", "anyone")}, []zkproto.ID{{Scheme: "ip", ID: "::1"}, user})
	if !ok || len(fixed) != 2 || fixed[1].ID != user || fixed[1].Perms != 31 {
		t.Errorf("fixed ACL %v, %v", fixed, ok)
	}
	if _, err := NewDigest("", "MD4"); err == nil {
		t.Error("MD4 is taken")
	}
	if !NewAuth(true).Allowed([]zkproto.ACL{{Perms: 31, ID: user}}, 1, nil) {
		t.Error("skipACL does not skip")
	}
}
