package history

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check"
)

// told is an operation on /k between two moments.
func told(call, ret int64, o Op) Op {
	o.Path, o.Call, o.Return, o.Unknown = "/k", call, ret, ret == never
	if o.Kind == SyncRead || o.Kind == Create {
		o.Version = -1
	}
	return o
}

const never = -1 // no answer

func create() Op { return Op{Kind: Create, Value: "a"} }
func set(value string, version, got int32) Op {
	return Op{Kind: Set, Value: value, Version: version, GotVersion: got}
}
func read(value string, version int32) Op { return Op{Kind: SyncRead, Got: value, GotVersion: version} }
func refused(k Kind, c zkproto.Code) Op   { return Op{Kind: k, Version: -1, Code: c} }

func TestLinearizable(t *testing.T) {
	for name, test := range map[string]struct {
		ops []Op
		ok  bool
	}{
		"in turn":                        {[]Op{told(0, 1, create()), told(2, 3, read("a", 0)), told(4, 5, set("b", 0, 1)), told(6, 7, read("b", 1))}, true},
		"a stale read":                   {[]Op{told(0, 1, create()), told(2, 3, set("b", 0, 1)), told(4, 5, read("a", 0))}, false},
		"either, beside":                 {[]Op{told(0, 1, create()), told(2, 9, set("b", 0, 1)), told(3, 4, read("a", 0)), told(5, 6, read("b", 1))}, true},
		"back again":                     {[]Op{told(0, 1, create()), told(2, 9, set("b", 0, 1)), told(3, 4, read("b", 1)), told(5, 6, read("a", 0))}, false},
		"lost":                           {[]Op{told(0, 1, create()), told(2, 3, refused(SyncRead, zkproto.NoNode))}, false},
		"no answer, done":                {[]Op{told(0, 1, create()), told(2, never, set("b", -1, 0)), told(10, 11, read("b", 1))}, true},
		"no answer, not done":            {[]Op{told(0, 1, create()), told(2, never, set("b", -1, 0)), told(10, 11, read("a", 0))}, true},
		"no answer, done late":           {[]Op{told(0, 1, create()), told(2, never, set("b", -1, 0)), told(10, 11, read("a", 0)), told(12, 13, read("b", 1))}, true},
		"no answer, done and undone":     {[]Op{told(0, 1, create()), told(2, never, set("b", -1, 0)), told(10, 11, read("b", 1)), told(12, 13, read("a", 0))}, false},
		"no answer, done twice":          {[]Op{told(0, 1, create()), told(2, never, set("b", -1, 0)), told(10, 11, read("b", 2))}, false},
		"one version twice":              {[]Op{told(0, 1, create()), told(2, 8, set("b", 0, 1)), told(3, 9, set("c", 0, 1))}, false},
		"a deletion refused for nothing": {[]Op{told(0, 1, create()), told(2, 3, refused(Delete, zkproto.NoNode))}, false},
	} {
		v := Linearizable(test.ops, SyncReads, time.Minute)
		if v.Znodes != 1 || v.Ops != len(test.ops) || v.Undecided != 0 || (len(v.Problems) == 0) != test.ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestLinearizable_JudgesTheReadsThatItIsToldTo(t *testing.T) {
	stale := []Op{told(0, 1, create()), told(2, 3, set("b", 0, 1)), told(4, 5, read("a", 0))}
	stale[2].Kind = Read
	for reads, bad := range map[Reads]int{SyncReads: 0, AllReads: 1, NoReads: 0} {
		if v := Linearizable(stale, reads, time.Minute); len(v.Problems) != bad {
			t.Errorf("reads %d: %+v", reads, v)
		}
	}
}

// at is a write that was answered with a zxid.
func at(call, ret int64, client int, zxid zkproto.Zxid) Op {
	return Op{Client: client, Session: zkproto.SessionID(client), Kind: Set, Path: "/k", Value: "v", Call: call, Return: ret, Zxid: zxid, Mzxid: zxid}
}

func of(o Op, k Kind) Op { o.Kind = k; return o }

func TestOrdered(t *testing.T) {
	for name, test := range map[string]struct {
		ops  []Op
		rule string
	}{
		"in order":                 {[]Op{at(0, 1, 1, 1), at(2, 3, 2, 2)}, ""},
		"beside each other":        {[]Op{at(0, 3, 1, 2), at(1, 2, 2, 1)}, ""},
		"one zxid twice":           {[]Op{at(0, 3, 1, 2), at(1, 2, 2, 2)}, "two writes have one zxid"},
		"against time":             {[]Op{at(0, 1, 1, 2), at(2, 3, 2, 1)}, "a write that was called after another was answered has a lower zxid"},
		"against a write long ago": {[]Op{at(0, 1, 1, 9), at(2, 3, 2, 10), at(4, 5, 3, 8)}, "a write that was called after another was answered has a lower zxid"},
		"a stale sync-read":        {[]Op{at(0, 1, 1, 2), of(at(2, 3, 2, 1), SyncRead)}, "a sync-read that was called after a write was answered has a lower zxid"},
		"a fresh sync-read":        {[]Op{at(0, 1, 1, 2), of(at(2, 3, 2, 2), SyncRead)}, ""},
		"a stale read":             {[]Op{at(0, 1, 1, 2), of(at(2, 3, 2, 1), Read)}, ""},
		"a session goes back":      {[]Op{of(at(0, 1, 1, 2), Read), of(at(2, 3, 1, 1), Read)}, "a session saw a newer state before"},
		"a session writes twice":   {[]Op{of(at(0, 1, 1, 2), Read), at(0, 1, 1, 2)}, "a session's write has a zxid that the session saw before"},
	} {
		expect(t, name, Ordered(test.ops), test.rule)
	}
	both := []Op{at(0, 1, 1, 2), at(0, 1, 1, 2)}
	both[0].Multi, both[1].Multi, both[1].Path = 7, 7, "/l"
	expect(t, "one transaction", Ordered(both), "")
}

// expect demands that a rule is among the problems, or that there is none.
func expect(t *testing.T, name string, found []Problem, rule string) {
	t.Helper()
	for _, p := range found {
		if p.Rule == rule {
			return
		}
	}
	if rule != "" || len(found) > 0 {
		t.Errorf("%s: %q is not what is found: %v", name, rule, found)
	}
}

func TestConsistent(t *testing.T) {
	got := func(zxid, mzxid zkproto.Zxid, value string, version int32) Op {
		return Op{Kind: Read, Path: "/k", Zxid: zxid, Mzxid: mzxid, Got: value, GotVersion: version}
	}
	gone := Op{Kind: Read, Path: "/k", Zxid: 5, Code: zkproto.NoNode}
	lostDelete := Op{Kind: Delete, Path: "/k", Unknown: true}
	write := at(0, 1, 1, 3)
	for name, test := range map[string]struct {
		ops  []Op
		rule string
	}{
		"as written":                 {[]Op{write, got(3, 3, "v", 0)}, ""},
		"another value":              {[]Op{write, got(3, 3, "w", 0)}, "one path and one mzxid have two states"},
		"another version":            {[]Op{write, got(3, 3, "v", 1)}, "one path and one mzxid have two states"},
		"two readers":                {[]Op{got(3, 2, "v", 0), got(3, 2, "w", 0)}, "one path and one mzxid have two states"},
		"older, not applied yet":     {[]Op{write, got(2, 1, "u", 0)}, ""},
		"older, although applied":    {[]Op{write, got(3, 1, "u", 0)}, "a server had applied a write, and showed an older state"},
		"newer than applied":         {[]Op{write, got(2, 3, "v", 0)}, "a read saw what its server had not applied"},
		"gone":                       {[]Op{write, gone}, "a server had applied a write, and did not have the znode"},
		"gone, perhaps deleted":      {[]Op{write, lostDelete, gone}, ""},
		"gone, deleted":              {[]Op{write, of(at(2, 3, 1, 4), Delete), gone}, ""},
		"gone, and written since":    {[]Op{of(at(2, 3, 1, 4), Delete), at(2, 3, 1, 9), gone}, ""},
		"there, deleted and applied": {[]Op{write, of(at(2, 3, 1, 4), Delete), got(5, 3, "v", 0)}, "a server had applied a write, and showed an older state"},
	} {
		expect(t, name, Consistent(test.ops), test.rule)
	}
}

func TestKept(t *testing.T) {
	tree := func(mzxid zkproto.Zxid, value string) map[string]check.Node {
		return map[string]check.Node{"/k": {Data: []byte(value), Stat: zkproto.Stat{Mzxid: mzxid}}}
	}
	write, deleted := at(0, 1, 1, 3), of(at(2, 3, 1, 4), Delete)
	unanswered := Op{Kind: Set, Path: "/k", Unknown: true}
	lostDelete := Op{Kind: Delete, Path: "/k", Unknown: true}
	for name, test := range map[string]struct {
		ops  []Op
		tree map[string]check.Node
		rule string
	}{
		"there":                       {[]Op{write}, tree(3, "v"), ""},
		"not there":                   {[]Op{write}, nil, "an acknowledged write is lost"},
		"an older state":              {[]Op{write}, tree(2, "u"), "an acknowledged write is lost"},
		"another value":               {[]Op{write}, tree(3, "u"), "an acknowledged write has another value"},
		"nobody's":                    {[]Op{write}, tree(9, "u"), "a znode has a state that nobody wrote"},
		"of a write without answer":   {[]Op{write, unanswered}, tree(9, "u"), ""},
		"deleted":                     {[]Op{write, deleted}, nil, ""},
		"deleted and there":           {[]Op{write, deleted}, tree(3, "v"), "a deleted znode is there"},
		"deleted, perhaps made again": {[]Op{write, deleted, unanswered}, tree(9, "v"), ""},
		"deleted, and not really":     {[]Op{write, deleted, unanswered}, tree(3, "v"), "a deleted znode is there"},
		"perhaps deleted":             {[]Op{write, lostDelete}, nil, ""},
	} {
		expect(t, name, Kept(test.ops, "it", test.tree), test.rule)
	}
}

func TestEncode_Decode(t *testing.T) {
	ops := []Op{told(0, 1, create()), told(2, never, set("b", 0, 1)), at(1, 2, 3, 4), refused(Delete, zkproto.BadVersion)}
	var b bytes.Buffer
	if err := Encode(&b, ops); err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(&b); err != nil || !reflect.DeepEqual(got, ops) {
		t.Errorf("%v, %v", got, err)
	}
}
