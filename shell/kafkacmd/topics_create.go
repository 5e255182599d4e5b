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

// CreatedTopics is the result of topics create.
type CreatedTopics []CreatedTopic

// CreatedTopic is what became of one name.
type CreatedTopic struct {
	Topic   string `json:"topic"`
	Created bool   `json:"created"`
	// Existed is set where it was there before, and that was allowed.
	Existed bool `json:"existed,omitempty"`
	DryRun  bool `json:"dry_run,omitempty"`
}

// View is a line for each.
func (c CreatedTopics) View() render.View {
	var lines []string
	for _, t := range c {
		switch {
		case t.Existed:
			lines = append(lines, t.Topic+" is there already")
		case t.DryRun:
			lines = append(lines, "would create "+t.Topic)
		default:
			lines = append(lines, "created "+t.Topic)
		}
	}
	return render.Text{Lines: lines}
}

var topicsCreate = command.Spec{
	Name:  "create",
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.NewTopic, Repeat: true}},
	Short: "create topics",
	Long:  "What is not given is the brokers' choice: num.partitions, default.replication.factor, and their other defaults.",
	Examples: []command.Example{
		{Line: "create first", Means: "a topic with the brokers' defaults"},
		{Line: "create first -p 3 -r 3 -c retention.ms=86400000", Means: "three partitions of three replicas, kept for a day"},
		{Line: "create first --replica-assignment 1:2,2:3", Means: "partition 0 on brokers 1 and 2, partition 1 on 2 and 3"},
		{Line: "create first --if-not-exists", Means: "no failure if it is there"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		partitions := fs.Int32P("partitions", "p", -1, "how many `PARTITIONS`")
		replicas := fs.Int16P("replication-factor", "r", -1, "how many `REPLICAS` of each partition")
		placed := fs.String("replica-assignment", "", "the brokers of each partition: `0:1,1:2`")
		configs := fs.StringArrayP("config", "c", nil, "a value other than the default, `KEY=VALUE`; may be repeated")
		exists := fs.Bool("if-not-exists", false, "do nothing about a topic that is there")
		dryRun := fs.Bool("dry-run", false, "only find out whether it could be done")
		fs.Lookup("partitions").DefValue, fs.Lookup("replication-factor").DefValue = "", ""
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			topic := kmodel.NewTopic{Partitions: *partitions, Replicas: *replicas, ValidateOnly: *dryRun}
			var err error
			if topic.Configs, err = keyValues(*configs); err != nil {
				return nil, err
			}
			if topic.Assignment, err = assignment(*placed); err != nil {
				return nil, err
			}
			if topic.Assignment != nil && (fs.Changed("partitions") || fs.Changed("replication-factor")) {
				return nil, command.Usagef("--replica-assignment says how many partitions and replicas there are: no other flag may")
			}
			for _, name := range args {
				if err := kproto.ValidTopicName(name.Text); err != nil {
					return nil, command.At(name.Text, command.Usagef("%v", err))
				}
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			return createTopics(ctx, kafka, topic, texts(args), *exists)
		}
	},
}

func createTopics(ctx context.Context, kafka command.Kafka, topic kmodel.NewTopic, names []string, mayExist bool) (render.Result, error) {
	var created CreatedTopics
	var made []string
	var failures []failure
	for _, topic.Name = range names {
		err := kafka.CreateTopic(ctx, topic)
		existed := errors.Is(err, kproto.TopicAlreadyExists)
		switch {
		case err == nil || existed && mayExist:
			made = append(made, topic.Name)
			created = append(created, CreatedTopic{Topic: topic.Name, Created: !existed && !topic.ValidateOnly, Existed: existed, DryRun: topic.ValidateOnly})
		case existed:
			failures = append(failures, failure{topic.Name, &existsError{err}})
		default:
			failures = append(failures, failure{topic.Name, explainConfig(ctx, kafka, err, sortedKeys(topic.Configs))})
		}
		if ctx.Err() != nil {
			break
		}
	}
	if !topic.ValidateOnly {
		settleTopics(ctx, kafka, made, 1)
	}
	return created, incomplete(len(created), failures, "topics")
}

// existsError says it without the broker's repetition of the name.
type existsError struct{ err error }

func (e *existsError) Error() string { return "the topic exists already" }
func (e *existsError) Unwrap() error { return e.err }
