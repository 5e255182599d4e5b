package zkclient

import (
	"context"
	"errors"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// watchOf is what the reply to a read registers, nil for nothing.
func (c *Client) watchOf(op zkproto.OpCode, path string, w Watch) func(zkproto.Code) {
	if w == nil {
		return nil
	}
	return c.watchAt(op, c.prefix(path), w)
}

// watchAt is watchOf for a path of the server.
func (c *Client) watchAt(op zkproto.OpCode, path string, w Watch) func(zkproto.Code) {
	if w == nil {
		return nil
	}
	kind := dataTable
	if op == zkproto.OpGetChildren || op == zkproto.OpGetChildren2 {
		kind = childTable
	}
	return func(code zkproto.Code) {
		switch {
		case code == zkproto.OK:
			c.watches.add(kind, path, w)
		case code == zkproto.NoNode && op == zkproto.OpExists:
			c.watches.add(existTable, path, w)
		}
	}
}

// watchesOf is for requests that carry the wish for a watch in themselves.
func (c *Client) watchesOf(op zkproto.OpCode, req zkproto.Record) func(zkproto.Code) {
	switch req := req.(type) {
	case *zkproto.PathWatchRequest:
		if req.Watch {
			return c.watchOf(op, req.Path, DefaultWatch)
		}
	case *zkproto.AddWatchRequest:
		return c.addedWatch(req, DefaultWatch)
	}
	return nil
}

func (c *Client) addedWatch(req *zkproto.AddWatchRequest, w Watch) func(zkproto.Code) {
	kind, path := persistentTable, c.prefix(req.Path)
	if req.Mode == zkproto.AddWatchPersistentRecursive {
		kind = recursiveTable
	}
	return func(code zkproto.Code) {
		if code == zkproto.OK {
			c.watches.add(kind, path, w)
		}
	}
}

// AddWatch sets a watch that stays: it is called at each change of the znode and of its
// children's list, or, recursive, at each creation, deletion and change of data of the znode
// and of all below it. The znode need not exist.
func (c *Client) AddWatch(ctx context.Context, path string, mode zkproto.AddWatchMode, watch func(zkproto.WatchedEvent)) error {
	if watch == nil {
		watch = DefaultWatch
	}
	req := &zkproto.AddWatchRequest{Path: path, Mode: mode}
	return c.do(ctx, zkproto.OpAddWatch, req, new(zkproto.ErrorResponse), c.addedWatch(req, watch))
}

// CheckWatches returns zkproto.NoWatcher unless the server has a watch of this client of that
// type on path.
func (c *Client) CheckWatches(ctx context.Context, path string, t zkproto.WatcherType) error {
	return c.do(ctx, zkproto.OpCheckWatches, &zkproto.PathWatcherTypeRequest{Path: path, Type: t}, nil, nil)
}

// RemoveWatches removes all watches of that type on path; each is called a last time, with
// DataWatchRemoved, ChildWatchRemoved or PersistentWatchRemoved. Where there is none it
// returns zkproto.NoWatcher. With local they are removed here although there is no
// connection, or it is lost on the way; a server that still has them is not told.
func (c *Client) RemoveWatches(ctx context.Context, path string, t zkproto.WatcherType, local bool) error {
	kinds, at := tablesOf(t), c.prefix(path)
	if !c.watches.has(kinds, at) {
		return &OpError{Op: zkproto.OpRemoveWatches, Path: path, Err: zkproto.NoWatcher}
	}
	if local && !connected(c.State()) {
		c.removed(kinds, at)
		return nil
	}
	err := c.do(ctx, zkproto.OpRemoveWatches, &zkproto.PathWatcherTypeRequest{Path: path, Type: t}, nil, func(code zkproto.Code) {
		if code == zkproto.OK {
			c.removed(kinds, at)
		}
	})
	if local && errors.Is(err, zkproto.ConnectionLoss) {
		c.removed(kinds, at)
		return nil
	}
	return err
}

func (c *Client) removed(kinds []table, at string) {
	for _, w := range c.watches.remove(kinds, at) {
		ev := zkproto.WatchedEvent{Type: zkproto.EventDataWatchRemoved, State: c.State(), Path: c.strip(at)}
		switch w.kind {
		case childTable:
			ev.Type = zkproto.EventChildWatchRemoved
		case persistentTable, recursiveTable:
			ev.Type = zkproto.EventPersistentWatchRemoved
		}
		c.events.post(c.target(w.watch), ev)
	}
}
