package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// model is the znodes of a cluster, with transactions as ZooKeeper has them, and the image that follows from them.
type model struct {
	t     testing.TB
	zxid  zkproto.Zxid
	nodes map[string]*znode
	image *kzk.Builder

	// What a controller knows beside the image.
	dead, leaving map[int32]int64
	unclean       map[string]bool
	keepTopics    bool // delete.topic.enable=false
	ids           map[int64]kproto.UUID
}

type znode struct {
	data []byte
	stat zkproto.Stat
}

// epoch is the controller's, which stays the same.
const epoch = 5

func newModel(t testing.TB) *model {
	m := &model{t: t, nodes: make(map[string]*znode), image: kzk.NewBuilder(), dead: make(map[int32]int64),
		leaving: make(map[int32]int64), unclean: make(map[string]bool), ids: make(map[int64]kproto.UUID)}
	for _, path := range []string{"/brokers", kzk.BrokerIDsPath, kzk.TopicsPath, "/config", "/config/topics", "/admin", kzk.DeleteTopicsPath,
		"/cluster"} {
		m.create(path, "")
	}
	m.create(kzk.ControllerEpochPath, fmt.Sprint(epoch))
	m.create(kzk.ClusterIDPath, `{"version":"1","id":"gYsbFUhpQJKf3PTgpaNjhA"}`)
	return m
}

func (m *model) input() controller.Input {
	return controller.Input{Image: m.image.Image(), Epoch: epoch, EpochVersion: 0, Dead: m.dead, Leaving: m.leaving,
		Unclean: func(topic string) bool { return m.unclean[topic] }, DeleteTopics: !m.keepTopics, IDs: m.ids}
}

// multi carries out all of ops or none: it returns the code of the first that fails, and which one that is.
func (m *model) multi(ops ...zkproto.MultiOp) (int, zkproto.Code) {
	was := make(map[string]*znode, len(m.nodes))
	for path, n := range m.nodes {
		was[path] = n
	}
	m.zxid++
	for i, op := range ops {
		if code := m.apply(op); code != zkproto.OK {
			m.nodes = was
			return i, code
		}
	}
	m.publish(was)
	return 0, zkproto.OK
}

func (m *model) apply(op zkproto.MultiOp) zkproto.Code {
	switch req := op.Req.(type) {
	case *zkproto.CreateRequest:
		parent, _ := splitPath(req.Path)
		switch {
		case m.nodes[req.Path] != nil:
			return zkproto.NodeExists
		case parent != "" && m.nodes[parent] == nil:
			return zkproto.NoNode
		}
		m.nodes[req.Path] = &znode{req.Data, zkproto.Stat{Czxid: m.zxid, Mzxid: m.zxid}}
	case *zkproto.SetDataRequest:
		n, code := m.find(req.Path, req.Version)
		if code != zkproto.OK {
			return code
		}
		stat := n.stat
		stat.Mzxid, stat.Version = m.zxid, stat.Version+1
		m.nodes[req.Path] = &znode{req.Data, stat}
	case *zkproto.PathVersionRequest:
		if _, code := m.find(req.Path, req.Version); code != zkproto.OK || op.Op == zkproto.OpCheck {
			return code
		}
		for path := range m.nodes {
			if strings.HasPrefix(path, req.Path+"/") {
				return zkproto.NotEmpty
			}
		}
		delete(m.nodes, req.Path)
	}
	return zkproto.OK
}

func (m *model) find(path string, version int32) (*znode, zkproto.Code) {
	switch n := m.nodes[path]; {
	case n == nil:
		return nil, zkproto.NoNode
	case version >= 0 && version != n.stat.Version:
		return nil, zkproto.BadVersion
	default:
		return n, zkproto.OK
	}
}

// publish tells the image what has changed, parents first.
func (m *model) publish(was map[string]*znode) {
	for _, path := range m.paths("") {
		if n := m.nodes[path]; was[path] != n {
			if err := m.image.Put(path, n.data, n.stat); err != nil {
				m.t.Fatalf("put %s: %v", path, err)
			}
		}
	}
	for path := range was {
		if m.nodes[path] == nil {
			m.image.Remove(path)
		}
	}
}

// paths are those below root, sorted.
func (m *model) paths(root string) []string {
	var paths []string
	for path := range m.nodes {
		if strings.HasPrefix(path, root) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func splitPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:i], path[i+1:]
}

func (m *model) must(ops ...zkproto.MultiOp) {
	m.t.Helper()
	if i, code := m.multi(ops...); code != zkproto.OK {
		m.t.Fatalf("operation %d: %v", i, code)
	}
}

func (m *model) create(path, data string) {
	m.t.Helper()
	m.must(zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: path, Data: []byte(data)}})
}

func (m *model) set(path string, data []byte) {
	m.t.Helper()
	m.must(zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: path, Data: data, Version: -1}})
}

func (m *model) remove(root string) {
	m.t.Helper()
	paths := m.paths(root)
	slices.Reverse(paths)
	for _, path := range paths {
		if path == root || strings.HasPrefix(path, root+"/") {
			m.must(zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: path, Version: -1}})
		}
	}
}

// carryOut does what a change says as the controller does: trees, parents, then the transaction.
func (m *model) carryOut(c controller.Change) zkproto.Code {
	for _, root := range c.Trees {
		m.remove(root)
	}
	for _, op := range c.Parents {
		if _, code := m.multi(controller.Fence(0), op); code != zkproto.OK && code != zkproto.NodeExists {
			return code
		}
	}
	_, code := m.multi(append([]zkproto.MultiOp{controller.Fence(0)}, c.Ops...)...)
	return code
}

// register starts a broker.
func (m *model) register(id int32) { m.registerSince(id, 0) }

// renew gives a broker that has lost its session another one.
func (m *model) renew(id int32) { m.registerSince(id, m.image.Image().Brokers[id].FirstEpoch) }

func (m *model) registerSince(id int32, first int64) {
	if m.nodes[kzk.BrokerPath(id)] != nil {
		m.remove(kzk.BrokerPath(id))
	}
	b := &kzk.Broker{ID: id, FirstEpoch: first, Host: "127.0.0.1", Port: 9090 + id, Version: 5,
		Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: 9090 + id}}}
	m.create(kzk.BrokerPath(id), string(kzk.EncodeBroker(b)))
}

// learnIDs is what the controller does before it plans.
func (m *model) learnIDs() {
	image := m.image.Image()
	for _, t := range image.Topics {
		switch _, known := m.ids[t.Czxid]; {
		case t.HasID:
			m.ids[t.Czxid] = t.ID
		case !known:
			m.ids[t.Czxid] = controller.DerivedID(image.ClusterID, t)
			if n := m.nodes[kzk.PartitionsPath(t.Name)]; n != nil {
				if id, ok := controller.RememberedID(n.data); ok {
					m.ids[t.Czxid] = id
				}
			}
		}
	}
}
