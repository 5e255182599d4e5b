package zkcmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Unwatched is the result of removewatches: nothing to see but the events that tell of each watch.
type Unwatched struct {
	Path string `json:"path"`
	Type string `json:"removed"` // any, children, data, persistent or recursive
}

// View is empty.
func (Unwatched) View() render.View { return render.Empty{} }

// watchKinds are the flags of removewatches, of which one may be set.
var watchKinds = []struct {
	name, short, usage string
	t                  zkproto.WatcherType
}{
	{"any", "a", "all watches, as without a flag", zkproto.WatcherAny},
	{"children", "c", "those on its children (ls -w)", zkproto.WatcherChildren},
	{"data", "d", "those on its data (get -w, stat -w, exists -w)", zkproto.WatcherData},
	{"persistent", "p", "those of addWatch -m PERSISTENT", zkproto.WatcherPersistent},
	{"recursive", "r", "those of addWatch, recursive", zkproto.WatcherPersistentRecursive},
}

var removewatches = command.Spec{
	Name:  "removewatches",
	Group: command.Watches,
	Args:  []command.Arg{pathArg},
	Short: "remove this session's watches on a znode",
	Long:  "An event tells of each watch that is removed. Servers know -p and -r since ZooKeeper 3.9.",
	Examples: []command.Example{
		{Line: "removewatches /app", Means: "all watches on it"},
		{Line: "removewatches -c /app", Means: "those on its children"},
		{Line: "removewatches -l /app", Means: "also while there is no connection"},
	},
	// Not pipelined: the client knows a watch of its own when the reply that sets it has come.
	Bind: func(fs *pflag.FlagSet) command.Run {
		wanted := make([]*bool, len(watchKinds))
		for i, k := range watchKinds {
			wanted[i] = fs.BoolP(k.name, k.short, false, k.usage)
		}
		local := fs.BoolP("local", "l", false, "also when the server cannot be told")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kind := watchKinds[0]
			set := 0
			for i, k := range watchKinds {
				if *wanted[i] {
					kind = k
					set++
				}
			}
			if set > 1 {
				return nil, command.Usagef("-a, -c, -d, -p and -r: only one of them, or none for all watches")
			}
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			if err := zk.RemoveWatches(ctx, path, kind.t, *local); err != nil {
				return nil, command.At(path, err)
			}
			return Unwatched{path, kind.name}, nil
		}
	},
}
