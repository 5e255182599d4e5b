package zkcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// WatchMode is what a watch that stays is told of.
type WatchMode string

// The modes, under zkCli's names.
const (
	Persistent          WatchMode = "PERSISTENT"           // the znode, and its children's coming and going
	PersistentRecursive WatchMode = "PERSISTENT_RECURSIVE" // the znode and all below it
)

// Set reads a mode in any case. With String and Type it makes WatchMode a pflag.Value.
func (m *WatchMode) Set(s string) error {
	switch mode := WatchMode(strings.ToUpper(s)); mode {
	case Persistent, PersistentRecursive:
		*m = mode
		return nil
	}
	return fmt.Errorf("the modes are %s and %s", Persistent, PersistentRecursive)
}

func (m *WatchMode) String() string { return string(*m) }

// Type names the kind of value in usage texts.
func (m *WatchMode) Type() string { return string(Persistent + "|" + PersistentRecursive) }

func (m WatchMode) proto() zkproto.AddWatchMode {
	if m == Persistent {
		return zkproto.AddWatchPersistent
	}
	return zkproto.AddWatchPersistentRecursive
}

// Watching is the result of addWatch: nothing to see.
type Watching struct {
	Path string    `json:"path"`
	Mode WatchMode `json:"mode"`
}

// View is empty.
func (Watching) View() render.View { return render.Empty{} }

var addWatch = command.Spec{
	Name:  "addWatch",
	Group: command.Watches,
	Args:  []command.Arg{pathArg},
	Short: "show all changes of a znode from now on",
	Long: "The watch stays until removewatches, or the session's end. The recursive mode tells when the znode, or\n" +
		"one below it, is created, changed or deleted; PERSISTENT tells that of the znode alone, and when a child\n" +
		"comes or goes. The znode need not exist. Servers know this since ZooKeeper 3.6.",
	Examples: []command.Example{
		{Line: "addWatch /app", Means: "all changes in the subtree"},
		{Line: "addWatch -m PERSISTENT /app", Means: "those of the znode and its children's list"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		mode := PersistentRecursive
		fs.VarP(&mode, "mode", "m", "what is told")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			if err := zk.AddWatch(ctx, path, mode.proto(), env.ShowEvent); err != nil {
				return nil, command.At(path, err)
			}
			return Watching{path, mode}, nil
		}
	},
}
