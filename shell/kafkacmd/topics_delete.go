package kafkacmd

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Deleted is the result of topics delete and of groups delete.
type Deleted struct {
	Deleted []string `json:"deleted"`
	DryRun  bool     `json:"dry_run,omitempty"` // they are still there
}

// View is a line for each.
func (d Deleted) View() render.View {
	var lines []string
	for _, name := range d.Deleted {
		if d.DryRun {
			lines = append(lines, "would delete "+name)
		} else {
			lines = append(lines, "deleted "+name)
		}
	}
	return render.Text{Lines: lines}
}

var topicsDelete = command.Spec{
	Name:  "delete",
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Repeat: true}},
	Short: "delete topics with all their records",
	Long: "All names are looked up first: where one is not there nothing is deleted. Internal topics, and what --regex\n" +
		"finds, are deleted only when you confirm it, or with --yes.",
	Examples: []command.Example{
		{Line: "delete first", Means: "one topic"},
		{Line: "delete --regex 'test-.*' --dry-run", Means: "which topics would be deleted"},
		{Line: "delete first --if-exists", Means: "no failure if it is not there"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		regex := fs.Bool("regex", false, "TOPICs are regular expressions")
		exists := fs.Bool("if-exists", false, "do nothing about a topic that is not there")
		dryRun := fs.Bool("dry-run", false, "only show what would be deleted")
		yes := fs.Bool("yes", false, "do not ask")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			var found []kmodel.Topic
			if *exists && !*regex {
				found, err = existing(ctx, kafka, texts(args))
			} else {
				found, err = namedTopics(ctx, kafka, args, *regex)
			}
			if err != nil {
				return nil, err
			}
			names, ask := []string{}, *regex
			for _, t := range found {
				names, ask = append(names, t.Name), ask || t.Internal
			}
			if *dryRun {
				return Deleted{Deleted: names, DryRun: true}, nil
			}
			if ask {
				if err := confirm(ctx, env, *yes, "delete "+count(len(names), "topic"), names); err != nil {
					return nil, err
				}
			}
			return deleteTopics(ctx, kafka, names)
		}
	},
}

// existing are those of the topics that are there.
func existing(ctx context.Context, kafka command.Kafka, names []string) ([]kmodel.Topic, error) {
	all, err := kafka.Topics(ctx, names...)
	if err != nil {
		return nil, err
	}
	var found []kmodel.Topic
	for _, t := range all {
		switch {
		case t.Err == nil:
			found = append(found, t)
		case !errors.Is(t.Err, kproto.UnknownTopicOrPartition):
			return nil, command.At(t.Name, t.Err)
		}
	}
	return found, nil
}

func deleteTopics(ctx context.Context, kafka command.Kafka, names []string) (render.Result, error) {
	done := Deleted{Deleted: []string{}}
	if len(names) == 0 {
		return done, nil
	}
	outcomes, err := kafka.DeleteTopics(ctx, names...)
	if err != nil {
		return nil, err
	}
	var failures []failure
	for _, o := range outcomes {
		if o.Err != nil {
			failures = append(failures, failure{o.Name, o.Err})
		} else {
			done.Deleted = append(done.Deleted, o.Name)
		}
	}
	settleDeleted(ctx, kafka, done.Deleted)
	return done, incomplete(len(done.Deleted), failures, "topics")
}
