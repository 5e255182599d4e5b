package clustercmd

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Status is the result of status.
type Status []Node

var statusColumns = []render.Column{
	{Name: "node", Right: true}, {Name: "pid", Right: true}, {Name: "server"}, {Name: "role"}, {Name: "epoch", Right: true},
	{Name: "zxid"}, {Name: "sessions", Right: true}, {Name: "znodes", Right: true}, {Name: "latency", Right: true},
}

// The columns that a table has only where there is something to say.
var brokerColumn, cutsColumn = render.Column{Name: "broker"}, render.Column{Name: "cut off"}

// View is a table. While links are cut it has a column for them, and one for brokers where there are any.
func (s Status) View() render.View {
	t := render.Table{Columns: statusColumns}
	brokers := slices.ContainsFunc(s, func(n Node) bool { return n.Broker != "" })
	if brokers {
		t.Columns = append(slices.Clip(t.Columns), brokerColumn)
	}
	cut := slices.ContainsFunc(s, func(n Node) bool { return len(n.In)+len(n.Out) > 0 })
	if cut {
		t.Columns = append(slices.Clip(t.Columns), cutsColumn)
	}
	for _, n := range s {
		row := n.cells()
		if brokers {
			row = append(row, render.Cell{Text: cmp.Or(n.broker(), "-")})
		}
		if cut {
			row = append(row, render.Cell{Text: n.cuts(), Role: theme.Warning})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (n *Node) cells() []render.Cell {
	row := make([]render.Cell, len(statusColumns))
	for i := range row {
		row[i] = render.Cell{Text: "-", Role: theme.Dim}
	}
	row[0] = render.Cell{Text: strconv.Itoa(n.ID), Role: theme.Key}
	if n.Pid != 0 {
		row[1] = render.Cell{Text: strconv.Itoa(n.Pid)}
	}
	row[2], row[3] = render.Cell{Text: n.Addr}, render.Cell{Text: n.Role, Role: n.mood()}
	if n.Epoch > 0 {
		row[4] = render.Cell{Text: strconv.FormatInt(n.Epoch, 10)}
	}
	if n.Serving {
		row[5] = render.Cell{Text: n.Zxid}
		row[6] = render.Cell{Text: strconv.Itoa(n.Sessions)}
		row[7] = render.Cell{Text: strconv.FormatInt(n.Znodes, 10)}
		row[8] = render.Cell{Text: strconv.FormatFloat(n.Latency, 'f', 2, 64) + " ms"}
	}
	return row
}

// broker is the port of the broker, which is on the host of the server.
func (n *Node) broker() string {
	if at := strings.LastIndexByte(n.Broker, ':'); at >= 0 {
		return n.Broker[at:]
	}
	return ""
}

func (n *Node) mood() theme.Role {
	switch {
	case n.Serving:
		return theme.Good
	case n.Role == "down":
		return theme.Error
	}
	return theme.Warning
}

// cuts are the nodes that a node has no link to, then those of which one direction is left.
func (n *Node) cuts() string {
	var text, half []string
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(n.In, n.Out)))) {
		in, out := slices.Contains(n.In, id), slices.Contains(n.Out, id)
		switch {
		case in && out:
			text = append(text, strconv.Itoa(id))
		case in:
			half = append(half, "from "+strconv.Itoa(id))
		case out:
			half = append(half, "to "+strconv.Itoa(id))
		}
	}
	text = append(text, half...)
	if len(text) == 0 {
		return "-"
	}
	return strings.Join(text, ", ")
}

func status(find Find) command.Spec {
	return command.Spec{
		Name:  "status",
		Group: command.Ensemble,
		Short: "show the nodes: who leads, who is down, how far each is",
		Long: "A node is asked by four-letter words. Its role is leader, follower, observer or standalone; looking while it\n" +
			"has no leader; paused; silent where it runs and gives no answer; down. The epoch is that of the last leader it\n" +
			"has followed, or been. Sessions are those of clients that are connected to it, latency is the average of its\n" +
			"requests.",
		Examples: []command.Example{{Line: "status", Means: "all nodes"}},
		Bind: func(*pflag.FlagSet) command.Run {
			return func(ctx context.Context, _ *command.Env, _ []lex.Word) (render.Result, error) {
				c, err := find(ctx)
				if err != nil {
					return nil, err
				}
				nodes, err := c.Status(ctx)
				if err != nil {
					return nil, err
				}
				return Status(nodes), nil
			}
		},
	}
}
