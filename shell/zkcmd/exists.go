package zkcmd

import (
	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
)

// Existing is the result of exists. That a znode does not exist is an error.
type Existing struct {
	Path   string `json:"path"`
	Exists bool   `json:"exists"` // true
	Stat   Stat   `json:"stat"`
}

// View is one line.
func (e Existing) View() render.View { return render.Text{Lines: []string{e.Path + " exists"}} }

var exists = command.Spec{
	Name:  "exists",
	Group: command.Znodes,
	Args:  []command.Arg{herePath, watchArg},
	Short: "test whether a znode exists",
	Long: "One that does not exist is a failure, with exit code 1: what follows in a script is not run. A watch\n" +
		"stays set on a znode that does not exist yet.",
	Examples: []command.Example{
		{Line: "exists /config", Means: "is it there?"},
		{Line: "exists -w /config", Means: "and tell once when it is created, changed or deleted"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		return bindExists(fs, func(path string, s Stat) render.Result { return Existing{Path: path, Exists: true, Stat: s} })
	},
}
