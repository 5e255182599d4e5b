package zkcmd

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Tree is the result of tree: a znode and those below it, as deep as was asked.
type Tree struct {
	Name     string `json:"name"` // the whole path at the top, a child's name below
	Children []Tree `json:"children"`
	// Closed tells that its children may not be listed.
	Closed bool `json:"closed,omitempty"`
}

// View is the drawn tree.
func (t Tree) View() render.View { return t.view() }

func (t Tree) view() render.Tree {
	v := render.Tree{Label: render.Cell{Text: t.Name, Role: theme.Path}}
	if t.Closed {
		v.Label.Text += " (may not be listed)"
	}
	for _, c := range t.Children {
		v.Children = append(v.Children, c.view())
	}
	return v
}

var tree = command.Spec{
	Name:  "tree",
	Group: command.Znodes,
	Args:  []command.Arg{herePath},
	Short: "draw the subtree of a znode",
	Examples: []command.Example{
		{Line: "tree /brokers", Means: "all of it"},
		{Line: "tree -L 2 /", Means: "two levels below the root"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		levels := fs.IntP("levels", "L", 0, "at most `COUNT` levels below the znode")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			depth := unlimited
			if fs.Changed("levels") {
				depth = *levels
				if depth < 1 {
					return nil, command.Usagef("-L %d: at least one level", depth)
				}
			}
			zk, path, err := target(ctx, env, args)
			if err != nil {
				return nil, err
			}
			paths, closed, err := subtree(ctx, zk, path, depth)
			if err != nil {
				return nil, err
			}
			t := growTree(paths, closed)
			if len(closed) > 0 {
				env.Notify(fmt.Sprintf("tree %s: the children of %s may not be listed", path, znodes(len(closed))))
			}
			return t, nil
		}
	},
}

// growTree makes a tree of paths, of which parents stand before their children, and the root first.
func growTree(paths []string, closed []Failure) Tree {
	below := map[string][]string{}
	for _, p := range paths[1:] {
		parent := zkproto.Parent(p)
		below[parent] = append(below[parent], p)
	}
	shut := map[string]bool{}
	for _, f := range closed {
		shut[f.Path] = true
	}
	var grow func(path, name string) Tree
	grow = func(path, name string) Tree {
		t := Tree{Name: name, Children: []Tree{}, Closed: shut[path]}
		for _, child := range below[path] {
			t.Children = append(t.Children, grow(child, zkproto.Base(child)))
		}
		return t
	}
	return grow(paths[0], paths[0])
}
