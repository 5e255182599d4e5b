package clustercmd

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Parted is the result of partition.
type Parted struct {
	Groups [][]int `json:"groups"`
	OneWay bool    `json:"oneWay"`
}

// View is a line: 1,2 | 3, and 1,2 ↛ 3 where one direction is cut.
func (p Parted) View() render.View {
	var texts []string
	for _, g := range p.Groups {
		texts = append(texts, join(g, ","))
	}
	sign := " | "
	if p.OneWay {
		sign = " ↛ "
	}
	return render.Text{Lines: []string{"cut " + strings.Join(texts, sign)}}
}

func partition(find Find) command.Spec {
	return command.Spec{
		Name:  "partition",
		Group: command.Ensemble,
		Args: []command.Arg{
			{Name: "NODES", Kind: command.Text},
			{Name: "NODES", Kind: command.Text, Repeat: true},
		},
		Short: "cut the links between groups of nodes",
		Long: "NODES is a group: numbers with commas between them. Nothing gets from one group to another any more, and\n" +
			"nobody is told, as when a cable is pulled. Nodes in no group keep their links. Further partitions add to the\n" +
			"first, also over restarts, until heal. Clients reach every node all the time.",
		Examples: []command.Example{
			{Line: "partition 1,2 3", Means: "node 3 is alone"},
			{Line: "partition --one-way 1,2 3", Means: "3 hears nothing of 1 and 2; they hear 3"},
		},
		Bind: func(fs *pflag.FlagSet) command.Run {
			oneWay := fs.Bool("one-way", false, "hold back only what a group sends to the groups behind it")
			return func(ctx context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
				p, seen := Parted{OneWay: *oneWay}, map[int]bool{}
				for _, w := range args {
					group, err := numbers(w.Text)
					if err != nil {
						return nil, err
					}
					for _, id := range group {
						if seen[id] {
							return nil, command.Usagef("node %d stands there twice", id)
						}
						seen[id] = true
					}
					p.Groups = append(p.Groups, group)
				}
				c, err := find(ctx)
				if err != nil {
					return nil, err
				}
				return p, c.Partition(ctx, p.Groups, p.OneWay)
			}
		},
	}
}

// Healed is the result of heal.
type Healed struct {
	Healed bool `json:"healed"`
}

// View is a line.
func (Healed) View() render.View { return render.Text{Lines: []string{"all links are whole"}} }

func heal(find Find) command.Spec {
	return command.Spec{
		Name:     "heal",
		Group:    command.Ensemble,
		Short:    "mend all links between nodes",
		Long:     "What was held back arrives, as it does when a cable is plugged in again.",
		Examples: []command.Example{{Line: "heal", Means: "the end of all partitions"}},
		Bind: func(*pflag.FlagSet) command.Run {
			return func(ctx context.Context, _ *command.Env, _ []lex.Word) (render.Result, error) {
				c, err := find(ctx)
				if err != nil {
					return nil, err
				}
				return Healed{true}, c.Heal(ctx)
			}
		},
	}
}
