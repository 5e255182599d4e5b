package zkserver

import (
	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// serveWatch serves the operations that are about watches alone. None looks at ACLs: that is
// done when there is something to tell.
func (c *conn) serveWatch(op zkproto.OpCode, r *jute.Reader) zkproto.Code {
	switch op {
	case zkproto.OpAddWatch:
		var q zkproto.AddWatchRequest
		if q.Decode(r); r.Err() != nil || q.Mode != zkproto.AddWatchPersistent && q.Mode != zkproto.AddWatchPersistentRecursive {
			return zkproto.MarshallingError
		}
		c.s.watches.addWatch(c, q.Path, q.Mode)
		c.out = (&zkproto.ErrorResponse{}).AppendTo(c.out)
	case zkproto.OpCheckWatches, zkproto.OpRemoveWatches:
		var q zkproto.PathWatcherTypeRequest
		if q.Decode(r); r.Err() != nil {
			return zkproto.MarshallingError
		}
		look := c.s.watches.has
		if op == zkproto.OpRemoveWatches {
			look = c.s.watches.remove
		}
		switch found, known := look(c, q.Path, q.Type); {
		case !known:
			return zkproto.MarshallingError
		case !found:
			return zkproto.NoWatcher
		}
	}
	return zkproto.OK
}

// setWatches renews the watches of a client that reconnected. What happened since the zxid
// that it has seen is told now, before the reply; the rest is registered.
// Source: DataTree.setWatches.
func (c *conn) setWatches(op zkproto.OpCode, r *jute.Reader) zkproto.Code {
	var q zkproto.SetWatches2Request
	if op == zkproto.OpSetWatches {
		q.SetWatchesRequest.Decode(r)
	} else {
		q.Decode(r)
	}
	if r.Err() != nil {
		return zkproto.MarshallingError
	}
	tree := c.s.tree
	for _, path := range q.Data {
		n, ok := c.find(path)
		switch {
		case !ok:
			c.missed(zkproto.EventNodeDeleted, path)
		case tree.Stat(n).Mzxid > q.RelativeZxid:
			c.missed(zkproto.EventNodeDataChanged, path)
		default:
			c.s.watches.watchData(c, path)
		}
	}
	for _, path := range q.Exist {
		if _, ok := c.find(path); ok {
			c.missed(zkproto.EventNodeCreated, path)
		} else {
			c.s.watches.watchData(c, path)
		}
	}
	for _, path := range q.Child {
		n, ok := c.find(path)
		switch {
		case !ok:
			c.missed(zkproto.EventNodeDeleted, path)
		case tree.Stat(n).Pzxid > q.RelativeZxid:
			c.missed(zkproto.EventNodeChildrenChanged, path)
		default:
			c.s.watches.watchChildren(c, path)
		}
	}
	for _, path := range q.Persistent {
		c.s.watches.addWatch(c, path, zkproto.AddWatchPersistent)
	}
	for _, path := range q.PersistentRecursive {
		c.s.watches.addWatch(c, path, zkproto.AddWatchPersistentRecursive)
	}
	return zkproto.OK
}

func (c *conn) missed(typ zkproto.EventType, path string) {
	c.event(&znode.Event{Type: typ, Path: path}, -1)
}
