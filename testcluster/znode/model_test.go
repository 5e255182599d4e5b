package znode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// model is what a tree should hold, as plainly as it can be said. It also makes the transactions, all of which are
// such as prep would let through.
type model struct {
	rnd      *rand.Rand
	zxid     zkproto.Zxid
	nodes    map[string]*modelNode
	maxBytes int // of one node's data
}

type modelNode struct {
	stat zkproto.StatPersisted
	data []byte
	acl  []zkproto.ACL
	kids int
}

var modelOptions = Options{ExtendedTypes: true, Digest: true}

func newModel(seed uint64, maxBytes int) *model {
	read := []zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}}
	return &model{
		rnd: rand.New(rand.NewPCG(seed, 1)), maxBytes: maxBytes,
		nodes: map[string]*modelNode{
			"/":                 {data: []byte{}, acl: zkproto.OpenACL(), kids: 1},
			"/zookeeper":        {data: []byte{}, acl: zkproto.OpenACL(), kids: 2},
			"/zookeeper/quota":  {data: []byte{}, acl: zkproto.OpenACL()},
			"/zookeeper/config": {data: []byte{}, acl: read, stat: zkproto.StatPersisted{Aversion: -1}},
		},
	}
}

func (m *model) path() string {
	var b strings.Builder
	for range 1 + m.rnd.IntN(4) {
		b.WriteByte('/')
		b.WriteString([]string{"a", "bb", "c€", "d𝄞"}[m.rnd.IntN(4)])
	}
	return b.String()
}

func (m *model) bytes() []byte {
	n := m.rnd.IntN(m.maxBytes)
	switch m.rnd.IntN(20) {
	case 0:
		return nil
	case 1:
		n = 0
	case 2:
		n *= 20
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.rnd.Uint32())
	}
	return b
}

func (m *model) acls() []zkproto.ACL {
	switch n := m.rnd.IntN(12); n {
	case 0:
		return nil
	case 1:
		return []zkproto.ACL{}
	default:
		return []zkproto.ACL{{Perms: zkproto.Perms(n), ID: zkproto.ID{Scheme: "digest", ID: "u:x"}}}
	}
}

// next makes a transaction and takes it into the model.
func (m *model) next() *txn.Txn {
	m.zxid++
	x := &txn.Txn{Header: txn.Header{Session: zkproto.SessionID(1 + m.rnd.IntN(3)), Zxid: m.zxid, Time: 1000 + int64(m.zxid)}}
	switch m.rnd.IntN(40) {
	case 0:
		x.Type, x.Body = zkproto.OpCloseSession, m.closeSession(x)
	case 1:
		x.Type, x.Body = zkproto.OpError, &txn.Error{Code: zkproto.NoNode}
	case 2:
		x.Type, x.Body = zkproto.OpCreateSession, &txn.CreateSession{Timeout: 1}
	case 3:
		x.Type, x.Body = zkproto.OpMulti, m.toggleQuota(x)
	case 4, 5, 6, 7:
		var b txn.Multi
		for range m.rnd.IntN(5) {
			op, body := m.op(x)
			b.Subs = append(b.Subs, txn.Sub{Type: op, Body: body})
		}
		x.Type, x.Body = zkproto.OpMulti, &b
	case 8:
		x.Type, x.Body = zkproto.OpMulti, &txn.Multi{Subs: []txn.Sub{
			{Type: zkproto.OpSetData, Body: &txn.SetData{Path: "/"}},
			{Type: zkproto.OpError, Body: &txn.Error{Code: zkproto.NoNode}},
		}}
	default:
		x.Type, x.Body = m.op(x)
		if x.Type == zkproto.OpCheck {
			x.Type, x.Body = zkproto.OpError, &txn.Error{Code: zkproto.BadVersion}
		}
	}
	return x
}

// op makes one operation, which the model's state allows.
func (m *model) op(x *txn.Txn) (zkproto.OpCode, txn.Body) {
	for {
		path := m.path()
		n, parent := m.nodes[path], m.nodes[zkproto.Parent(path)]
		switch k := m.rnd.IntN(20); {
		case n == nil && parent != nil && (parent.stat.EphemeralOwner == 0 || parent.stat.EphemeralOwner == ContainerOwner):
			return m.create(x, path)
		case n == nil:
		case k < 10 && n.kids == 0:
			return m.delete(x, path)
		case k < 15:
			b := &txn.SetData{Path: path, Data: m.bytes(), Version: n.stat.Version + 1}
			n.data, n.stat.Version, n.stat.Mzxid, n.stat.Mtime = b.Data, b.Version, x.Zxid, x.Time
			return zkproto.OpSetData, b
		case k < 19:
			b := &txn.SetACL{Path: path, ACL: m.acls(), Version: n.stat.Aversion + 1}
			n.acl, n.stat.Aversion = b.ACL, b.Version
			return zkproto.OpSetACL, b
		default:
			return zkproto.OpCheck, &txn.Check{Path: path, Version: n.stat.Version}
		}
	}
}

func (m *model) create(x *txn.Txn, path string) (zkproto.OpCode, txn.Body) {
	c := txn.CreateContainer{Path: path, Data: m.bytes(), ACL: m.acls()}
	switch m.rnd.IntN(8) {
	case 0:
		c.ParentCversion = m.add(x, path, c.Data, c.ACL, ContainerOwner)
		return zkproto.OpCreateContainer, &c
	case 1:
		ttl := 1 + m.rnd.Int64N(zkproto.MaxTTL)
		c.ParentCversion = m.add(x, path, c.Data, c.ACL, TTLOwner(ttl))
		return zkproto.OpCreateTTL, &txn.CreateTTL{CreateContainer: c, TTL: ttl}
	}
	b := &txn.Create{Path: path, Data: c.Data, ACL: c.ACL, Ephemeral: m.rnd.IntN(4) == 0}
	owner := int64(0)
	if b.Ephemeral {
		owner = int64(x.Session)
	}
	b.ParentCversion = m.add(x, path, c.Data, c.ACL, owner)
	return [...]zkproto.OpCode{zkproto.OpCreate, zkproto.OpCreate2}[m.rnd.IntN(2)], b
}

func (m *model) add(x *txn.Txn, path string, data []byte, acl []zkproto.ACL, owner int64) (parentCversion int32) {
	p := m.nodes[zkproto.Parent(path)]
	p.kids++
	p.stat.Cversion++
	p.stat.Pzxid = x.Zxid
	m.nodes[path] = &modelNode{data: data, acl: acl, stat: zkproto.StatPersisted{
		Czxid: x.Zxid, Mzxid: x.Zxid, Pzxid: x.Zxid, Ctime: x.Time, Mtime: x.Time, EphemeralOwner: owner,
	}}
	return p.stat.Cversion
}

func (m *model) delete(x *txn.Txn, path string) (zkproto.OpCode, txn.Body) {
	p := m.nodes[zkproto.Parent(path)]
	p.kids--
	p.stat.Pzxid = x.Zxid
	delete(m.nodes, path)
	return [...]zkproto.OpCode{zkproto.OpDelete, zkproto.OpDeleteContainer}[m.rnd.IntN(2)], &txn.Delete{Path: path}
}

func (m *model) ephemerals(s zkproto.SessionID) []string {
	paths := []string{}
	for path, n := range m.nodes {
		if n.stat.EphemeralOwner == int64(s) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func (m *model) closeSession(x *txn.Txn) txn.Body {
	b := &txn.CloseSession{Paths: m.ephemerals(x.Session)}
	for _, path := range b.Paths {
		m.delete(x, path)
	}
	return b
}

// toggleQuota sets or removes the quota of a path, whose node need not exist.
func (m *model) toggleQuota(x *txn.Txn) txn.Body {
	top := quotaPath + []string{"/a", "/bb"}[m.rnd.IntN(2)]
	paths := []string{top, top + "/" + limitsName, top + "/" + statsName}
	var b txn.Multi
	if m.nodes[top] != nil {
		slices.Reverse(paths)
		for _, path := range paths {
			_, body := m.delete(x, path)
			b.Subs = append(b.Subs, txn.Sub{Type: zkproto.OpDelete, Body: body})
		}
		return &b
	}
	for _, path := range paths {
		c := &txn.Create{Path: path, Data: []byte("count=9,bytes=9"), ACL: zkproto.OpenACL()}
		c.ParentCversion = m.add(x, path, c.Data, c.ACL, 0)
		b.Subs = append(b.Subs, txn.Sub{Type: zkproto.OpCreate, Body: c})
	}
	return &b
}

// data is a node's data; that of a stats node is what is in use below its path.
func (m *model) data(path string) []byte {
	top, ok := strings.CutSuffix(path, "/"+statsName)
	if !ok {
		return m.nodes[path].data
	}
	top = strings.TrimPrefix(top, quotaPath)
	count, bytes := 0, 0
	for p, n := range m.nodes {
		if p == top || strings.HasPrefix(p, top+"/") {
			count++
			bytes += len(n.data)
		}
	}
	return fmt.Appendf(nil, "count=%d,bytes=%d", count, bytes)
}

func (m *model) digest() (sum uint64) {
	for path, n := range m.nodes {
		if strings.HasPrefix(path, "/zookeeper/") {
			continue
		}
		b := append([]byte(strings.TrimSuffix(path, "/")), n.data...)
		s := n.stat
		for _, v := range []any{s.Czxid, s.Mzxid, s.Pzxid, s.Ctime, s.Mtime, s.Version, s.Cversion, s.Aversion, s.EphemeralOwner} {
			b, _ = binary.Append(b, binary.BigEndian, v)
		}
		sum += uint64(crc32.ChecksumIEEE(b))
	}
	return sum
}

// compare reports every difference between a tree and the model.
func (m *model) compare(t *testing.T, tr *Tree) {
	t.Helper()
	size := len(m.nodes["/"].data)
	for path, want := range m.nodes {
		n, ok := tr.Find(path)
		if !ok {
			t.Errorf("%s is missing", path)
			continue
		}
		data := m.data(path)
		size += int(javaLen(path)) + len(data)
		if got := tr.Persisted(n); got != want.stat {
			t.Errorf("%s:\n got %+v\nwant %+v", path, got, want.stat)
		}
		if got := tr.Data(n); !bytes.Equal(got, data) || (got == nil) != (data == nil) {
			t.Errorf("%s: data %q, want %q", path, got, data)
		}
		acl := want.acl
		if acl == nil {
			acl = zkproto.OpenACL()
		}
		if !slices.Equal(tr.ACL(n), acl) {
			t.Errorf("%s: ACL %v, want %v", path, tr.ACL(n), acl)
		}
		if tr.NumChildren(n) != want.kids || tr.Path(n) != path {
			t.Errorf("%s: %d children, want %d; path %s", path, tr.NumChildren(n), want.kids, tr.Path(n))
		}
	}
	if tr.NodeCount() != len(m.nodes)+1 || tr.Descendants("/") != len(m.nodes)-1 {
		t.Errorf("%d nodes, want %d", tr.NodeCount(), len(m.nodes)+1)
	}
	if tr.DataSize() != int64(size) || tr.Digest() != m.digest() || tr.LastZxid() != m.zxid {
		t.Errorf("size %d, digest %x, zxid %v; want %d, %x, %v", tr.DataSize(), tr.Digest(), tr.LastZxid(), size, m.digest(), m.zxid)
	}
	ephemerals := 0
	for s := zkproto.SessionID(1); s <= 3; s++ {
		want := m.ephemerals(s)
		ephemerals += len(want)
		if got := tr.Ephemerals(s); !slices.Equal(got, want) {
			t.Errorf("session %v has %q, want %q", s, got, want)
		}
	}
	if tr.EphemeralCount() != ephemerals {
		t.Errorf("%d ephemerals, want %d", tr.EphemeralCount(), ephemerals)
	}
}

func TestApply_RandomTransactionsAgainstModel(t *testing.T) {
	for seed := range uint64(6) {
		// The odd seeds write enough for the arena to be compacted.
		m, tr := newModel(seed, []int{40, 4000}[seed%2]), New(modelOptions)
		for range 3000 {
			x := m.next()
			_, events := tr.Apply(x, nil)
			if len(events) > 0 && (x.Type == zkproto.OpError || x.Type == zkproto.OpSetACL) {
				t.Fatalf("seed %d: %v made events %v", seed, x.Type, events)
			}
			if x.Zxid%50 == 0 {
				m.compare(t, tr)
				verify(t, tr)
			}
			if t.Failed() {
				t.Fatalf("seed %d: after %v %v %+v", seed, x.Zxid, x.Type, x.Body)
			}
		}
	}
}
