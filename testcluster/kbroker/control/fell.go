package control

import (
	"errors"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// fellAtOnce is how many znodes go with the change itself, in one transaction; what is more goes before.
const fellAtOnce = 400

// fell turns the trees of a change into deletes in front of its operations, deepest first. Large trees are cut down from
// below before that: who comes after an interruption finds less to do, and the roots still there.
func (c *Control) fell(change *controller.Change) error {
	var paths []string
	for _, root := range change.Trees {
		found, err := c.tree(root)
		if err != nil {
			return err
		}
		paths = append(paths, found...)
	}
	change.Trees = nil
	for len(paths) > fellAtOnce {
		ops := append([]zkproto.MultiOp{controller.Fence(c.office.version)}, deletes(paths[:fellAtOnce])...)
		paths = paths[fellAtOnce:]
		// What fails here is in the way of the change too, which then says so.
		if _, _, err := c.wait(c.fly(controller.Multi{Ops: ops})); err != nil {
			return err
		}
	}
	change.Ops = append(deletes(paths), change.Ops...)
	return nil
}

func deletes(paths []string) []zkproto.MultiOp {
	ops := make([]zkproto.MultiOp, len(paths))
	for i, path := range paths {
		ops[i] = zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: path, Version: -1}}
	}
	return ops
}

// tree lists root and what is below it, children before their parents; nothing where there is no root.
func (c *Control) tree(root string) ([]string, error) {
	level, all := []string{root}, []string(nil)
	for len(level) > 0 {
		var below []string
		for part := range slices.Chunk(level, 8*window) {
			found, children, err := c.list(part)
			if err != nil {
				return nil, err
			}
			all, below = append(all, found...), append(below, children...)
		}
		level = below
	}
	slices.Reverse(all)
	return all, nil
}

// list says which of the paths exist, and what their children are.
func (c *Control) list(paths []string) (found, children []string, err error) {
	calls, names := make([]*zkclient.Call, len(paths)), make([]zkproto.StringsResponse, len(paths))
	for i, path := range paths {
		calls[i] = c.o.ZK.Start(c.ctx, zkproto.OpGetChildren, &zkproto.PathWatchRequest{Path: path}, &names[i])
	}
	for i, call := range calls {
		switch err := call.Wait(c.ctx); {
		case errors.Is(err, zkproto.NoNode):
			continue
		case err != nil:
			return nil, nil, err
		}
		found = append(found, paths[i])
		for _, name := range names[i].Strings {
			children = append(children, paths[i]+"/"+name)
		}
	}
	return found, children, nil
}
