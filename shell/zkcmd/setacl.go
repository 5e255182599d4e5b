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

// ChangedAll is the result of setAcl -R.
type ChangedAll struct {
	Path    string `json:"path"`
	Changed int    `json:"changed"` // how many znodes
}

// View is one line.
func (c ChangedAll) View() render.View {
	return render.Text{Lines: []string{"changed " + znodes(c.Changed)}}
}

var setACL = command.Spec{
	Name:  "setAcl",
	Group: command.Access,
	Args:  []command.Arg{pathArg, {Name: "ACL", Kind: command.ACL}},
	Short: "say who may do what with a znode",
	Long: "An ACL is a list of scheme:id:perms with commas; perms are letters of cdrwa. The scheme auth, with any\n" +
		"id, means the identities of this session. An ACL counts for the one znode; -R gives it to each of a\n" +
		"subtree. If some refuse the exit code is 3, and they are named.",
	Examples: []command.Example{
		{Line: "setAcl /config world:anyone:r", Means: "everybody may read, nobody may write"},
		{Line: "setAcl /config auth::cdrwa,world:anyone:r", Means: "who I am may do everything, others may read"},
		{Line: "setAcl -v 2 /config world:anyone:cdrwa", Means: "only if its aclVersion is 2"},
		{Line: "setAcl -R /app ip:10.0.0.0/8:cdrwa", Means: "the whole subtree"},
	},
	Pipelined: command.Unless("recursive"),
	Bind: func(fs *pflag.FlagSet) command.Run {
		stat := statFlag(fs)
		version := versionFlag(fs, "aclVersion")
		recursive := fs.BoolP("recursive", "R", false, "the whole subtree")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			acl, err := zkproto.ParseACLs(args[1].Text)
			if err != nil {
				return nil, command.At(path, err)
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			if *recursive {
				changed, err := setACLs(ctx, env, zk, path, acl, *version)
				if err != nil {
					return nil, command.At(path, err)
				}
				return ChangedAll{path, changed}, nil
			}
			s, err := zk.SetACL(ctx, path, acl, *version)
			if err != nil {
				return nil, command.At(path, err)
			}
			return Written{Path: path, Stat: Stat(s), Quiet: !*stat}, nil
		}
	},
}

// setACLs changes a subtree, and as much of it as it can.
func setACLs(ctx context.Context, env *command.Env, zk command.ZK, root string, acl []zkproto.ACL, version int32) (changed int, err error) {
	paths, failures, err := subtree(ctx, zk, root, unlimited)
	if err != nil {
		return 0, err
	}
	for i := range failures {
		failures[i].Err = closedError{failures[i].Err}
	}
	errs := make([]error, len(paths))
	concurrently(len(paths), func(i int) {
		if errs[i] = ctx.Err(); errs[i] == nil {
			_, errs[i] = zk.SetACL(ctx, paths[i], acl, version)
		}
	})
	for i, err := range errs {
		switch {
		case err == nil:
			changed++
		case errors.Is(err, zkproto.NoNode) && i > 0: // it has vanished since
		default:
			failures = append(failures, Failure{paths[i], err})
		}
	}
	return changed, many(env, "setAcl", "changed", changed, failures)
}

// closedError says that what is below a znode could not be reached.
type closedError struct{ err error }

func (e closedError) Error() string { return "its children may not be listed" }
func (e closedError) Unwrap() error { return e.err }
