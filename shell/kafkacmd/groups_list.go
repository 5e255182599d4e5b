package kafkacmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// GroupList is the result of groups list.
type GroupList struct {
	Groups []kmodel.GroupListing
	long   bool
}

// MarshalJSON encodes the list alone.
func (l GroupList) MarshalJSON() ([]byte, error) { return encode(l.Groups) }

// View is a name in a line.
func (l GroupList) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "group"}}}
	if l.long {
		t.Columns = append(t.Columns, render.Column{Name: "state"}, render.Column{Name: "protocol"}, render.Column{Name: "coordinator", Right: true})
	}
	for _, g := range l.Groups {
		row := []render.Cell{{Text: g.Name, Role: theme.Path}}
		if l.long {
			row = append(row, orNothing(g.State), orNothing(g.ProtocolType), render.Cell{Text: itoa(int64(g.Coordinator))})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// orNothing is a text, or a dash where there is none.
func orNothing(text string) render.Cell {
	if text == "" {
		return render.Cell{Text: "-", Role: theme.Dim}
	}
	return render.Cell{Text: text}
}

// groupStates are those that Kafka 2.7 and later know, as they are typed.
var groupStates = []string{"PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty", "Assigning", "Reconciling"}

var groupsList = command.Spec{
	Name:  "list",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "GROUP", Kind: command.ConsumerGroup, Optional: true, Repeat: true}},
	Short: "show the names of groups",
	Long:  "The states are " + strings.Join(groupStates, ", ") + ".",
	Examples: []command.Example{
		{Line: "list", Means: "all groups"},
		{Line: "list -l", Means: "with their states"},
		{Line: "list --state Stable,Empty", Means: "those in one of these states"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		long := fs.BoolP("long", "l", false, "with states, protocols and coordinators")
		states := fs.StringSlice("state", nil, "only those in one of these `STATES`")
		regex := fs.Bool("regex", false, "GROUPs are regular expressions")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			wanted, err := parseStates(*states)
			if err != nil {
				return nil, err
			}
			patterns, err := matchers(args)
			if err != nil && *regex {
				return nil, err
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			all, err := kafka.Groups(ctx, wanted...)
			lacking, err := asPartial(err)
			if err != nil {
				return nil, err
			}
			if !*regex && len(wanted) == 0 && lacking == nil {
				if err := listed(all, args); err != nil {
					return nil, err
				}
			}
			all = slices.DeleteFunc(all, func(g kmodel.GroupListing) bool {
				switch {
				case len(args) == 0:
					return false
				case *regex:
					return !matchesAny(patterns, g.Name)
				}
				return !slices.Contains(texts(args), g.Name)
			})
			return GroupList{Groups: all, long: *long || len(wanted) > 0}, lacking
		}
	},
}

// listed checks that the groups of the names are there.
func listed(all []kmodel.GroupListing, words []lex.Word) error {
	names := make([]string, len(all))
	for i, g := range all {
		names[i] = g.Name
	}
	for _, w := range words {
		if !slices.Contains(names, w.Text) {
			return command.NotFound("group", w.Text, names)
		}
	}
	return nil
}

// parseStates finds states whatever their case.
func parseStates(typed []string) ([]string, error) {
	var out []string
	for _, text := range typed {
		i := slices.IndexFunc(groupStates, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(text)) })
		if i < 0 {
			return nil, command.Usagef("--state %s: the states are %s", lex.Quote(text), strings.Join(groupStates, ", "))
		}
		out = append(out, groupStates[i])
	}
	return out, nil
}
