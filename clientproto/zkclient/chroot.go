package zkclient

import (
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// prefix is the server's path of a path of the chroot.
func (c *Client) prefix(path string) string {
	if path == "/" && c.chroot != "" {
		return c.chroot
	}
	return c.chroot + path
}

// strip is the reverse. A path outside the chroot, such as /zookeeper/config, stays as it is.
func (c *Client) strip(path string) string {
	rest, ok := strings.CutPrefix(path, c.chroot)
	switch {
	case c.chroot == "" || !ok:
		return path
	case rest == "":
		return "/"
	case rest[0] != '/':
		return path
	}
	return rest
}

// prefixRecord returns req with the chroot before its path; req itself stays as it is.
func (c *Client) prefixRecord(req zkproto.Record) zkproto.Record {
	switch req := req.(type) {
	case *zkproto.PathRequest:
		return &zkproto.PathRequest{Path: c.prefix(req.Path)}
	case *zkproto.PathWatchRequest:
		return &zkproto.PathWatchRequest{Path: c.prefix(req.Path), Watch: req.Watch}
	case *zkproto.PathVersionRequest:
		return &zkproto.PathVersionRequest{Path: c.prefix(req.Path), Version: req.Version}
	case *zkproto.CreateRequest:
		out := c.prefixCreate(*req)
		return &out
	case *zkproto.CreateTTLRequest:
		return &zkproto.CreateTTLRequest{CreateRequest: c.prefixCreate(req.CreateRequest), TTL: req.TTL}
	case *zkproto.SetDataRequest:
		return &zkproto.SetDataRequest{Path: c.prefix(req.Path), Data: req.Data, Version: req.Version}
	case *zkproto.SetACLRequest:
		return &zkproto.SetACLRequest{Path: c.prefix(req.Path), ACL: req.ACL, Version: req.Version}
	case *zkproto.PathWatcherTypeRequest:
		return &zkproto.PathWatcherTypeRequest{Path: c.prefix(req.Path), Type: req.Type}
	case *zkproto.AddWatchRequest:
		return &zkproto.AddWatchRequest{Path: c.prefix(req.Path), Mode: req.Mode}
	case *zkproto.MultiRequest:
		out := &zkproto.MultiRequest{Ops: make([]zkproto.MultiOp, len(req.Ops))}
		for i, op := range req.Ops {
			out.Ops[i] = zkproto.MultiOp{Op: op.Op, Req: c.prefixRecord(op.Req)}
		}
		return out
	}
	return req
}

// prefixCreate keeps the slash of a sequential "/": the digits are a child of the chroot.
func (c *Client) prefixCreate(req zkproto.CreateRequest) zkproto.CreateRequest {
	if req.Path == "/" && req.Mode.Sequential() {
		req.Path = c.chroot + "/"
		return req
	}
	req.Path = c.prefix(req.Path)
	return req
}

// stripRecord takes the chroot off the paths of a reply.
func (c *Client) stripRecord(op zkproto.OpCode, resp zkproto.Record) {
	if c.chroot == "" {
		return
	}
	switch resp := resp.(type) {
	case *zkproto.PathResponse:
		resp.Path = c.strip(resp.Path)
	case *zkproto.Create2Response:
		resp.Path = c.strip(resp.Path)
	case *zkproto.MultiResponse:
		for i := range resp.Results {
			resp.Results[i].Path = c.strip(resp.Results[i].Path)
		}
	case *zkproto.StringsResponse:
		if op == zkproto.OpGetEphemerals {
			resp.Strings = c.stripPaths(resp.Strings)
		}
	}
}

// stripPaths leaves out what only looks as if it lay in the chroot, as /app2 does in /app.
func (c *Client) stripPaths(paths []string) []string {
	in := paths[:0]
	for _, p := range paths {
		if p == c.chroot || strings.HasPrefix(p, c.chroot+"/") {
			in = append(in, c.strip(p))
		}
	}
	return in
}

// requestPath is the path in a request, "" where it has none.
func requestPath(req zkproto.Record) string {
	switch req := req.(type) {
	case *zkproto.PathRequest:
		return req.Path
	case *zkproto.PathWatchRequest:
		return req.Path
	case *zkproto.PathVersionRequest:
		return req.Path
	case *zkproto.CreateRequest:
		return req.Path
	case *zkproto.CreateTTLRequest:
		return req.Path
	case *zkproto.SetDataRequest:
		return req.Path
	case *zkproto.SetACLRequest:
		return req.Path
	case *zkproto.PathWatcherTypeRequest:
		return req.Path
	case *zkproto.AddWatchRequest:
		return req.Path
	}
	return ""
}

// validate refuses paths that no server takes. Some servers burn a transaction on them, and
// some reads answer "no such znode", which is not what is wrong.
func validate(op zkproto.OpCode, req zkproto.Record) error {
	switch req := req.(type) {
	case nil, *zkproto.AuthRequest, *zkproto.ReconfigRequest, *zkproto.TokenRecord,
		*zkproto.SetWatchesRequest, *zkproto.SetWatches2Request:
		return nil
	case *zkproto.CreateRequest:
		return validateCreate(req)
	case *zkproto.CreateTTLRequest:
		return validateCreate(&req.CreateRequest)
	case *zkproto.MultiRequest:
		for _, sub := range req.Ops {
			if err := validate(sub.Op, sub.Req); err != nil {
				return err
			}
		}
		return nil
	}
	path := requestPath(req)
	if op == zkproto.OpGetEphemerals && path == "" {
		return nil
	}
	return zkproto.ValidatePath(path)
}

func validateCreate(req *zkproto.CreateRequest) error {
	if req.Mode.Sequential() {
		return zkproto.ValidateSequentialPath(req.Path)
	}
	return zkproto.ValidatePath(req.Path)
}
