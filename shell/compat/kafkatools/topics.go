package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

var topicsTool = &tool{
	about:  "Create, delete, describe, or change a topic.",
	table:  topicOptions,
	logger: [2]string{"kafka.admin.TopicCommand$", "org.apache.kafka.tools.TopicCommand"},
	check:  checkTopics,
	run:    runTopics,
	failed: func(c *call, err error) { c.printf("Error while executing topic command : %s\n", message(err)) },
}

// reports are the filters of --describe that leave partitions alone.
var reports = []string{"under-replicated-partitions", "unavailable-partitions", "under-min-isr-partitions", "at-min-isr-partitions"}

var topicActions = []string{"list", "describe", "create", "alter", "delete"}

var topicOptions = []option{
	{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
	{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
	{name: "command-config", kind: value, arg: "file", help: "a client.properties"},
	{name: "list", help: "list topics"},
	{name: "create", help: "create a topic"},
	{name: "delete", help: "delete topics"},
	{name: "alter", help: "add partitions"},
	{name: "describe", help: "describe topics"},
	{name: "topic", kind: value, arg: "topic", help: "a topic; but for --create a regular expression, or several with commas between"},
	{name: "topic-id", kind: value, arg: "id", help: "the topic of this id, for --describe"},
	{name: "config", kind: value, arg: "name=value", many: true, help: "a configuration of the topic to create"},
	{name: "delete-config", kind: value, arg: "name", many: true, help: "a configuration to delete, with --zookeeper"},
	{name: "partitions", kind: number, arg: "n", help: "the number of partitions"},
	{name: "replication-factor", kind: number, arg: "n", help: "replicas of each partition"},
	{name: "replica-assignment", kind: value, arg: "0:1,1:2", help: "the brokers of each partition"},
	{name: "under-replicated-partitions", help: "describe partitions that lack replicas in sync"},
	{name: "unavailable-partitions", help: "describe partitions without a leader"},
	{name: "under-min-isr-partitions", help: "describe partitions below min.insync.replicas"},
	{name: "at-min-isr-partitions", help: "describe partitions at min.insync.replicas"},
	{name: "topics-with-overrides", help: "describe topics that have configurations of their own"},
	{name: "if-exists", help: "no topic is no error"},
	{name: "if-not-exists", help: "a topic that is there is no error"},
	{name: "exclude-internal", help: "leave out internal topics"},
	{name: "partition-size-limit-per-response", kind: number, arg: "n", help: "of no effect"},
	{name: "force", old: true, help: "of no effect: nothing is asked"},
	{name: "disable-rack-aware", old: true, help: "of no effect: the brokers assign replicas"},
}

func checkTopics(o *options) error {
	if o.count(topicActions...) != 1 {
		return usagef("Command must include exactly one action: --list, --describe, --create, --alter or --delete")
	}
	switch {
	case o.has("zookeeper") && o.has("bootstrap-server"), o.is27() && !o.any("zookeeper", "bootstrap-server"):
		return refuse("Only one of --bootstrap-server or --zookeeper must be specified")
	case !o.any("zookeeper", "bootstrap-server"):
		return refuse("--bootstrap-server must be specified")
	case o.has("describe") && o.has("if-exists") && o.is27():
		if err := o.require("topic"); err != nil {
			return err
		}
	case o.has("describe") && o.has("if-exists") && !o.any("topic", "topic-id"):
		return usagef("--topic or --topic-id is required to describe a topic")
	}
	if o.any("create", "alter", "delete") {
		if err := o.require("topic"); err != nil {
			return err
		}
	}
	if err := checkTopicAction(o); err != nil {
		return err
	}
	for name, actions := range map[string][]string{
		"config": {"alter", "create"}, "partitions": {"alter", "create"}, "replication-factor": {"create"},
		"replica-assignment": {"alter", "create"}, "topics-with-overrides": {"describe"},
		"if-exists": {"alter", "delete", "describe"}, "if-not-exists": {"create"}, "exclude-internal": {"list", "describe"},
		reports[0]: {"describe"}, reports[1]: {"describe"}, reports[2]: {"describe"}, reports[3]: {"describe"},
	} {
		for _, action := range topicActions {
			if slices.Contains(actions, action) {
				continue
			}
			if err := o.exclude(name, action); err != nil {
				return err
			}
		}
	}
	for i, report := range reports {
		others := []string{"topics-with-overrides"}
		if o.is27() { // 4 lets them stand together
			others = append(others, reports[i+1:]...)
		}
		if i > 1 {
			others = append(others, "zookeeper")
		}
		if err := o.exclude(report, others...); err != nil {
			return err
		}
	}
	return nil
}

func checkTopicAction(o *options) error {
	switch {
	case o.has("alter") && o.has("bootstrap-server"):
		switch {
		case o.has("config") && o.is27():
			return usagef(`Option combination "[bootstrap-server],[config]" can't be used with option "[alter]" ` +
				"(the kafka-configs CLI supports altering topic configs with a --bootstrap-server option)")
		case o.has("config"):
			return usagef(`Option combination "[[config], [bootstrap-server]]" can't be used with option "[alter]" ` +
				"(To alter topic configurations, the kafka-configs tool can be used.)")
		}
		if o.is27() {
			if err := o.exclude("delete-config", "bootstrap-server"); err != nil {
				return err
			}
		}
		return o.require("partitions")
	case o.has("create") && o.has("zookeeper") && !o.has("replica-assignment"):
		return o.require("partitions", "replication-factor")
	case o.has("create"):
		return o.exclude("replica-assignment", "partitions", "replication-factor")
	}
	return nil
}

func runTopics(ctx context.Context, c *call) error {
	if c.has("delete-config") && !c.has("zookeeper") {
		_, _ = c.Stderr.Write([]byte("delete-config option is no longer supported and deprecated since version 4.0. " +
			"The config will be fully removed in future releases.\n"))
	}
	if c.has("create") {
		return c.createTopic(ctx)
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	names, err := c.topicNames(ctx, kafka)
	if err != nil {
		return err
	}
	switch {
	case c.has("list"):
		return c.listTopics(ctx, names)
	case c.has("describe"):
		return c.describeTopics(ctx, kafka, names)
	case c.has("alter"):
		return c.alterTopics(ctx, kafka, names)
	}
	return c.deleteTopics(ctx, kafka, names)
}

// listTopics is --list.
func (c *call) listTopics(ctx context.Context, names []string) error {
	if !c.has("zookeeper") {
		c.printf("%s\n", strings.Join(names, "\n"))
		return nil
	}
	marked, err := c.marked(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		mark := ""
		if marked[name] {
			mark = " - marked for deletion"
		}
		c.printf("%s%s\n", name, mark)
	}
	return nil
}

// topicNames are the topics that --topic or --topic-id mean, sorted.
func (c *call) topicNames(ctx context.Context, kafka command.Kafka) ([]string, error) {
	all, err := kafka.Topics(ctx)
	if err != nil {
		return nil, err
	}
	if id := c.text("topic-id"); id != "" && c.has("describe") {
		for _, t := range all {
			if t.ID == id {
				return []string{t.Name}, nil
			}
		}
		if c.has("if-exists") {
			return nil, nil
		}
		return nil, told("TopicId '" + id + "' does not exist as expected")
	}
	wanted, err := topicFilter(c.text("topic"), all)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range all {
		if wanted(t.Name) && !(t.Internal && c.has("exclude-internal")) {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 && c.text("topic") != "" && !c.any("if-exists", "list") {
		return nil, told("Topic '" + c.text("topic") + "' does not exist as expected")
	}
	return names, nil
}

// topicFilter reads what --topic has: a regular expression, of which commas are alternatives. A topic of just that
// name is meant alone: --delete --topic a.b does not delete a_b.
func topicFilter(text string, all []kmodel.Topic) (func(string) bool, error) {
	if text == "" {
		return func(string) bool { return true }, nil
	}
	if slices.ContainsFunc(all, func(t kmodel.Topic) bool { return t.Name == text }) {
		return func(name string) bool { return name == text }, nil
	}
	pattern := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(text), ",", "|"), " ", "")
	re, err := regexp.Compile("^(?:" + strings.Trim(pattern, `"'`) + ")$")
	if err != nil {
		return nil, told(text + " is an invalid regex.")
	}
	return re.MatchString, nil
}

// createTopic is --create.
func (c *call) createTopic(ctx context.Context) error {
	topic := kmodel.NewTopic{Name: c.text("topic"), Partitions: -1, Replicas: -1, Configs: map[string]string{}}
	var err error
	if topic.Assignment, err = parseAssignment(c.text("replica-assignment")); err != nil {
		return err
	}
	for _, pair := range c.given["config"] {
		name, text, found := strings.Cut(pair, "=")
		if !found {
			return told(`requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".`)
		}
		topic.Configs[strings.TrimSpace(name)] = strings.TrimSpace(text)
	}
	if strings.ContainsAny(topic.Name, "._") {
		c.printf("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. " +
			"To avoid issues it is best to use either, but not both.\n")
	}
	partitions, replicas := c.number("partitions", -1), c.number("replication-factor", -1)
	switch {
	case topic.Name == "":
		return told("The given topic name '' cannot be represented in a request.")
	case c.has("zookeeper") && c.has("partitions") && partitions < 1:
		return told("Number of partitions must be larger than 0.")
	case c.has("zookeeper") && c.has("replication-factor") && replicas < 1:
		return told("Replication factor must be larger than 0.")
	case c.has("replication-factor") && (replicas < 1 || replicas > math.MaxInt16):
		return told("The replication factor must be between 1 and 32767 inclusive")
	case c.has("partitions") && partitions < 1:
		return told("The partitions must be greater than 0")
	case partitions > math.MaxInt32:
		return told(fmt.Sprintf("Cannot parse argument '%d' of option partitions", partitions))
	}
	topic.Partitions, topic.Replicas = int32(partitions), int16(replicas)
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	err = kafka.CreateTopic(ctx, topic)
	if errors.Is(err, kproto.TopicAlreadyExists) && c.has("if-not-exists") {
		return nil
	}
	if err == nil {
		c.printf("Created topic %s.\n", topic.Name)
	}
	return err
}

// parseAssignment reads --replica-assignment: brokers with colons, partitions with commas between.
func parseAssignment(text string) ([][]int32, error) {
	if text == "" {
		return nil, nil
	}
	var out [][]int32
	for i, list := range strings.Split(text, ",") {
		var brokers []int32
		for id := range strings.SplitSeq(list, ":") {
			n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 32)
			if err != nil {
				return nil, told("For input string: \"" + id + "\"")
			}
			if slices.Contains(brokers, int32(n)) {
				return nil, told("Partition replica lists may not contain duplicate entries: " + id)
			}
			brokers = append(brokers, int32(n))
		}
		if i > 0 && len(brokers) != len(out[0]) {
			return nil, told(fmt.Sprintf("Partition %d has different replication factor: [%s]", i, strings.ReplaceAll(list, ":", ", ")))
		}
		out = append(out, brokers)
	}
	return out, nil
}

// alterTopics is --alter: more partitions, and with --zookeeper configurations.
func (c *call) alterTopics(ctx context.Context, kafka command.Kafka, names []string) error {
	assignment, err := parseAssignment(c.text("replica-assignment"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := c.alterTopicConfig(ctx, kafka, name); err != nil {
			return err
		}
		if !c.has("partitions") {
			continue
		}
		if c.has("zookeeper") {
			c.printf("WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the messages will be affected\n")
		}
		was, err := kafka.Topics(ctx, name)
		if err != nil {
			return err
		}
		if now := len(was[0].Partitions); c.has("zookeeper") && c.number("partitions", 0) <= int64(now) {
			return told(fmt.Sprintf("The number of partitions for a topic can only be increased. Topic %s currently has %d partitions, %d would not be an increase.",
				name, now, c.number("partitions", 0)))
		}
		added := assignment[min(len(assignment), len(was[0].Partitions)):]
		if err := kafka.CreatePartitions(ctx, name, int32(min(c.number("partitions", 0), math.MaxInt32)), added, false); err != nil {
			return err
		}
		if c.has("zookeeper") {
			c.printf("Adding partitions succeeded!\n")
		}
	}
	return nil
}

// alterTopicConfig is what --alter of Kafka 2.7 could do besides.
func (c *call) alterTopicConfig(ctx context.Context, kafka command.Kafka, name string) error {
	if !c.has("zookeeper") || !c.any("config", "delete-config") {
		return nil
	}
	var changes []kmodel.ConfigChange
	for key, text := range c.pairs("config") {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.SetConfig, Name: strings.TrimSpace(key), Value: strings.TrimSpace(text)})
	}
	for _, key := range c.given["delete-config"] {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.DeleteConfig, Name: key})
	}
	resource := kmodel.Resource{Type: kmodel.TopicResource, Name: name}
	known, err := kafka.Configs(ctx, false, resource)
	if err != nil {
		return err
	}
	for _, change := range changes { // brokers delete whatever name one tells them
		if !slices.ContainsFunc(known[0].Entries, func(e kmodel.Config) bool { return e.Name == change.Name }) {
			return told("Unknown topic config name: " + change.Name)
		}
	}
	c.printf("WARNING: Altering topic configuration from this script has been deprecated and may be removed in future releases.\n" +
		"         Going forward, please use kafka-configs.sh for this functionality\n")
	if err := kafka.AlterConfigs(ctx, resource, changes, false); err != nil {
		return err
	}
	c.printf("Updated config for topic %s.\n", name)
	return nil
}

// deleteTopics is --delete.
func (c *call) deleteTopics(ctx context.Context, kafka command.Kafka, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if c.has("zookeeper") {
		return c.markTopics(ctx, kafka, names)
	}
	outcomes, err := kafka.DeleteTopics(ctx, names...)
	for _, o := range outcomes {
		err = errors.Join(err, o.Err)
	}
	return err
}
