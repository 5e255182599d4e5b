package zkclient

import (
	"context"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Multi carries out all of ops or none, as one transaction. When one of them fails the error
// is a *[MultiError], and the results say OK for those before it and
// zkproto.RuntimeInconsistency for those after it. [CreateOp] makes a create; zkproto.OpCheck
// with a PathVersionRequest checks a version.
func (c *Client) Multi(ctx context.Context, ops []zkproto.MultiOp) ([]zkproto.MultiResult, error) {
	var resp zkproto.MultiResponse
	if err := c.do(ctx, zkproto.OpMulti, &zkproto.MultiRequest{Ops: ops}, &resp, nil); err != nil {
		return nil, err
	}
	for i, res := range resp.Results {
		if res.Op == zkproto.OpError && res.Err != zkproto.OK && i < len(ops) {
			return resp.Results, &MultiError{Index: i, Of: len(ops), Op: ops[i].Op, Path: requestPath(ops[i].Req), Code: res.Err}
		}
	}
	return resp.Results, nil
}

// MultiRead carries out several getData and getChildren (with a PathWatchRequest each, whose
// watch servers ignore). Each result has its own error; children are in no order.
func (c *Client) MultiRead(ctx context.Context, ops []zkproto.MultiOp) ([]zkproto.MultiResult, error) {
	var resp zkproto.MultiResponse
	err := c.do(ctx, zkproto.OpMultiRead, &zkproto.MultiRequest{Ops: ops}, &resp, nil)
	return resp.Results, err
}
