package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var topics = command.Spec{
	Name:  "topics",
	Habit: habitOf("topics"),
	Group: command.Topics,
	Short: "list, describe, create, alter and delete topics",
	Long: "Names are taken as they are; with --regex they are regular expressions, of which a whole name must match one.\n" +
		"What --regex finds is deleted only when you confirm it, or with --yes.",
	Examples: []command.Example{
		{Line: "topics", Means: "the names of all topics"},
		{Line: "topics create first --partitions 3", Means: "a topic"},
		{Line: "topics describe first", Means: "leader, replicas and in-sync replicas of each partition"},
		{Line: "topics describe --under-replicated", Means: "partitions that lack a replica, of all topics"},
	},
	Verbs: command.Verbs("topics", topicsList, topicsDescribe, topicsCreate, topicsAlter, topicsDelete),
}

// topicFilter says which topics and partitions are meant, among those that are named.
type topicFilter struct {
	regex, excludeInternal, overridden            bool
	underReplicated, unavailable, underMin, atMin bool
}

func bindTopicFilter(fs *pflag.FlagSet) *topicFilter {
	f := &topicFilter{}
	fs.BoolVar(&f.underReplicated, "under-replicated", false, "with partitions that lack an in-sync replica")
	fs.BoolVar(&f.unavailable, "unavailable", false, "with partitions that have no leader")
	fs.BoolVar(&f.underMin, "under-min-isr", false, "with partitions that have fewer in-sync replicas than min.insync.replicas")
	fs.BoolVar(&f.atMin, "at-min-isr", false, "with partitions that have as many as min.insync.replicas")
	fs.BoolVar(&f.overridden, "with-overrides", false, "with a configuration of their own")
	f.bindNames(fs)
	return f
}

func (f *topicFilter) bindNames(fs *pflag.FlagSet) {
	fs.BoolVar(&f.excludeInternal, "exclude-internal", false, "leave out __consumer_offsets and its like")
	fs.BoolVar(&f.regex, "regex", false, "TOPICs are regular expressions")
}

// byPartition tells that only some partitions are meant.
func (f *topicFilter) byPartition() bool {
	return f.underReplicated || f.unavailable || f.underMin || f.atMin
}

// byConfig tells that the topics' configurations decide.
func (f *topicFilter) byConfig() bool { return f.underMin || f.atMin || f.overridden }

// topicInfo is a topic with its configuration, nil where that was not asked for.
type topicInfo struct {
	kmodel.Topic
	configs []kmodel.Config
}

// minISR is min.insync.replicas, 1 where it is not known.
func (t topicInfo) minISR() int {
	for _, c := range t.configs {
		if c.Name == "min.insync.replicas" {
			if n, err := strconv.Atoi(c.Value); err == nil {
				return n
			}
		}
	}
	return 1
}

// overrides are the values that the topic has for itself.
func (t topicInfo) overrides() []kmodel.Config {
	return slices.DeleteFunc(slices.Clone(t.configs), func(c kmodel.Config) bool { return c.Source != kmodel.DynamicTopic })
}

// keeps tells whether a partition passes the filter: any of its conditions will do.
func (f *topicFilter) keeps(t topicInfo, p kmodel.Partition) bool {
	return !f.byPartition() ||
		f.underReplicated && p.UnderReplicated() ||
		f.unavailable && p.Unavailable() ||
		f.underMin && len(p.ISR) < t.minISR() ||
		f.atMin && len(p.ISR) == t.minISR()
}

// selectTopics finds the topics that the words name, all where there are none, with their configurations where those
// are wanted or decide. Of what the filter leaves out there is nothing.
func (f *topicFilter) selectTopics(ctx context.Context, kafka command.Kafka, words []lex.Word, configs bool) ([]topicInfo, error) {
	named, err := namedTopics(ctx, kafka, words, f.regex)
	if err != nil {
		return nil, err
	}
	var found []topicInfo
	for _, t := range named {
		if !f.excludeInternal || !t.Internal {
			found = append(found, topicInfo{Topic: t})
		}
	}
	if configs || f.byConfig() {
		if err := addConfigs(ctx, kafka, found); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(found, func(t topicInfo) bool {
		none := !slices.ContainsFunc(t.Partitions, func(p kmodel.Partition) bool { return f.keeps(t, p) })
		return f.byPartition() && none || f.overridden && len(t.overrides()) == 0
	}), nil
}

// namedTopics are the topics that words name, all where there are none. One that is not there is an error.
func namedTopics(ctx context.Context, kafka command.Kafka, words []lex.Word, regex bool) ([]kmodel.Topic, error) {
	if regex && len(words) > 0 {
		patterns, err := matchers(words)
		if err != nil {
			return nil, err
		}
		all, err := kafka.Topics(ctx)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(t kmodel.Topic) bool { return !matchesAny(patterns, t.Name) })
		if len(all) == 0 {
			return nil, command.At(strings.Join(texts(words), " "), errors.New("no topic matches"))
		}
		return all, nil
	}
	found, err := kafka.Topics(ctx, texts(words)...)
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		if t.Err != nil {
			return nil, topicError(ctx, kafka, t.Name, t.Err)
		}
	}
	return found, nil
}

// topicError is what a broker said of a topic, with near names where it is not there.
func topicError(ctx context.Context, kafka command.Kafka, name string, err error) error {
	if errors.Is(err, kproto.UnknownTopicOrPartition) {
		return noTopic(ctx, kafka, name)
	}
	return command.At(name, err)
}

func addConfigs(ctx context.Context, kafka command.Kafka, found []topicInfo) error {
	resources := make([]kmodel.Resource, len(found))
	for i, t := range found {
		resources[i] = kmodel.Resource{Type: kmodel.TopicResource, Name: t.Name}
	}
	if len(resources) == 0 {
		return nil
	}
	configs, err := kafka.Configs(ctx, false, resources...)
	if err != nil {
		return err
	}
	for i, c := range configs {
		if c.Err != nil {
			return command.At(found[i].Name, c.Err)
		}
		found[i].configs = c.Entries
	}
	return nil
}

// assignment reads 0:1,1:2 as the replicas of one partition after the other.
func assignment(text string) ([][]int32, error) {
	if text == "" {
		return nil, nil
	}
	var out [][]int32
	for partition := range strings.SplitSeq(text, ",") {
		var replicas []int32
		for broker := range strings.SplitSeq(strings.TrimSpace(partition), ":") {
			id, err := strconv.ParseInt(broker, 10, 32)
			if err != nil || id < 0 {
				return nil, command.Usagef("--replica-assignment %s: want the brokers of each partition, as in 0:1,1:2", lex.Quote(text))
			}
			replicas = append(replicas, int32(id))
		}
		out = append(out, replicas)
	}
	return out, nil
}

// keyValues reads the KEY=VALUE of --config.
func keyValues(list []string) (map[string]string, error) {
	values := map[string]string{}
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, command.Usagef("--config %s: want KEY=VALUE", lex.Quote(text))
		}
		if _, twice := values[key]; twice {
			return nil, command.Usagef("--config %s stands there twice", key)
		}
		values[key] = value
	}
	return values, nil
}

// explainConfig names the key that a broker does not know, with near ones. Known keys are those of a topic that is
// there, since brokers tell them of no other.
func explainConfig(ctx context.Context, kafka command.Kafka, err error, keys []string) error {
	if !errors.Is(err, kproto.InvalidConfig) && !errors.Is(err, kproto.InvalidRequest) || len(keys) == 0 {
		return err
	}
	all, listErr := kafka.Topics(ctx)
	if listErr != nil || len(all) == 0 {
		return err
	}
	configs, listErr := kafka.Configs(ctx, false, kmodel.Resource{Type: kmodel.TopicResource, Name: all[0].Name})
	if listErr != nil || configs[0].Err != nil {
		return err
	}
	return unknownKey(configs[0].Entries, keys, "topic", err)
}

// unknownKey is a *command.NotFoundError for the first key that is none of the entries, otherwise err.
func unknownKey(entries []kmodel.Config, keys []string, of string, err error) error {
	known := make([]string, len(entries))
	for i, e := range entries {
		known[i] = e.Name
	}
	for _, key := range keys {
		if !slices.Contains(known, key) {
			return command.NotFound(fmt.Sprintf("configuration key of a %s", of), key, known)
		}
	}
	return err
}
