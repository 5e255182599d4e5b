package check

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Node is all that a client can know of a znode.
type Node struct {
	Data []byte // nil is null
	Stat zkproto.Stat
	ACL  []zkproto.ACL
}

// String is the znode in one line.
func (n Node) String() string { return fmt.Sprintf("%q %+v %v", n.Data, n.Stat, n.ACL) }

// ReadTree reads every znode that a server has, level by level. The client should be the super user, or it does not
// see what others own. Of a follower it reads what that has got so far: sync comes first.
func ReadTree(ctx context.Context, c *zkclient.Client) (map[string]Node, error) {
	tree := map[string]Node{}
	for level := []string{"/"}; len(level) > 0; {
		reads := make([]nodeRead, len(level))
		for i, path := range level {
			reads[i].start(ctx, c, path)
		}
		var next []string
		for i, path := range level {
			if err := reads[i].wait(ctx); err != nil {
				return nil, fmt.Errorf("read %s: %w", path, err)
			}
			tree[path] = Node{bytes.Clone(reads[i].data.Data), reads[i].data.Stat, reads[i].acl.ACL}
			for _, name := range reads[i].children.Children {
				next = append(next, zkproto.Join(path, name))
			}
		}
		level = next
	}
	return tree, nil
}

// nodeRead are the requests that read one znode, under way together.
type nodeRead struct {
	data     zkproto.DataResponse
	acl      zkproto.ACLResponse
	children zkproto.Children2Response
	calls    [3]*zkclient.Call
}

func (r *nodeRead) start(ctx context.Context, c *zkclient.Client, path string) {
	r.calls = [3]*zkclient.Call{
		c.Start(ctx, zkproto.OpGetData, &zkproto.PathWatchRequest{Path: path}, &r.data),
		c.Start(ctx, zkproto.OpGetACL, &zkproto.PathRequest{Path: path}, &r.acl),
		c.Start(ctx, zkproto.OpGetChildren2, &zkproto.PathWatchRequest{Path: path}, &r.children),
	}
}

func (r *nodeRead) wait(ctx context.Context) error {
	for _, call := range r.calls {
		if err := call.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Differences names each difference between two trees, in the order of the paths; before and after say whose they are.
func Differences(before, after string, want, got map[string]Node) []string {
	paths := map[string]bool{}
	for p := range want {
		paths[p] = true
	}
	for p := range got {
		paths[p] = true
	}
	var all []string
	for p := range paths {
		all = append(all, p)
	}
	slices.Sort(all)
	var found []string
	for _, p := range all {
		a, inA := want[p]
		b, inB := got[p]
		switch {
		case !inB:
			found = append(found, fmt.Sprintf("%s is lost: %s has it, %s has not", p, before, after))
		case !inA:
			found = append(found, fmt.Sprintf("%s came from nowhere: %s has it, %s has not", p, after, before))
		case !reflect.DeepEqual(a, b):
			found = append(found, fmt.Sprintf("%s differs:\n%s %s\n%s %s", p, before, a, after, b))
		}
	}
	return found
}
