package zkcli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// walk visits root and all below it in the order of Apache's visitSubTreeDFS: the children of a znode one after the
// other, and only then what is below each of them. Znodes that vanish meanwhile are left out. Errors name their
// znode by a command.Error.
func walk(ctx context.Context, zk ZK, root string, watch func(zkproto.WatchedEvent), visit func(path string)) error {
	if _, _, err := zk.Get(ctx, root, watch); err != nil {
		return command.At(root, err)
	}
	visit(root)
	return walkBelow(ctx, zk, root, watch, visit)
}

func walkBelow(ctx context.Context, zk ZK, path string, watch func(zkproto.WatchedEvent), visit func(string)) error {
	names, _, err := zk.Children(ctx, path, watch)
	if errors.Is(err, zkproto.NoNode) {
		return nil
	}
	if err != nil {
		return command.At(path, err)
	}
	for _, name := range names {
		visit(zkproto.Join(path, name))
	}
	for _, name := range names {
		if err := walkBelow(ctx, zk, zkproto.Join(path, name), watch, visit); err != nil {
			return err
		}
	}
	return nil
}

// failedAt is failed for an error that names its znode itself.
func failedAt(err error) error {
	var at *command.Error
	if errors.As(err, &at) {
		return failed(at.Path, at.Err)
	}
	return failed("", err)
}

// maxBatchBytes keeps a transaction far below the megabyte that a server takes; Apache's runs into that.
const maxBatchBytes = 256 << 10

func (f *Front) deleteAll(ctx context.Context, l line) error {
	size, ok := int64(1000), true
	if l.has("b") {
		size, ok = number(l.values["b"], 32)
	}
	if !ok {
		return failuref("-b argument must be an int value")
	}
	paths, err := subtree(ctx, f.now, l.path())
	if err != nil {
		return failedAt(err)
	}
	slices.Reverse(paths)
	if size <= 0 {
		for _, path := range paths {
			if err := f.now.Delete(ctx, path, -1); err != nil {
				return failed(path, err)
			}
		}
		return nil
	}
	for len(paths) > 0 {
		n := batch(paths, int(size))
		if _, err := f.now.Multi(ctx, deletions(paths[:n])); err != nil {
			if ctx.Err() != nil {
				return failed(l.path(), err)
			}
			fmt.Fprintln(f.stderr, "Failed to delete some node(s) in the subtree!")
			return errSaid
		}
		paths = paths[n:]
	}
	return nil
}

// subtree lists root and all below it, level by level.
func subtree(ctx context.Context, zk ZK, root string) ([]string, error) {
	paths := []string{root}
	for i := 0; i < len(paths); i++ {
		names, _, err := zk.Children(ctx, paths[i], nil)
		if err != nil {
			return nil, command.At(paths[i], err)
		}
		for _, name := range names {
			paths = append(paths, zkproto.Join(paths[i], name))
		}
	}
	return paths, nil
}

// batch is how many of the paths go into one transaction of at most size.
func batch(paths []string, size int) int {
	n, bytes := 0, 0
	for n < len(paths) && n < size && (n == 0 || bytes+len(paths[n]) < maxBatchBytes) {
		bytes += len(paths[n])
		n++
	}
	return n
}

func deletions(paths []string) []zkproto.MultiOp {
	ops := make([]zkproto.MultiOp, len(paths))
	for i, path := range paths {
		ops[i] = zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: path, Version: -1}}
	}
	return ops
}
