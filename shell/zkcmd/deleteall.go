package zkcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// DeletedAll is the result of deleteall.
type DeletedAll struct {
	Path    string `json:"path"`
	Deleted int    `json:"deleted"` // how many znodes, those that somebody else deleted meanwhile not counted
}

// View is one line.
func (d DeletedAll) View() render.View {
	return render.Text{Lines: []string{"deleted " + znodes(d.Deleted)}}
}

var deleteall = command.Spec{
	Name:  "deleteall",
	Group: command.Znodes,
	Args:  []command.Arg{pathArg},
	Short: "delete a znode and all below it",
	Long: "Znodes are deleted in batches, each in one transaction. Where a batch is refused as many of its znodes\n" +
		"as possible are deleted all the same; then the exit code is 3, and the survivors are named.",
	Examples: []command.Example{
		{Line: "deleteall /config", Means: "the whole subtree"},
		{Line: "deleteall -b 100 /queue", Means: "at most 100 in one transaction"},
	},
	Bind: bindDeleteall,
}

// rmr is deleteall as it was spelled before ZooKeeper 3.6.
var rmr = command.Spec{
	Name:     "rmr",
	Group:    command.Znodes,
	Hidden:   true,
	Args:     []command.Arg{pathArg},
	Short:    "delete a znode and all below it: the old spelling of deleteall",
	Examples: []command.Example{{Line: "rmr /config", Means: "deleteall /config"}},
	Bind:     bindDeleteall,
}

// maxBatchBytes keeps a batch far below the megabyte that a server takes.
const maxBatchBytes = 256 << 10

func bindDeleteall(fs *pflag.FlagSet) command.Run {
	batch := fs.IntP("batch", "b", 1000, "delete at most `COUNT` in one transaction")
	yes := fs.Bool("yes", false, "also the root, or /zookeeper")
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		if *batch < 1 {
			return nil, command.Usagef("-b %d: a batch has at least one znode", *batch)
		}
		path, err := env.Path(args[0])
		if err != nil {
			return nil, err
		}
		if !*yes && (path == "/" || path == reserved) {
			return nil, command.At(path, command.Usagef("that is everything: --yes does it all the same"))
		}
		zk, err := env.ZK(ctx)
		if err != nil {
			return nil, err
		}
		paths, closed, err := subtree(ctx, zk, path, unlimited)
		if err != nil {
			return nil, err
		}
		d := deletion{zk: zk, hopeless: map[string]bool{}, closed: closed}
		if paths = deletable(path, paths); len(paths) == 0 {
			return DeletedAll{Path: path}, nil
		}
		slices.Reverse(paths)
		if err := d.all(ctx, paths, *batch); err != nil {
			return nil, command.At(path, d.stopped(err, len(paths)))
		}
		if err := many(env, fs.Name(), "deleted", d.deleted, append(d.failures, d.above...)); err != nil {
			return nil, command.At(path, err)
		}
		return DeletedAll{Path: path, Deleted: d.deleted}, nil
	}
}

// reserved is the znode below which servers keep what is theirs. They refuse to delete it, as well as its
// children quota and config, and the root.
const reserved = "/zookeeper"

// deletable takes out what no server deletes. Below the root it takes out all that is reserved, for who deletes
// everything does not mean quotas.
func deletable(root string, paths []string) []string {
	return slices.DeleteFunc(paths, func(p string) bool {
		switch p {
		case "/", reserved, configPath, quotaRoot:
			return true
		}
		return root == "/" && strings.HasPrefix(p, reserved+"/")
	})
}

// deletion is the work of one deleteall.
type deletion struct {
	zk       command.ZK
	closed   []Failure // znodes that could not be listed
	deleted  int
	failures []Failure // what servers refused
	above    []Failure // what was not tried, because something below it is still there
	// hopeless are the znodes with something below them that is still there.
	hopeless map[string]bool
}

// all deletes paths, which stand before their parents. It returns the error that ended the work before its
// end; what servers refused is in failures.
func (d *deletion) all(ctx context.Context, paths []string, most int) error {
	for len(paths) > 0 {
		n, size := 0, 0
		for n < len(paths) && n < most && (n == 0 || size+len(paths[n]) < maxBatchBytes) {
			size += len(paths[n])
			n++
		}
		if err := d.batch(ctx, paths[:n]); err != nil {
			return err
		}
		paths = paths[n:]
	}
	return nil
}

// batch deletes paths in one transaction. If it is refused each half is tried by itself.
func (d *deletion) batch(ctx context.Context, paths []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ops := make([]zkproto.MultiOp, 0, len(paths))
	for _, p := range paths {
		if d.hopeless[p] {
			d.above = append(d.above, Failure{p, zkproto.NotEmpty})
			continue
		}
		ops = append(ops, zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: p, Version: -1}})
	}
	if len(ops) == 0 {
		return nil
	}
	_, err := d.zk.Multi(ctx, ops)
	if err == nil {
		d.deleted += len(ops)
		return nil
	}
	if !refused(err) {
		return err
	}
	if len(ops) > 1 {
		return d.halves(ctx, ops)
	}
	if path := opPath(ops[0]); !errors.Is(err, zkproto.NoNode) { // somebody else was faster
		d.survive(path, err)
	}
	return nil
}

func (d *deletion) halves(ctx context.Context, ops []zkproto.MultiOp) error {
	paths := make([]string, len(ops))
	for i, op := range ops {
		paths[i] = opPath(op)
	}
	half := len(paths) / 2
	if err := d.batch(ctx, paths[:half]); err != nil {
		return err
	}
	return d.batch(ctx, paths[half:])
}

func opPath(op zkproto.MultiOp) string { return op.Req.(*zkproto.PathVersionRequest).Path }

func (d *deletion) survive(path string, err error) {
	var code zkproto.Code
	if errors.As(err, &code) {
		err = code // without the words about a transaction of which the znode was the only one
	}
	if i := slices.IndexFunc(d.closed, func(f Failure) bool { return f.Path == path }); i >= 0 && code == zkproto.NotEmpty {
		err = closedError{d.closed[i].Err}
	}
	d.failures = append(d.failures, Failure{path, err})
	for p := zkproto.Parent(path); p != "" && !d.hopeless[p]; p = zkproto.Parent(p) {
		d.hopeless[p] = true
	}
}

// stopped is err, which ended the work, and what had been done by then.
func (d *deletion) stopped(err error, of int) error {
	if d.deleted == 0 {
		return err
	}
	return &stoppedError{d.deleted, of, err}
}

// stoppedError is a command.PartialError that tells how far the work came.
type stoppedError struct {
	done, of int
	err      error
}

func (e *stoppedError) Error() string {
	return fmt.Sprintf("%d of %s deleted: %s", e.done, znodes(e.of), command.Reason(e.err))
}

// Reason is Error: how far it came is told of an interruption too.
func (e *stoppedError) Reason() string { return e.Error() }

func (e *stoppedError) Unwrap() error { return &command.PartialError{Err: e.err} }
