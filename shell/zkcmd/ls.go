package zkcmd

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Children is the result of ls.
type Children struct {
	Path     string   `json:"path"`
	Children []string `json:"children"` // sorted
	Stat     *Stat    `json:"stat,omitempty"`
}

// View is one line, [a, b], and the stat.
func (c Children) View() render.View {
	return withStat(render.List{Items: c.Children, Role: theme.Path}, c.Stat)
}

// Paths is the result of ls -R: one znode a line, parents before their children.
type Paths struct {
	Rows iter.Seq2[render.Result, error]
}

// View is the stream of the paths.
func (p Paths) View() render.View { return render.Stream{Rows: p.Rows} }

// ZnodePath is one row of Paths.
type ZnodePath struct {
	Path string `json:"path"`
}

// View is the path.
func (p ZnodePath) View() render.View {
	return render.Text{Lines: []string{p.Path}, Role: theme.Path}
}

var ls = command.Spec{
	Name:  "ls",
	Group: command.Znodes,
	Args:  []command.Arg{herePath, watchArg},
	Short: "list the children of a znode",
	Long:  "With -R each znode of the subtree has a line with its whole path.",
	Examples: []command.Example{
		{Line: "ls /", Means: "the children of the root"},
		{Line: "ls -s /brokers", Means: "and the stat fields"},
		{Line: "ls -w /brokers/ids", Means: "and tell once when a child comes or goes"},
		{Line: "ls -R /brokers", Means: "the whole subtree"},
	},
	Pipelined: command.Unless("recursive"),
	Bind:      bindLs,
}

// ls2 is ls -s as it was spelled before ZooKeeper 3.6.
var ls2 = command.Spec{
	Name:     "ls2",
	Group:    command.Znodes,
	Hidden:   true,
	Args:     []command.Arg{herePath, watchArg},
	Short:    "list the children of a znode with its stat: the old spelling of ls -s",
	Examples: []command.Example{{Line: "ls2 /", Means: "ls -s /"}},
	Bind: func(fs *pflag.FlagSet) command.Run {
		run := bindLs(fs)
		_ = fs.Set("stat", "true") // the flag is there: bindLs made it
		return run
	},
}

func bindLs(fs *pflag.FlagSet) command.Run {
	withStat := statFlag(fs)
	watch := watchFlag(fs, "a child comes or goes")
	recursive := fs.BoolP("recursive", "R", false, "list the whole subtree, a path on each line")
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		path, err := pathOrHere(env, args)
		if err != nil {
			return nil, err
		}
		zk, err := env.ZK(ctx)
		if err != nil {
			return nil, err
		}
		watcher := env.Watch(*watch || len(args) > 1)
		children, s, err := zk.Children(ctx, path, watcher)
		if err != nil {
			return nil, command.At(path, err)
		}
		if *recursive {
			return Paths{Rows: walk(ctx, zk, path, children)}, nil
		}
		if children == nil {
			children = []string{}
		}
		return Children{Path: path, Children: children, Stat: statIf(*withStat, s)}, nil
	}
}

// walk yields path and all below it. A znode that vanishes on the way is left out; one that may not be read
// is listed, and ends the walk as zkCli's does.
func walk(ctx context.Context, zk command.ZK, path string, children []string) iter.Seq2[render.Result, error] {
	return func(yield func(render.Result, error) bool) {
		var down func(path string, children []string) bool
		down = func(path string, children []string) bool {
			if !yield(ZnodePath{path}, nil) {
				return false
			}
			for some := range slices.Chunk(children, inFlight) {
				paths := make([]string, len(some))
				for i, name := range some {
					paths[i] = zkproto.Join(path, name)
				}
				for i, l := range listAll(ctx, zk, paths) {
					switch {
					case errors.Is(l.err, zkproto.NoNode):
						continue
					case l.err != nil:
						yield(nil, &command.Error{Command: "ls", Path: paths[i], Err: l.err})
						return false
					}
					if !down(paths[i], l.names) {
						return false
					}
				}
			}
			return true
		}
		down(path, children)
	}
}
