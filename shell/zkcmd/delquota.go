package zkcmd

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var delquota = command.Spec{
	Name:  "delquota",
	Group: command.Access,
	Args:  []command.Arg{pathArg},
	Short: "remove the quota of a znode, or single limits of it",
	Long:  "With flags only those limits are removed, and the server goes on counting.",
	Examples: []command.Example{
		{Line: "delquota /app", Means: "the whole quota"},
		{Line: "delquota -n /app", Means: "only the soft limit of znodes"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		for _, f := range limitFlags {
			fs.BoolP(f.name, f.short, false, "only the "+f.what)
		}
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := quotaZK(ctx, env)
			if err != nil {
				return nil, err
			}
			limits, err := readLimits(ctx, zk, path, limitsNode)
			if err != nil {
				return nil, err
			}
			single := false
			for _, f := range limitFlags {
				if f.changed(fs) {
					single = true
					*f.of(&limits) = -1
				}
			}
			if !single {
				return LimitsSet{path, nil}, command.At(path, DeleteQuota(ctx, zk, path))
			}
			if _, err := zk.Set(ctx, zkproto.Join(quotaPath(path), limitsNode), []byte(limits.String()), -1); err != nil {
				return nil, command.At(path, err)
			}
			return LimitsSet{path, limits.json()}, nil
		}
	},
}

// DeleteQuota deletes the two znodes of a quota, and what is left without children above them.
func DeleteQuota(ctx context.Context, zk command.ZK, path string) error {
	at := quotaPath(path)
	for _, node := range []string{limitsNode, statsNode} {
		if err := zk.Delete(ctx, zkproto.Join(at, node), -1); err != nil && !errors.Is(err, zkproto.NoNode) {
			return err
		}
	}
	for ; at != quotaRoot; at = zkproto.Parent(at) {
		switch err := zk.Delete(ctx, at, -1); {
		case errors.Is(err, zkproto.NotEmpty):
			return nil
		case err != nil && !errors.Is(err, zkproto.NoNode):
			return err
		}
	}
	return nil
}
