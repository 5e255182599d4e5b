package kafkacmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var groups = command.Spec{
	Name:  "groups",
	Habit: habitOf("groups"),
	Group: command.Cluster,
	Short: "list and describe consumer groups, move and delete their offsets",
	Long:  "Names are taken as they are; with --regex they are regular expressions, of which a whole name must match one.",
	Examples: []command.Example{
		{Line: "groups", Means: "the names of all groups"},
		{Line: "groups describe billing", Means: "what it has read, and how far it is behind"},
		{Line: "groups reset billing --topic orders --to-earliest", Means: "what reading all again would change"},
	},
	Verbs: command.Verbs("groups", groupsList, groupsDescribe, groupsReset, groupsDelete, groupsDeleteOffsets),
}

var groupArg = command.Arg{Name: "GROUP", Kind: command.ConsumerGroup}

// dead is the state of a group that is not there.
const dead = "Dead"

// asPartial parts an error of kafka.Groups: what lacks where only some brokers have answered, beside which the groups of
// the others are shown, or another failure.
func asPartial(err error) (lacking, failed error) {
	var silent *kmodel.SilentError
	if errors.As(err, &silent) {
		return &command.PartialError{Err: fmt.Errorf("groups may be missing: %w", err)}, nil
	}
	return nil, err
}

// namedGroups are the groups that words name, all where there are none. One that is not there is an error. Beside a
// *command.PartialError are those that were found.
func namedGroups(ctx context.Context, kafka command.Kafka, words []lex.Word, regex bool) ([]kmodel.Group, error) {
	names := texts(words)
	var lacking error
	if len(words) == 0 || regex {
		patterns, err := matchers(words)
		if err != nil {
			return nil, err
		}
		all, err := groupNames(ctx, kafka)
		if lacking, err = asPartial(err); err != nil {
			return nil, err
		}
		names = slices.DeleteFunc(all, func(name string) bool { return len(patterns) > 0 && !matchesAny(patterns, name) })
		if len(names) == 0 && len(patterns) > 0 && lacking == nil {
			return nil, command.At(strings.Join(texts(words), " "), errors.New("no group matches"))
		}
	}
	if len(names) == 0 {
		return nil, lacking
	}
	found, err := describeGroups(ctx, kafka, names)
	if err != nil {
		return nil, err
	}
	var failures []failure
	for _, g := range found {
		switch {
		case g.Err != nil:
			failures = append(failures, failure{g.Name, g.Err})
		case g.State == dead && !regex && len(words) > 0:
			return nil, noGroup(ctx, kafka, g.Name)
		}
	}
	found = slices.DeleteFunc(found, func(g kmodel.Group) bool { return g.State == dead || g.Err != nil })
	return found, cmp.Or(incomplete(len(found), failures, "groups"), lacking)
}

// describeGroups asks again while there is no coordinator: a cluster's first group makes the topic of all offsets.
func describeGroups(ctx context.Context, kafka command.Kafka, names []string) (found []kmodel.Group, err error) {
	settle(ctx, func(ctx context.Context) (bool, error) {
		next, nextErr := kafka.DescribeGroups(ctx, names...)
		if nextErr != nil && found != nil {
			return true, nil // the time is up: what was said before holds
		}
		found, err = next, nextErr
		return !slices.ContainsFunc(found, func(g kmodel.Group) bool {
			var code kproto.Error
			return errors.As(g.Err, &code) && code.Retriable()
		}), err
	})
	return found, err
}

// groupNames are the names of all groups, beside a *kmodel.SilentError those that are known.
func groupNames(ctx context.Context, kafka command.Kafka) ([]string, error) {
	all, err := kafka.Groups(ctx)
	names := make([]string, len(all))
	for i, g := range all {
		names[i] = g.Name
	}
	return names, err
}

// noGroup is the error for a group that is not there.
func noGroup(ctx context.Context, kafka command.Kafka, name string) error {
	names, _ := groupNames(ctx, kafka) // only for near names
	return command.NotFound("group", name, names)
}

// parseTopicPartitions reads TOPIC or TOPIC:0,2-4. A topic's name has no colon.
func parseTopicPartitions(text string) (topic string, partitions []int32, err error) {
	topic, list, some := strings.Cut(text, ":")
	if topic == "" {
		return "", nil, command.Usagef("%s: want TOPIC or TOPIC:0,2-4", lex.Quote(text))
	}
	if some {
		partitions, err = parsePartitions(list)
	}
	return topic, partitions, err
}

// scope are the partitions that lists such as orders:0,1 name; all of a topic where they name none.
func scope(ctx context.Context, kafka command.Kafka, lists []string) ([]kmodel.TopicPartition, error) {
	var out []kmodel.TopicPartition
	for _, text := range lists {
		topic, partitions, err := parseTopicPartitions(text)
		if err != nil {
			return nil, err
		}
		found, err := partitionsOf(ctx, kafka, []lex.Word{{Text: topic}}, partitions)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, kmodel.TopicPartition.Compare)
	return slices.Compact(out), nil
}

func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
