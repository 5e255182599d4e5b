package clustercmd

import (
	"context"
	"slices"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Done is the result of a command on nodes.
type Done struct {
	Done  string `json:"done"`
	Nodes []int  `json:"nodes"`
}

// View is a line.
func (d Done) View() render.View {
	what := " node "
	if len(d.Nodes) > 1 {
		what = " nodes "
	}
	return render.Text{Lines: []string{d.Done + what + join(d.Nodes, ", ")}}
}

// verb is what can be done to nodes, one after another.
type verb struct {
	name, done, short, long, example string
	do                               func(Cluster, context.Context, int) error
	serves                           bool // a node should serve afterwards
}

var kill = verb{
	name: "kill", done: "killed", short: "kill nodes as kill -9 does", do: Cluster.Kill,
	long:    "What a node has written stays for its restart.",
	example: "no good order, no last word",
}

var pause = verb{
	name: "pause", done: "paused", short: "stop nodes where they stand, as SIGSTOP does", do: Cluster.Pause,
	long:    "The node neither sends nor closes anything: the others have to miss it.",
	example: "until resume",
}

var resume = verb{
	name: "resume", done: "resumed", short: "let paused nodes go on", do: Cluster.Resume,
	example: "it goes on as if no time had passed",
}

var restart = verb{
	name: "restart", done: "restarted", short: "start nodes again", do: Cluster.Restart,
	long: "A node that runs ends in good order first. Where there is no majority, or the leader is cut off from it, it is left\n" +
		"looking for one.",
	serves:  true,
	example: "with its data and its ports",
}

func onNodes(find Find, v verb) command.Spec {
	return command.Spec{
		Name:     v.name,
		Group:    command.Ensemble,
		Args:     []command.Arg{{Name: "NODE", Kind: command.Number, Repeat: true}},
		Short:    v.short,
		Long:     v.long,
		Examples: []command.Example{{Line: v.name + " 2", Means: v.example}},
		Bind: func(*pflag.FlagSet) command.Run {
			return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
				d := Done{Done: v.done}
				for _, w := range args {
					id, err := number(w.Text)
					if err != nil {
						return nil, err
					}
					if !slices.Contains(d.Nodes, id) {
						d.Nodes = append(d.Nodes, id)
					}
				}
				c, err := find(ctx)
				if err != nil {
					return nil, err
				}
				for i, id := range d.Nodes {
					if err := v.do(c, ctx, id); err != nil {
						if i > 0 {
							err = &command.PartialError{Err: err}
						}
						return nil, err
					}
				}
				if v.serves {
					err = tellCuts(ctx, env, c, d.Nodes)
				}
				return d, err
			}
		},
	}
}

// tellCuts says which nodes do not serve because of cuts.
func tellCuts(ctx context.Context, env *command.Env, c Cluster, ids []int) error {
	nodes, err := c.Status(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if slices.Contains(ids, n.ID) && !n.Serving && len(n.In)+len(n.Out) > 0 {
			env.Notifyf("node %d does not serve: links are cut (%s) until heal", n.ID, n.cuts())
		}
	}
	return nil
}
