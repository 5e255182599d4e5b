package builtin

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Options is the result of option.
type Options []OptionValue

// OptionValue is an option of the shell as it is now.
type OptionValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Takes string `json:"takes"`
	Means string `json:"means"`
}

// View is a table.
func (o Options) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "option"}, {Name: "value"}, {Name: "takes"}, {Name: "means"}}}
	for _, v := range o {
		t.Rows = append(t.Rows, []render.Cell{
			{Text: v.Name, Role: theme.Key}, {Text: v.Value, Role: theme.Value}, {Text: v.Takes}, {Text: v.Means},
		})
	}
	return t
}

var option = command.Spec{
	Name:  "option",
	Group: command.Shell,
	Args: []command.Arg{
		{Name: "NAME", Kind: command.Setting, Optional: true},
		{Name: "VALUE", Kind: command.Text, Optional: true},
	},
	Short: "show or change the shell's options",
	Long:  "The znodes' own command is set.",
	Examples: []command.Example{
		{Line: "option", Means: "all options"},
		{Line: "option output json", Means: "results as JSON from now on"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if len(args) == 2 {
				return nil, env.Options.Set(args[0].Text, args[1].Text)
			}
			var options Options
			for _, row := range command.OptionTable {
				if len(args) == 1 && row.Name != args[0].Text {
					continue
				}
				value, err := env.Options.Get(row.Name)
				if err != nil {
					return nil, err
				}
				options = append(options, OptionValue{row.Name, value, row.Value, row.Short})
			}
			if len(options) == 0 {
				_, err := env.Options.Get(args[0].Text)
				return nil, err
			}
			return options, nil
		}
	},
}

// PrintWatches is the result of printwatches without an argument.
type PrintWatches struct {
	On bool `json:"printwatches"`
}

// View is zkCli's line.
func (p PrintWatches) View() render.View {
	if p.On {
		return render.Text{Lines: []string{"printwatches is on"}}
	}
	return render.Text{Lines: []string{"printwatches is off"}}
}

var printwatches = command.Spec{
	Name:  "printwatches",
	Group: command.Watches,
	Args:  []command.Arg{{Name: "on|off", Kind: command.Choice, Values: []string{"on", "off"}, Optional: true}},
	Short: "show watch events and session changes, or hide them",
	Examples: []command.Example{
		{Line: "printwatches", Means: "whether they are shown"},
		{Line: "printwatches off", Means: "hide them"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if len(args) == 0 {
				return PrintWatches{env.Options.Now().PrintWatches}, nil
			}
			return nil, env.Options.Set("printwatches", args[0].Text)
		}
	},
}
