package kafkacmd

import (
	"context"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// TopicList is the result of topics list.
type TopicList struct {
	Topics []TopicListing
	long   bool
}

// TopicListing is a topic in a list.
type TopicListing struct {
	Name       string `json:"name"`
	Partitions int    `json:"partitions"`
	Replicas   int    `json:"replicas"` // of a partition
	Internal   bool   `json:"internal,omitempty"`
}

// MarshalJSON encodes the list alone.
func (l TopicList) MarshalJSON() ([]byte, error) { return encode(l.Topics) }

// View is a name in a line.
func (l TopicList) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "topic"}}}
	if l.long {
		t.Columns = append(t.Columns, render.Column{Name: "partitions", Right: true}, render.Column{Name: "replicas", Right: true})
	}
	for _, topic := range l.Topics {
		row := []render.Cell{{Text: topic.Name, Role: theme.Path}}
		if topic.Internal {
			row[0].Role = theme.Dim
		}
		if l.long {
			row = append(row, render.Cell{Text: strconv.Itoa(topic.Partitions)}, render.Cell{Text: strconv.Itoa(topic.Replicas)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

var topicsList = command.Spec{
	Name:  "list",
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Optional: true, Repeat: true}},
	Short: "show the names of topics",
	Examples: []command.Example{
		{Line: "list", Means: "all topics"},
		{Line: "list -l --regex 'order.*'", Means: "those that match, with their partitions and replicas"},
		{Line: "list --unavailable", Means: "those with a partition that has no leader"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		long := fs.BoolP("long", "l", false, "with the numbers of partitions and replicas")
		filter := bindTopicFilter(fs)
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, err := filter.selectTopics(ctx, kafka, args, false)
			if err != nil {
				return nil, err
			}
			list := TopicList{Topics: make([]TopicListing, len(found)), long: *long}
			for i, t := range found {
				list.Topics[i] = TopicListing{t.Name, len(t.Partitions), t.ReplicationFactor(), t.Internal}
			}
			return list, nil
		}
	},
}
