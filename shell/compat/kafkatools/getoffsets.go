package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

var getOffsetsTool = &tool{
	about:  "An interactive shell for getting topic-partition offsets.",
	table:  getOffsetsOptions,
	logger: [2]string{"kafka.tools.GetOffsetShell$", "org.apache.kafka.tools.GetOffsetShell"},
	check:  checkGetOffsets,
	run:    runGetOffsets,
}

var getOffsetsOptions = []option{
	{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
	{name: "broker-list", kind: value, arg: "host:port,…", old: true, help: "as --bootstrap-server"},
	{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
	{name: "command-config", kind: value, arg: "file", help: "a client.properties"},
	{name: "topic", kind: value, arg: "regex", help: "the topics"},
	{name: "partitions", kind: value, arg: "0,1", help: "the partitions"},
	{name: "topic-partitions", kind: value, arg: "t1:1,t2:0-3,t3,t4:5-,:-3", help: "topics with their partitions; the end of a range is not in it"},
	{name: "time", kind: value, arg: "time", help: "milliseconds, earliest, latest (the default), max-timestamp, earliest-local, latest-tiered, earliest-pending-upload, or -2, -1, -3 …"},
	{name: "exclude-internal-topics", help: "leave out internal topics"},
	{name: "offsets", kind: number, arg: "n", old: true, help: "of no effect"},
	{name: "max-wait-ms", kind: number, arg: "ms", old: true, help: "of no effect"},
}

func checkGetOffsets(o *options) error {
	switch {
	case !o.any("bootstrap-server", "broker-list", "zookeeper"):
		return o.require("bootstrap-server")
	case o.is27():
		if err := o.require("topic"); err != nil {
			return err
		}
	case o.has("topic-partitions") && o.any("topic", "partitions"):
		return refuse("Error occurred: --topic-partitions cannot be used with --topic or --partitions")
	}
	_, err := parseTime(o.text("time"))
	if err != nil && o.is27() {
		return usagef("Cannot parse argument '%s' of option time", o.text("time"))
	}
	return err
}

// parseTime reads --time.
func parseTime(text string) (int64, error) {
	switch text {
	case "", "latest":
		return kmodel.Latest, nil
	case "earliest":
		return kmodel.Earliest, nil
	case "max-timestamp":
		return kmodel.MaxTimestamp, nil
	case "earliest-local":
		return earliestLocal, nil
	case "latest-tiered":
		return latestTiered, nil
	case "earliest-pending-upload":
		return earliestPending, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, refuse("Error occurred: Malformed time argument %s. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / "+
			"-5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp", text)
	}
	return n, nil
}

// Positions of topics that lie in tiers, which brokers of Kafka 4 know.
const (
	earliestLocal   = -4
	latestTiered    = -5
	earliestPending = -6
)

// partitionFilter is a rule of --topic-partitions: a topic's name, and a range of partitions.
type partitionFilter struct {
	topic    *regexp.Regexp // nil is any
	from, to int32          // to is not in it
}

var ruleForm = regexp.MustCompile(`^([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?$`)

// parseRules reads --topic-partitions.
func parseRules(text string) ([]partitionFilter, error) {
	var rules []partitionFilter
	for part := range strings.SplitSeq(text, ",") {
		m := ruleForm.FindStringSubmatch(part)
		if m == nil {
			return nil, refuse("Error occurred: Invalid rule specification: %s", part)
		}
		f := partitionFilter{to: 1<<31 - 1}
		if m[1] != "" {
			re, err := regexp.Compile("^(?:" + m[1] + ")$")
			if err != nil {
				return nil, refuse("Error occurred: %s is an invalid regex.", m[1])
			}
			f.topic = re
		}
		one, _ := strconv.ParseInt(m[2], 10, 31) // digits, or nothing
		from, _ := strconv.ParseInt(m[3], 10, 31)
		to, err := strconv.ParseInt(m[4], 10, 31)
		switch {
		case m[2] != "":
			f.from, f.to = int32(one), int32(one)+1
		case err == nil:
			f.from, f.to = int32(from), int32(to)
		default:
			f.from = int32(from)
		}
		rules = append(rules, f)
	}
	return rules, nil
}

// offsetRules are those of the flags.
func (c *call) offsetRules() ([]partitionFilter, error) {
	if c.has("topic-partitions") {
		return parseRules(c.text("topic-partitions"))
	}
	topic := strings.ReplaceAll(c.text("topic"), ",", "|")
	var re *regexp.Regexp
	if topic != "" {
		var err error
		if re, err = regexp.Compile("^(?:" + topic + ")$"); err != nil {
			return nil, refuse("Error occurred: %s is an invalid regex.", topic)
		}
	}
	if !c.has("partitions") {
		return []partitionFilter{{topic: re, to: 1<<31 - 1}}, nil
	}
	var rules []partitionFilter
	for id := range strings.SplitSeq(c.text("partitions"), ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(id), 10, 31)
		if err != nil {
			return nil, refuse("Error occurred: --partitions expects a comma separated list of numeric partition ids, but received: %s", c.text("partitions"))
		}
		rules = append(rules, partitionFilter{topic: re, from: int32(n), to: int32(n) + 1})
	}
	return rules, nil
}

func runGetOffsets(ctx context.Context, c *call) error {
	at, err := parseTime(c.text("time"))
	if err != nil {
		return err
	}
	rules, err := c.offsetRules()
	if err != nil {
		return err
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return refuse("Error occurred: %s", message(err))
	}
	topics, err := kafka.Topics(ctx)
	if err != nil {
		return refuse("Error occurred: %s", message(err))
	}
	var partitions []kmodel.TopicPartition
	for _, t := range topics {
		if t.Internal && c.has("exclude-internal-topics") {
			continue
		}
		for _, p := range t.Partitions {
			if slices.ContainsFunc(rules, func(f partitionFilter) bool {
				return (f.topic == nil || f.topic.MatchString(t.Name)) && p.ID >= f.from && p.ID < f.to
			}) {
				partitions = append(partitions, kmodel.TopicPartition{Topic: t.Name, Partition: p.ID})
			}
		}
	}
	if len(partitions) == 0 && c.is27() && !slices.ContainsFunc(topics, func(t kmodel.Topic) bool { return t.Name == c.text("topic") }) {
		return refuse("Topic %s does not exist", c.text("topic"))
	}
	failed := c.missing(partitions)
	if len(partitions) == 0 && failed == nil {
		return refuse("Error occurred: Could not match any topic-partitions with the specified filters")
	}
	slices.SortFunc(partitions, func(a, b kmodel.TopicPartition) int { return comparePartitions(a, b, c.is27()) })
	found, err := kafka.Offsets(ctx, partitions, at)
	if err != nil {
		return refuse("Error occurred: %s", message(err))
	}
	for _, o := range found {
		switch {
		case errors.Is(o.Err, kproto.LeaderNotAvailable) && c.is27():
			fmt.Fprintf(c.Stderr, "Error: partition %d does not have a leader. Skip getting offsets\n", o.Partition)
			failed = errors.Join(failed, o.Err)
		case o.Err != nil:
			fmt.Fprintf(c.Stderr, "Skip getting offsets for topic-partition %s due to error: %s\n", o.TopicPartition, exception(o.Err))
			failed = errors.Join(failed, o.Err)
		case o.Offset >= 0:
			c.printf("%s:%d:%d\n", o.Topic, o.Partition, o.Offset)
		case c.is27():
			c.printf("%s:%d:\n", o.Topic, o.Partition)
		}
	}
	if failed != nil {
		return reported{failed}
	}
	return nil
}

// missing names partitions of --partitions that are not there, as the tool of 2.7 does.
func (c *call) missing(found []kmodel.TopicPartition) error {
	if !c.is27() || !c.has("partitions") {
		return nil
	}
	var err error
	for id := range strings.SplitSeq(c.text("partitions"), ",") {
		n, _ := strconv.ParseInt(strings.TrimSpace(id), 10, 32) // a number, or the rules were refused
		if !slices.ContainsFunc(found, func(p kmodel.TopicPartition) bool { return int64(p.Partition) == n }) {
			err = fmt.Errorf("partition %d does not exist", n)
			fmt.Fprintf(c.Stderr, "Error: %v\n", err)
		}
	}
	return err
}

// comparePartitions orders partitions as 2.7 does, by number, or as 4 does, by the number's text.
func comparePartitions(a, b kmodel.TopicPartition, byNumber bool) int {
	if byNumber || a.Topic != b.Topic {
		return a.Compare(b)
	}
	return strings.Compare(strconv.Itoa(int(a.Partition)), strconv.Itoa(int(b.Partition)))
}
