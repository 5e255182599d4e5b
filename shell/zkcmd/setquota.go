package zkcmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// LimitsSet is the result of setquota and delquota: nothing to see.
type LimitsSet struct {
	Path   string       `json:"path"`
	Limits *QuotaLimits `json:"limits"` // what holds now, null for none
}

// View is empty.
func (LimitsSet) View() render.View { return render.Empty{} }

// QuotaConflictError tells that quotas would stand one below the other.
type QuotaConflictError struct {
	Path, Other string
	Child       bool // Other is below Path
}

func (e *QuotaConflictError) Error() string {
	if e.Child {
		return "it has a child " + e.Other + " which has a quota"
	}
	return "it has a parent " + e.Other + " which has a quota"
}

var setquota = command.Spec{
	Name:  "setquota",
	Group: command.Access,
	Args:  []command.Arg{pathArg},
	Short: "limit the znodes, or the bytes of data, in a subtree",
	Long: "Servers only log when a soft limit is passed. They refuse what would pass a hard one, if they are\n" +
		"configured with enforceQuota=true. The znode itself counts. Limits that are not named stay as they are.\n" +
		"Above and below a znode with a quota there can be no other.",
	Examples: []command.Example{
		{Line: "setquota -n 100 /app", Means: "a soft limit of 100 znodes"},
		{Line: "setquota -N 100 -B 1000000 /app", Means: "hard limits of 100 znodes and a million bytes"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		values := make([]*int64, len(limitFlags))
		for i, f := range limitFlags {
			values[i] = fs.Int64P(f.name, f.short, 0, strings.Replace(f.what, "limit", "`LIMIT`", 1))
		}
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			asked := noLimits
			for i, f := range limitFlags {
				switch {
				case !f.changed(fs):
				case *values[i] < f.least:
					return nil, command.Usagef("-%s %d: the least is %d; delquota -%s removes the limit", f.short, *values[i], f.least, f.short)
				default:
					*f.of(&asked) = *values[i]
				}
			}
			if asked == noLimits {
				return nil, command.Usagef("no limit: one of -n, -b, -N and -B says what to limit")
			}
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			if path == quotaRoot || strings.HasPrefix(path, quotaRoot+"/") {
				return nil, command.At(path, command.Usagef("there is no quota on quotas"))
			}
			zk, err := quotaZK(ctx, env)
			if err != nil {
				return nil, err
			}
			limits, err := SetLimits(ctx, zk, path, asked)
			if err != nil {
				return nil, command.At(path, err)
			}
			warnOfUse(ctx, env, zk, path, asked)
			return LimitsSet{path, limits.json()}, nil
		}
	},
}

// SetLimits merges limits into those of path, and returns what holds now. A *[QuotaConflictError] tells of a quota
// above or below.
func SetLimits(ctx context.Context, zk command.ZK, path string, asked Limits) (Limits, error) {
	if _, err := zk.Exists(ctx, path, nil); err != nil {
		return noLimits, err
	}
	if err := checkConflicts(ctx, zk, path); err != nil {
		return noLimits, err
	}
	now, err := readLimits(ctx, zk, path, limitsNode)
	isNew := errors.Is(err, ErrNoQuota)
	if err != nil && !isNew {
		return noLimits, err
	}
	for _, f := range limitFlags {
		if v := *f.of(&asked); v >= 0 {
			*f.of(&now) = v
		}
	}
	node := zkproto.Join(quotaPath(path), limitsNode)
	if !isNew {
		_, err = zk.Set(ctx, node, []byte(now.String()), -1)
		return now, err
	}
	if err := createParents(ctx, zk, node); err != nil {
		return noLimits, err
	}
	for _, n := range []struct{ name, text string }{
		{limitsNode, now.String()},
		{statsNode, "count=0,bytes=0"}, // the server fills it in
	} {
		at := zkproto.Join(quotaPath(path), n.name)
		if _, _, err := zk.Create(ctx, at, []byte(n.text), zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
			return noLimits, command.At(at, err)
		}
	}
	return now, nil
}

// checkConflicts returns a *[QuotaConflictError] if a znode above or below path has a quota.
func checkConflicts(ctx context.Context, zk command.ZK, path string) error {
	for up := zkproto.Parent(path); up != ""; up = zkproto.Parent(up) {
		_, err := readLimits(ctx, zk, up, limitsNode)
		switch {
		case err == nil:
			return &QuotaConflictError{Path: path, Other: up}
		case !errors.Is(err, ErrNoQuota):
			return err
		}
	}
	nodes, _, err := subtree(ctx, zk, quotaPath(path), unlimited)
	if err != nil && !errors.Is(err, zkproto.NoNode) {
		return err
	}
	for _, n := range nodes {
		holder := zkproto.Parent(n)
		if zkproto.Base(n) == limitsNode && holder != quotaPath(path) {
			return &QuotaConflictError{Path: path, Other: holder[len(quotaRoot):], Child: true}
		}
	}
	return nil
}

// warnOfUse tells of limits that are passed already.
func warnOfUse(ctx context.Context, env *command.Env, zk command.ZK, path string, asked Limits) {
	used, err := readLimits(ctx, zk, path, statsNode)
	if err != nil {
		return // it is only a warning
	}
	for _, f := range limitFlags {
		now := used.Bytes
		if f.least > 0 {
			now = used.Count
		}
		if limit := *f.of(&asked); limit >= 0 && limit < now {
			env.Notifyf("setquota %s: warning: the %s is %d, and there are %d", path, f.what, limit, now)
		}
	}
}
