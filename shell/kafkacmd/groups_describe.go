package kafkacmd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// GroupDescriptions is the result of groups describe.
type GroupDescriptions struct {
	Groups []GroupDescription
	part   groupPart
}

// groupPart is what a description shows.
type groupPart uint8

const (
	showOffsets groupPart = iota
	showMembers
	showState
)

// GroupDescription is a group with its members and offsets.
type GroupDescription struct {
	kmodel.Group
	Offsets []GroupOffset `json:"offsets"`
	Lag     int64         `json:"lag"` // the sum of those that are known
}

// GroupOffset is a partition that a group has committed an offset of, or that a member of it reads.
type GroupOffset struct {
	kmodel.TopicPartition
	Offset *int64 `json:"offset"` // the commit, null for none
	End    *int64 `json:"end"`    // null where no leader has answered
	Lag    *int64 `json:"lag"`
	// Member, Host and Client are of who reads it.
	Member string `json:"member,omitempty"`
	Host   string `json:"host,omitempty"`
	Client string `json:"client,omitempty"`
	// Metadata is what was committed with the offset.
	Metadata string `json:"metadata,omitempty"`
	Error    string `json:"error,omitempty"`
}

// MarshalJSON encodes the list alone.
func (d GroupDescriptions) MarshalJSON() ([]byte, error) { return encode(d.Groups) }

// View is a table of all groups: of their partitions, their members, or their states.
func (d GroupDescriptions) View() render.View {
	var t render.Table
	switch d.part {
	case showMembers:
		t.Columns = []render.Column{{Name: "group"}, {Name: "member"}, {Name: "host"}, {Name: "client"}, {Name: "partitions", Right: true}, {Name: "assignment"}}
	case showState:
		t.Columns = []render.Column{{Name: "group"}, {Name: "state"}, {Name: "coordinator"}, {Name: "assignor"}, {Name: "members", Right: true}, {Name: "lag", Right: true}}
	default:
		t.Columns = []render.Column{{Name: "group"}, {Name: "topic"}, {Name: "partition", Right: true}, {Name: "offset", Right: true},
			{Name: "end", Right: true}, {Name: "lag", Right: true}, {Name: "member"}, {Name: "host"}, {Name: "client"}}
	}
	for _, g := range d.Groups {
		t.Rows = append(t.Rows, g.rows(d.part)...)
	}
	return t
}

func (g GroupDescription) rows(part groupPart) [][]render.Cell {
	name := render.Cell{Text: g.Name, Role: theme.Path}
	var rows [][]render.Cell
	switch part {
	case showMembers:
		for _, m := range g.Members {
			rows = append(rows, []render.Cell{name, {Text: m.ID}, {Text: m.Host}, {Text: m.ClientID},
				{Text: strconv.Itoa(len(m.Assigned))}, orNothing(assigned(m.Assigned))})
		}
	case showState:
		state := render.Cell{Text: g.State, Role: theme.Good}
		if g.State != "Stable" {
			state.Role = theme.Warning
		}
		coordinator := g.Coordinator.Addr() + " (" + itoa(int64(g.Coordinator.ID)) + ")"
		rows = append(rows, []render.Cell{name, state, {Text: coordinator}, orNothing(g.Assignor),
			{Text: strconv.Itoa(len(g.Members))}, {Text: itoa(g.Lag)}})
	default:
		for _, o := range g.Offsets {
			rows = append(rows, append([]render.Cell{name}, o.cells()...))
		}
	}
	return rows
}

func (o GroupOffset) cells() []render.Cell {
	lag := render.Cell{Text: number(o.Lag)}
	if o.Lag != nil && *o.Lag > 0 {
		lag.Role = theme.Warning
	}
	end := render.Cell{Text: number(o.End)}
	if o.Error != "" {
		end = render.Cell{Text: o.Error, Role: theme.Error}
	}
	return []render.Cell{{Text: o.Topic}, {Text: itoa(int64(o.Partition))}, {Text: number(o.Offset)}, end, lag,
		orNothing(o.Member), orNothing(o.Host), orNothing(o.Client)}
}

// assigned is topic:0,1 topic2:0.
func assigned(partitions []kmodel.TopicPartition) string {
	text, last := "", ""
	for _, p := range partitions {
		switch {
		case p.Topic == last:
			text += ","
		case text != "":
			text += " " + p.Topic + ":"
		default:
			text = p.Topic + ":"
		}
		text, last = text+itoa(int64(p.Partition)), p.Topic
	}
	return text
}

var groupsDescribe = command.Spec{
	Name:  "describe",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "GROUP", Kind: command.ConsumerGroup, Optional: true, Repeat: true}},
	Short: "show how far groups have read, who is in them, and their states",
	Long:  "Without a name it is all groups. The lag is the number of offsets between the commit and the end.",
	Examples: []command.Example{
		{Line: "describe billing", Means: "the offsets of one group, and who reads"},
		{Line: "describe --members billing", Means: "its members, with what each reads"},
		{Line: "describe --state", Means: "a line for each group, with its whole lag"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		members := fs.Bool("members", false, "show the members")
		state := fs.Bool("state", false, "show a line for each group")
		regex := fs.Bool("regex", false, "GROUPs are regular expressions")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if *members && *state {
				return nil, command.Usagef("--members and --state exclude each other")
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, lacking := namedGroups(ctx, kafka, args, *regex)
			var partial *command.PartialError
			if lacking != nil && !errors.As(lacking, &partial) {
				return nil, lacking
			}
			d := GroupDescriptions{Groups: []GroupDescription{}}
			var failures []failure
			for _, g := range found {
				described, err := describeGroup(ctx, kafka, g)
				if err != nil {
					failures = append(failures, failure{g.Name, err})
					continue
				}
				d.Groups = append(d.Groups, described)
			}
			switch {
			case *members:
				d.part = showMembers
			case *state:
				d.part = showState
			}
			if d.part != showState {
				noteState(env, found)
			}
			return d, cmp.Or(lacking, incomplete(len(d.Groups), failures, "groups"))
		}
	},
}

// noteState says what a table of offsets or members does not show.
func noteState(env *command.Env, found []kmodel.Group) {
	for _, g := range found {
		switch g.State {
		case "Empty":
			env.Notifyf("groups describe %s: it has no members", g.Name)
		case "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling":
			env.Notifyf("groups describe %s: it is rebalancing: who reads what will change", g.Name)
		}
	}
}

// describeGroup adds the commits and the ends of the partitions that are committed or read.
func describeGroup(ctx context.Context, kafka command.Kafka, g kmodel.Group) (GroupDescription, error) {
	d := GroupDescription{Group: g, Offsets: []GroupOffset{}}
	commits, err := kafka.GroupOffsets(ctx, g.Name)
	if err != nil {
		return d, err
	}
	rows := map[kmodel.TopicPartition]*GroupOffset{}
	row := func(p kmodel.TopicPartition) *GroupOffset {
		if rows[p] == nil {
			rows[p] = &GroupOffset{TopicPartition: p}
		}
		return rows[p]
	}
	for _, c := range commits {
		if c.Err != nil {
			return d, c.Err
		}
		if c.Offset >= 0 {
			r := row(c.TopicPartition)
			r.Offset, r.Metadata = &c.Offset, c.Metadata
		}
	}
	for _, m := range g.Members {
		for _, p := range m.Assigned {
			r := row(p)
			r.Member, r.Host, r.Client = m.ID, m.Host, m.ClientID
		}
	}
	partitions := make([]kmodel.TopicPartition, 0, len(rows))
	for p := range rows {
		partitions = append(partitions, p)
	}
	slices.SortFunc(partitions, kmodel.TopicPartition.Compare)
	ends, err := kafka.Offsets(ctx, partitions, kmodel.Latest)
	if err != nil {
		return d, err
	}
	for i, p := range partitions {
		r := rows[p]
		if ends[i].Err != nil {
			r.Error = command.Reason(ends[i].Err)
		} else {
			r.End = &ends[i].Offset
		}
		if r.Offset != nil && r.End != nil {
			lag := *r.End - *r.Offset
			r.Lag = &lag
			d.Lag += lag
		}
		d.Offsets = append(d.Offsets, *r)
	}
	return d, nil
}
