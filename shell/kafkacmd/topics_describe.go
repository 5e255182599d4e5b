package kafkacmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// TopicDescriptions is the result of topics describe.
type TopicDescriptions struct {
	Topics []TopicDescription
	// partitions tells that a filter has left only some partitions, topics that partitions were not asked for.
	partitions, topics bool
}

// TopicDescription is a topic with its partitions and the values that it has for itself.
type TopicDescription struct {
	kmodel.Topic
	Configs map[string]string     `json:"configs"`
	Moving  []kmodel.Reassignment `json:"moving,omitempty"` // partitions whose replicas are being moved
	MinISR  int                   `json:"min_isr"`
}

// MarshalJSON encodes the list alone.
func (d TopicDescriptions) MarshalJSON() ([]byte, error) { return encode(d.Topics) }

// View is a line for each topic, and a table of its partitions below it.
func (d TopicDescriptions) View() render.View {
	if d.partitions {
		all := partitionTable(true)
		for _, t := range d.Topics {
			all.Rows = append(all.Rows, t.rows(true)...)
		}
		return all
	}
	var group render.Group
	for _, t := range d.Topics {
		group.Views = append(group.Views, render.Text{Lines: []string{t.head()}, Role: theme.Path})
		if !d.topics {
			table := partitionTable(false)
			table.Rows = t.rows(false)
			group.Views = append(group.Views, table)
		}
	}
	return group
}

func (t TopicDescription) head() string {
	parts := []string{t.Name + ": " + count(len(t.Partitions), "partition"), count(t.ReplicationFactor(), "replica")}
	if t.ID != "" {
		parts = append(parts, "id "+t.ID)
	}
	for _, key := range sortedKeys(t.Configs) {
		parts = append(parts, key+"="+t.Configs[key])
	}
	return strings.Join(parts, ", ")
}

func partitionTable(withTopic bool) render.Table {
	t := render.Table{Columns: []render.Column{
		{Name: "partition", Right: true}, {Name: "leader", Right: true}, {Name: "replicas"}, {Name: "in sync"}, {Name: "state"},
	}}
	if withTopic {
		t.Columns = append([]render.Column{{Name: "topic"}}, t.Columns...)
	}
	return t
}

func (t TopicDescription) rows(withTopic bool) [][]render.Cell {
	var rows [][]render.Cell
	for _, p := range t.Partitions {
		leader := render.Cell{Text: itoa(int64(p.Leader))}
		if p.Leader < 0 {
			leader = render.Cell{Text: "none", Role: theme.Error}
		}
		isr := render.Cell{Text: ids(p.ISR)}
		if p.UnderReplicated() {
			isr.Role = theme.Warning
		}
		row := []render.Cell{{Text: itoa(int64(p.ID))}, leader, {Text: ids(p.Replicas)}, isr, t.state(p)}
		if withTopic {
			row = append([]render.Cell{{Text: t.Name, Role: theme.Path}}, row...)
		}
		rows = append(rows, row)
	}
	return rows
}

// state is what is the matter with a partition, the worst of it.
func (t TopicDescription) state(p kmodel.Partition) render.Cell {
	for _, m := range t.Moving {
		if m.Partition == p.ID {
			return render.Cell{Text: fmt.Sprintf("moving: adding %s, removing %s", orNone(m.Adding), orNone(m.Removing)), Role: theme.Warning}
		}
	}
	switch {
	case p.Unavailable():
		return render.Cell{Text: "unavailable", Role: theme.Error}
	case len(p.ISR) < t.MinISR:
		return render.Cell{Text: fmt.Sprintf("under min.insync.replicas=%d", t.MinISR), Role: theme.Error}
	case p.UnderReplicated():
		return render.Cell{Text: "under-replicated", Role: theme.Warning}
	}
	return render.Cell{Text: "ok", Role: theme.Good}
}

func ids(list []int32) string {
	texts := make([]string, len(list))
	for i, id := range list {
		texts[i] = itoa(int64(id))
	}
	return strings.Join(texts, ",")
}

func orNone(list []int32) string {
	if len(list) == 0 {
		return "none"
	}
	return ids(list)
}

var topicsDescribe = command.Spec{
	Name:  "describe",
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Optional: true, Repeat: true}},
	Short: "show the partitions of topics: leader, replicas, in-sync replicas",
	Long: "Without a name it is all topics. The line of a topic names what it has configured for itself. With one of the\n" +
		"flags about partitions only such partitions are shown, with several of them those to which one applies.",
	Examples: []command.Example{
		{Line: "describe first", Means: "one topic"},
		{Line: "describe --under-min-isr", Means: "partitions that take no writes with acks=all"},
		{Line: "describe --with-overrides", Means: "the topics that have a configuration of their own"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		filter := bindTopicFilter(fs)
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, err := filter.selectTopics(ctx, kafka, args, true)
			if err != nil {
				return nil, err
			}
			moving, err := kafka.Reassignments(ctx)
			if err != nil {
				env.Notifyf("topics describe: which partitions are being moved is not known: %v", err)
			}
			return filter.describe(found, moving), nil
		}
	},
}

func (f *topicFilter) describe(found []topicInfo, moving []kmodel.Reassignment) TopicDescriptions {
	d := TopicDescriptions{Topics: []TopicDescription{}, partitions: f.byPartition(), topics: f.overridden && !f.byPartition()}
	for _, t := range found {
		described := TopicDescription{Topic: t.Topic, Configs: map[string]string{}, MinISR: t.minISR()}
		for _, c := range t.overrides() {
			described.Configs[c.Name] = c.Value
		}
		described.Partitions = []kmodel.Partition{}
		for _, p := range t.Partitions {
			if f.keeps(t, p) {
				described.Partitions = append(described.Partitions, p)
			}
		}
		for _, m := range moving {
			if m.Topic == t.Name {
				described.Moving = append(described.Moving, m)
			}
		}
		d.Topics = append(d.Topics, described)
	}
	return d
}
