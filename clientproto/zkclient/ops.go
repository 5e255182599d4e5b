package zkclient

import (
	"context"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// do sends a request and waits for its reply.
func (c *Client) do(ctx context.Context, op zkproto.OpCode, req, resp zkproto.Record, watch func(zkproto.Code)) error {
	call := newCall(c, ctx, op, requestPath(req))
	call.resp = resp
	c.start(call, req, watch)
	return call.Wait(ctx)
}

// Create makes a znode and returns its path, which for a sequential mode has ten digits more.
// Nil data is null, which is another value than none; a nil acl is zkproto.OpenACL. The ttl, to
// the millisecond, counts for the TTL modes alone.
func (c *Client) Create(ctx context.Context, path string, data []byte, acl []zkproto.ACL, mode zkproto.CreateMode, ttl time.Duration) (string, zkproto.Stat, error) {
	op := CreateOp(path, data, acl, mode, ttl)
	var resp zkproto.Create2Response
	err := c.do(ctx, op.Op, op.Req, &resp, nil)
	if err != nil {
		return "", zkproto.Stat{}, err
	}
	return resp.Path, resp.Stat, nil
}

// CreateOp is the request of [Client.Create], also for a multi.
func CreateOp(path string, data []byte, acl []zkproto.ACL, mode zkproto.CreateMode, ttl time.Duration) zkproto.MultiOp {
	if acl == nil {
		acl = zkproto.OpenACL()
	}
	req := zkproto.CreateRequest{Path: path, Data: data, ACL: acl, Mode: mode}
	switch {
	case mode.TTL():
		return zkproto.MultiOp{Op: zkproto.OpCreateTTL, Req: &zkproto.CreateTTLRequest{CreateRequest: req, TTL: ttl.Milliseconds()}}
	case mode == zkproto.ModeContainer:
		return zkproto.MultiOp{Op: zkproto.OpCreateContainer, Req: &req}
	}
	return zkproto.MultiOp{Op: zkproto.OpCreate2, Req: &req}
}

// Delete removes a znode without children. Version -1 is any, here and below.
func (c *Client) Delete(ctx context.Context, path string, version int32) error {
	return c.do(ctx, zkproto.OpDelete, &zkproto.PathVersionRequest{Path: path, Version: version}, nil, nil)
}

// Exists returns a znode's stat, or zkproto.NoNode. The watch, if any, is set in either case,
// and called once when the znode is created, deleted, or gets new data.
func (c *Client) Exists(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) (zkproto.Stat, error) {
	var stat zkproto.Stat
	req := &zkproto.PathWatchRequest{Path: path, Watch: watch != nil}
	err := c.do(ctx, zkproto.OpExists, req, &stat, c.watchOf(zkproto.OpExists, path, watch))
	return stat, err
}

// Get returns a znode's data, nil where they are null. The watch, if any, is called once when
// the znode gets new data or is deleted.
func (c *Client) Get(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error) {
	var resp zkproto.DataResponse
	req := &zkproto.PathWatchRequest{Path: path, Watch: watch != nil}
	err := c.do(ctx, zkproto.OpGetData, req, &resp, c.watchOf(zkproto.OpGetData, path, watch))
	if err != nil {
		return nil, zkproto.Stat{}, err
	}
	return resp.Data, resp.Stat, nil
}

// Set replaces a znode's data. Nil data is null.
func (c *Client) Set(ctx context.Context, path string, data []byte, version int32) (zkproto.Stat, error) {
	var stat zkproto.Stat
	err := c.do(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Data: data, Version: version}, &stat, nil)
	return stat, err
}

// Children returns the sorted names of a znode's children, and its stat. The watch, if any, is
// called once when a child is created or deleted, or the znode is deleted.
func (c *Client) Children(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]string, zkproto.Stat, error) {
	var resp zkproto.Children2Response
	req := &zkproto.PathWatchRequest{Path: path, Watch: watch != nil}
	err := c.do(ctx, zkproto.OpGetChildren2, req, &resp, c.watchOf(zkproto.OpGetChildren2, path, watch))
	if err != nil {
		return nil, zkproto.Stat{}, err
	}
	slices.Sort(resp.Children)
	return resp.Children, resp.Stat, nil
}

// GetACL returns a znode's ACL; without ADMIN the server hides the passwords in it.
func (c *Client) GetACL(ctx context.Context, path string) ([]zkproto.ACL, zkproto.Stat, error) {
	var resp zkproto.ACLResponse
	err := c.do(ctx, zkproto.OpGetACL, &zkproto.PathRequest{Path: path}, &resp, nil)
	if err != nil {
		return nil, zkproto.Stat{}, err
	}
	return slices.Clone(resp.ACL), resp.Stat, nil // the caller's own: decoded ones may be shared
}

// SetACL replaces a znode's ACL. The version is the one of the ACL (Stat.Aversion).
func (c *Client) SetACL(ctx context.Context, path string, acl []zkproto.ACL, version int32) (zkproto.Stat, error) {
	var stat zkproto.Stat
	err := c.do(ctx, zkproto.OpSetACL, &zkproto.SetACLRequest{Path: path, ACL: acl, Version: version}, &stat, nil)
	return stat, err
}

// Sync makes the server catch up with the leader: what is read afterwards is at least as new
// as the time of this call.
func (c *Client) Sync(ctx context.Context, path string) error {
	return c.do(ctx, zkproto.OpSync, &zkproto.PathRequest{Path: path}, new(zkproto.PathResponse), nil)
}

// Ephemerals returns the sorted paths of this session's ephemeral znodes that begin with
// prefix; "" is all.
func (c *Client) Ephemerals(ctx context.Context, prefix string) ([]string, error) {
	var resp zkproto.StringsResponse
	if err := c.do(ctx, zkproto.OpGetEphemerals, &zkproto.PathRequest{Path: prefix}, &resp, nil); err != nil {
		return nil, err
	}
	slices.Sort(resp.Strings)
	return resp.Strings, nil
}

// AllChildrenNumber counts the descendants of a znode.
func (c *Client) AllChildrenNumber(ctx context.Context, path string) (int, error) {
	var resp zkproto.CountResponse
	err := c.do(ctx, zkproto.OpGetAllChildrenNumber, &zkproto.PathRequest{Path: path}, &resp, nil)
	return int(resp.Total), err
}

// WhoAmI returns the identities that the server sees in the present connection.
func (c *Client) WhoAmI(ctx context.Context) ([]zkproto.ClientInfo, error) {
	var resp zkproto.WhoAmIResponse
	err := c.do(ctx, zkproto.OpWhoAmI, nil, &resp, nil)
	return resp.Infos, err
}

// ConfigPath has the ensemble's configuration. It is the server's path in every chroot.
const ConfigPath = "/zookeeper/config"

// Config returns the ensemble's configuration as text; of a standalone server it is empty. The
// watch, if any, is called once when it changes.
func (c *Client) Config(ctx context.Context, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error) {
	var resp zkproto.DataResponse
	call := newCall(c, ctx, zkproto.OpGetData, ConfigPath)
	call.resp, call.absolute = &resp, true
	c.start(call, &zkproto.PathWatchRequest{Path: ConfigPath, Watch: watch != nil},
		c.watchAt(zkproto.OpGetData, ConfigPath, watch))
	if err := call.Wait(ctx); err != nil {
		return nil, zkproto.Stat{}, err
	}
	return resp.Data, resp.Stat, nil
}

// Reconfig changes the ensemble: either joining and leaving (lists, parted by commas, of server lines and of ids),
// or newMembers alone. It is refused unless the configuration has version from, -1 for any. The
// new configuration is returned.
func (c *Client) Reconfig(ctx context.Context, joining, leaving, newMembers string, from int64) ([]byte, zkproto.Stat, error) {
	var resp zkproto.DataResponse
	req := &zkproto.ReconfigRequest{Joining: joining, Leaving: leaving, NewMembers: newMembers, CurConfigID: from}
	if err := c.do(ctx, zkproto.OpReconfig, req, &resp, nil); err != nil {
		return nil, zkproto.Stat{}, err
	}
	return resp.Data, resp.Stat, nil
}
