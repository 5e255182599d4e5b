package kafkacmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// AlteredTopics is the result of topics alter.
type AlteredTopics []AlteredTopic

// AlteredTopic is a topic with what has changed.
type AlteredTopic struct {
	Topic string `json:"topic"`
	// Was and Partitions are their number before and after; equal where it has not changed.
	Was        int               `json:"was"`
	Partitions int               `json:"partitions"`
	Set        map[string]string `json:"set,omitempty"`
	Deleted    []string          `json:"deleted,omitempty"`
	DryRun     bool              `json:"dry_run,omitempty"`
}

// View is a line for each.
func (a AlteredTopics) View() render.View {
	var lines []string
	for _, t := range a {
		var changes []string
		if t.Was != t.Partitions {
			changes = append(changes, fmt.Sprintf("%d partitions instead of %d", t.Partitions, t.Was))
		}
		for _, key := range sortedKeys(t.Set) {
			changes = append(changes, key+"="+t.Set[key])
		}
		for _, key := range t.Deleted {
			changes = append(changes, key+" is the default again")
		}
		line := t.Topic + ": " + strings.Join(changes, ", ")
		if t.DryRun {
			line = "would alter " + line
		}
		lines = append(lines, line)
	}
	return render.Text{Lines: lines}
}

// alteration is what topics alter is to do.
type alteration struct {
	partitions int32 // 0: as they are
	placed     [][]int32
	set        map[string]string
	deleted    []string
	dryRun     bool
}

var topicsAlter = command.Spec{
	Name:  "alter",
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Repeat: true}},
	Short: "add partitions to topics, change their configuration",
	Long: "Partitions can be added, never taken away. Records with a key may go to another partition than those before\n" +
		"them with the same key, once there are more. What is read from the old partitions stays there.",
	Examples: []command.Example{
		{Line: "alter first -p 6", Means: "six partitions in all"},
		{Line: "alter first -c retention.ms=3600000 --delete-config segment.ms", Means: "one value set, one the default again"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		var a alteration
		fs.Int32VarP(&a.partitions, "partitions", "p", 0, "how many `PARTITIONS` in all")
		placed := fs.String("replica-assignment", "", "the brokers of each new partition: `0:1,1:2`")
		configs := fs.StringArrayP("config", "c", nil, "set a value, `KEY=VALUE`; may be repeated")
		fs.StringArrayVar(&a.deleted, "delete-config", nil, "go back to the default of a `KEY`; may be repeated")
		regex := fs.Bool("regex", false, "TOPICs are regular expressions")
		fs.BoolVar(&a.dryRun, "dry-run", false, "only find out whether it could be done")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			var err error
			if a.set, err = keyValues(*configs); err != nil {
				return nil, err
			}
			if a.placed, err = assignment(*placed); err != nil {
				return nil, err
			}
			switch {
			case fs.Changed("partitions") && a.partitions < 1:
				return nil, command.Usagef("-p %d: a topic has at least one partition", a.partitions)
			case a.placed != nil && a.partitions == 0:
				return nil, command.Usagef("--replica-assignment is for new partitions: -p says how many there are to be")
			case a.partitions == 0 && len(a.set)+len(a.deleted) == 0:
				return nil, command.Usagef("nothing to alter: -p, -c and --delete-config say what")
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, err := namedTopics(ctx, kafka, args, *regex)
			if err != nil {
				return nil, err
			}
			return a.all(ctx, kafka, found)
		}
	},
}

func (a *alteration) all(ctx context.Context, kafka command.Kafka, found []kmodel.Topic) (render.Result, error) {
	var altered AlteredTopics
	var failures []failure
	for _, t := range found {
		if err := a.one(ctx, kafka, t); err != nil {
			failures = append(failures, failure{t.Name, err})
		} else {
			done := AlteredTopic{Topic: t.Name, Was: len(t.Partitions), Partitions: len(t.Partitions), Set: a.set, Deleted: a.deleted, DryRun: a.dryRun}
			if a.partitions > 0 {
				done.Partitions = int(a.partitions)
			}
			altered = append(altered, done)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return altered, incomplete(len(altered), failures, "topics")
}

// one changes the configuration first: unlike partitions, it can be changed back.
func (a *alteration) one(ctx context.Context, kafka command.Kafka, t kmodel.Topic) error {
	var changes []kmodel.ConfigChange
	for _, key := range sortedKeys(a.set) {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.SetConfig, Name: key, Value: a.set[key]})
	}
	for _, key := range a.deleted {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.DeleteConfig, Name: key})
	}
	if len(changes) > 0 {
		keys := append(sortedKeys(a.set), a.deleted...)
		if err := changeTopicConfigs(ctx, kafka, t.Name, keys, changes, a.dryRun); err != nil {
			return err
		}
	}
	if a.partitions == 0 {
		return nil
	}
	if int(a.partitions) <= len(t.Partitions) {
		return fmt.Errorf("it has %s already: they can be added, not taken away", count(len(t.Partitions), "partition"))
	}
	err := kafka.CreatePartitions(ctx, t.Name, a.partitions, a.placed, a.dryRun)
	if err == nil && !a.dryRun {
		settleTopics(ctx, kafka, []string{t.Name}, int(a.partitions))
	}
	return err
}

// changeTopicConfigs checks the keys first: brokers take the deletion of a key that there is not.
func changeTopicConfigs(ctx context.Context, kafka command.Kafka, topic string, keys []string, changes []kmodel.ConfigChange, dryRun bool) error {
	resource := kmodel.Resource{Type: kmodel.TopicResource, Name: topic}
	described, err := kafka.Configs(ctx, false, resource)
	if err != nil {
		return err
	}
	if described[0].Err == nil {
		if err := unknownKey(described[0].Entries, keys, "topic", nil); err != nil {
			return err
		}
	}
	err = kafka.AlterConfigs(ctx, resource, changes, dryRun)
	if err == nil && !dryRun {
		settleConfigs(ctx, kafka, resource, changes)
	}
	return err
}
