package kafkacmd

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var groupsDelete = command.Spec{
	Name:  "delete",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "GROUP", Kind: command.ConsumerGroup, Repeat: true}},
	Short: "delete groups with their offsets",
	Long: "A group must have no members. All names are looked up first: where one is not there nothing is deleted. What\n" +
		"--regex finds is deleted only when you confirm it, or with --yes.",
	Examples: []command.Example{
		{Line: "delete billing", Means: "one group"},
		{Line: "delete --regex 'console-consumer-.*' --yes", Means: "what console consumers have left"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		regex := fs.Bool("regex", false, "GROUPs are regular expressions")
		dryRun := fs.Bool("dry-run", false, "only show what would be deleted")
		yes := fs.Bool("yes", false, "do not ask")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, err := namedGroups(ctx, kafka, args, *regex)
			if err != nil {
				return nil, err
			}
			names := []string{}
			for _, g := range found {
				names = append(names, g.Name)
			}
			if *dryRun {
				return Deleted{Deleted: names, DryRun: true}, nil
			}
			if *regex {
				if err := confirm(ctx, env, *yes, "delete "+count(len(names), "group"), names); err != nil {
					return nil, err
				}
			}
			return deleteGroups(ctx, kafka, names)
		}
	},
}

func deleteGroups(ctx context.Context, kafka command.Kafka, names []string) (render.Result, error) {
	outcomes, err := kafka.DeleteGroups(ctx, names...)
	if err != nil {
		return nil, err
	}
	done := Deleted{Deleted: []string{}}
	var failures []failure
	for _, o := range outcomes {
		switch {
		case o.Err == nil:
			done.Deleted = append(done.Deleted, o.Name)
		case errors.Is(o.Err, kproto.NonEmptyGroup):
			failures = append(failures, failure{o.Name, whoIsIn(ctx, kafka, o.Name, o.Err)})
		default:
			failures = append(failures, failure{o.Name, o.Err})
		}
	}
	return done, incomplete(len(done.Deleted), failures, "groups")
}

// whoIsIn names the members that keep a group from being deleted.
func whoIsIn(ctx context.Context, kafka command.Kafka, name string, err error) error {
	found, describeErr := kafka.DescribeGroups(ctx, name)
	if describeErr != nil || found[0].Err != nil || len(found[0].Members) == 0 {
		return err
	}
	return &inUseError{activeError{found[0]}, err}
}

type inUseError struct {
	active activeError
	err    error
}

func (e *inUseError) Error() string { return "it has members: " + e.active.members() }
func (e *inUseError) Unwrap() error { return e.err }

// OffsetsDeleted is the result of groups delete-offsets.
type OffsetsDeleted struct {
	Group   string   `json:"group"`
	Deleted []string `json:"deleted"` // partitions, as topic-0
}

// View is a line.
func (d OffsetsDeleted) View() render.View {
	if len(d.Deleted) == 0 {
		return render.Empty{}
	}
	return render.Text{Lines: []string{"deleted the offsets of " + d.Group + " of " + shorten(d.Deleted, 20)}}
}

var groupsDeleteOffsets = command.Spec{
	Name:  "delete-offsets",
	Group: command.Cluster,
	Args:  []command.Arg{groupArg},
	Short: "delete what a group has committed of topics",
	Long:  "A group with members can lose only offsets of topics that no member reads.",
	Examples: []command.Example{
		{Line: "delete-offsets billing --topic orders", Means: "of all partitions"},
		{Line: "delete-offsets billing --topic orders:0,2", Means: "of two"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		topics := fs.StringArray("topic", nil, "a `TOPIC`, or some of its partitions as in orders:0,2-4; may be repeated")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if len(*topics) == 0 {
				return nil, command.Usagef("--topic says of what")
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			if _, err := namedGroups(ctx, kafka, args, false); err != nil {
				return nil, err
			}
			partitions, err := scope(ctx, kafka, *topics)
			if err != nil {
				return nil, err
			}
			answers, err := kafka.DeleteGroupOffsets(ctx, args[0].Text, partitions)
			if err != nil {
				return nil, command.At(args[0].Text, err)
			}
			done := OffsetsDeleted{Group: args[0].Text, Deleted: []string{}}
			var failures []failure
			for _, a := range answers {
				if a.Err != nil {
					failures = append(failures, failure{a.TopicPartition.String(), a.Err})
				} else {
					done.Deleted = append(done.Deleted, a.TopicPartition.String())
				}
			}
			return done, incomplete(len(done.Deleted), failures, "partitions")
		}
	},
}
