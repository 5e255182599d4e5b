package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

var groupsTool = &tool{
	about:  "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.",
	table:  groupOptions,
	logger: [2]string{"kafka.admin.ConsumerGroupCommand$", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"},
	check:  checkGroups,
	run:    runGroups,
	failed: func(c *call, err error) {
		c.printf("\nError: Executing consumer group command failed due to %s\n", exception(err))
	},
}

var groupActions = []string{"list", "describe", "delete", "reset-offsets", "delete-offsets"}

// resetTargets are where --reset-offsets moves offsets to.
var resetTargets = []string{"to-offset", "to-datetime", "by-duration", "to-earliest", "to-latest", "shift-by", "from-file", "to-current"}

var groupOptions = []option{
	{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
	{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
	{name: "command-config", kind: value, arg: "file", help: "a client.properties"},
	{name: "list", help: "list groups"},
	{name: "describe", help: "describe groups"},
	{name: "delete", help: "delete groups without members"},
	{name: "reset-offsets", help: "move the offsets of a group without members"},
	{name: "delete-offsets", help: "delete a group's offsets of topics"},
	{name: "group", kind: value, arg: "group", many: true, help: "the group; may stand there several times"},
	{name: "all-groups", help: "all groups"},
	{name: "topic", kind: value, arg: "topic[:0,1]", many: true, help: "a topic, or partitions of it; may stand there several times"},
	{name: "all-topics", help: "all topics that the group has offsets of"},
	{name: "offsets", help: "describe offsets and lag: what --describe does by itself"},
	{name: "members", help: "describe the members"},
	{name: "state", kind: maybe, arg: "states", help: "describe the states, or list them; of groups in these states only"},
	{name: "type", kind: maybe, arg: "types", help: "list the types; of groups of these types only: classic, consumer"},
	{name: "verbose", help: "describe more"},
	{name: "timeout", kind: number, arg: "ms", help: "of no effect"},
	{name: "dry-run", help: "show the new offsets without moving any"},
	{name: "execute", help: "move the offsets"},
	{name: "export", help: "write the offsets as CSV"},
	{name: "to-offset", kind: number, arg: "offset", help: "move to an offset"},
	{name: "to-earliest", help: "move to the first record that is kept"},
	{name: "to-latest", help: "move to the end"},
	{name: "to-current", help: "stay"},
	{name: "shift-by", kind: number, arg: "n", help: "move by so many records"},
	{name: "by-duration", kind: value, arg: "PnDTnHnMnS", help: "move to the time so long ago"},
	{name: "to-datetime", kind: value, arg: "YYYY-MM-DDTHH:mm:SS.sss", help: "move to a time, of UTC where no zone is named"},
	{name: "from-file", kind: value, arg: "file", help: "move to what --export has written"},
}

func checkGroups(o *options) error {
	if o.count(groupActions...) != 1 {
		return usagef("Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets")
	}
	if !o.any("bootstrap-server", "zookeeper") {
		return o.require("bootstrap-server")
	}
	grouped, either, scope := o.any("group", "all-groups"), "[all-groups], [group]", "[topic], [group]"
	if o.is27() {
		either, scope = "[group], [all-groups]", "[group], [topic]"
	}
	switch {
	case o.has("describe") && !grouped:
		return usagef("Option [describe] takes one of these options: %s", either)
	case o.has("describe") && o.count("members", "offsets", "state") > 1:
		return usagef("Option [describe] takes at most one of these options: [members], [offsets], [state]")
	case o.has("describe") && o.text("state") != "":
		return usagef("Option [describe] does not take a value for [state]")
	case !o.has("describe") && o.any("members", "offsets", "verbose"):
		var names []string
		for _, name := range []string{"members", "offsets", "verbose"} {
			if o.has(name) {
				names = append(names, "["+name+"]")
			}
		}
		return usagef("Option(s) %s are unavailable given other options on the command line", strings.Join(names, ", "))
	case o.has("delete") && !grouped:
		return usagef("Option [delete] takes one of these options: %s", either)
	case o.has("delete") && o.has("topic"):
		return usagef("The consumer does not support topic-specific offset deletion from a consumer group.")
	case o.has("delete-offsets") && !(o.has("group") && o.has("topic")):
		return usagef("Option [delete-offsets] takes the following options: %s", scope)
	case o.has("reset-offsets"):
		if err := checkReset(o, grouped); err != nil {
			return err
		}
	}
	for _, pair := range [][]string{
		{"group", "all-groups", "list"}, {"topic", "list", "describe"}, {"all-topics", "list", "describe", "delete", "delete-offsets"},
	} {
		if err := o.exclude(pair[0], pair[1:]...); err != nil {
			return err
		}
	}
	return nil
}

func checkReset(o *options, grouped bool) error {
	switch {
	case o.has("dry-run") && o.has("execute"):
		return usagef("Option [reset-offsets] only accepts one of [execute] and [dry-run]")
	case !grouped:
		return usagef("Option [reset-offsets] takes one of these options: [all-groups], [group]")
	case !o.any(resetTargets...):
		return usagef("Option '[reset-offsets]' requires one of the following scenarios: [to-offset], [to-datetime], [by-duration], " +
			"[to-earliest], [to-latest], [shift-by], [from-file], [to-current]")
	case !o.any("topic", "all-topics", "from-file"):
		return usagef("One of the reset scopes should be defined: --all-topics, --topic.")
	}
	for i, name := range resetTargets {
		if err := o.exclude(name, resetTargets[i+1:]...); err != nil {
			return err
		}
	}
	return nil
}

func runGroups(ctx context.Context, c *call) error {
	if c.has("reset-offsets") && !c.any("dry-run", "execute") {
		advice := "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either " +
			"--dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command " +
			"and want to keep the current default behavior without prompting."
		if c.is27() {
			advice = "WARN: No action will be performed as the --execute option is missing.In a future major release, the default behavior " +
				"of this command will be to prompt the user before executing the reset rather than doing a dry run. You should add the " +
				"--dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting."
		}
		c.advise(advice)
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.has("list"):
		return c.listGroups(ctx, kafka)
	case c.has("describe"):
		return c.describeGroups(ctx, kafka)
	case c.has("delete"):
		return c.deleteGroups(ctx, kafka)
	case c.has("delete-offsets"):
		return c.deleteGroupOffsets(ctx, kafka)
	}
	return c.resetOffsets(ctx, kafka)
}

// failf writes an error as Apache's does; the exit code is 1 then.
func (c *call) failf(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	c.printf("\nError: %s\n", text)
	return reported{fmt.Errorf("%s", text)}
}

// consumerGroups are the groups of consumers, sorted: those of connectors and the like are not shown.
func consumerGroups(ctx context.Context, kafka command.Kafka, states ...string) ([]kmodel.GroupListing, error) {
	all, err := kafka.Groups(ctx, states...)
	return slices.DeleteFunc(all, func(g kmodel.GroupListing) bool { return g.ProtocolType != "" && g.ProtocolType != "consumer" }), err
}

// groupNames are those of --group, or all.
func (c *call) groupNames(ctx context.Context, kafka command.Kafka) ([]string, error) {
	if !c.has("all-groups") {
		return slices.Compact(slices.Sorted(slices.Values(c.given["group"]))), nil
	}
	all, err := consumerGroups(ctx, kafka)
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	return names, err
}

// coordinated bounds the wait for groups' coordinators: the first who asks for one has their topic created.
const coordinated = 5 * time.Second

// describeAll describes groups, once they have their coordinators.
func describeAll(ctx context.Context, kafka command.Kafka, names []string) ([]kmodel.Group, error) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for until := time.Now().Add(coordinated); ; {
		groups, err := kafka.DescribeGroups(ctx, names...)
		if err != nil || time.Now().After(until) || !slices.ContainsFunc(groups, func(g kmodel.Group) bool {
			return errors.Is(g.Err, kproto.CoordinatorNotAvailable) || errors.Is(g.Err, kproto.CoordinatorLoadInProgress) || errors.Is(g.Err, kproto.NotCoordinator)
		}) {
			return groups, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// groupStates are Kafka's words, of 2.7 and of 4, in the order in which they are listed.
var groupStates = map[bool][]string{
	true:  {"PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty"},
	false: {"Dead", "Empty", "Stable", "CompletingRebalance", "PreparingRebalance", "Assigning", "Reconciling"},
}

// groupTypes are those of groups of consumers.
var groupTypes = []string{"Consumer", "Classic"}

// listGroups is --list.
func (c *call) listGroups(ctx context.Context, kafka command.Kafka) error {
	var states []string
	for word := range strings.SplitSeq(c.text("state"), ",") {
		word = strings.TrimSpace(word)
		known := groupStates[c.is27()]
		i := slices.IndexFunc(known, func(s string) bool { return s == word || strings.EqualFold(s, word) && !c.is27() })
		switch {
		case word == "":
		case i < 0:
			return usagef("Invalid state list '%s'. Valid states are: %s", c.text("state"), strings.Join(known, ", "))
		default:
			states = append(states, known[i])
		}
	}
	for word := range strings.SplitSeq(c.text("type"), ",") {
		if word != "" && !slices.ContainsFunc(groupTypes, func(t string) bool { return strings.EqualFold(t, strings.TrimSpace(word)) }) {
			return usagef("Invalid types list '%s'. Valid types are: %s", c.text("type"), strings.Join(groupTypes, ", "))
		}
	}
	all, err := consumerGroups(ctx, kafka, states...)
	if err != nil {
		return err
	}
	if types := strings.ToLower(c.text("type")); types != "" {
		all = slices.DeleteFunc(all, func(g kmodel.GroupListing) bool {
			return !slices.ContainsFunc(strings.Split(types, ","), func(t string) bool { return strings.EqualFold(strings.TrimSpace(t), groupType(g)) })
		})
	}
	rows := [][]string{{"GROUP", "TYPE", "STATE"}}
	for _, g := range all {
		rows = append(rows, []string{g.Name, groupType(g), orElse(g.State, "Unknown")})
	}
	if !c.any("state", "type") {
		for _, row := range rows[1:] {
			c.printf("%s\n", row[0])
		}
		return nil
	}
	width := longest(rows, 0, 15)
	for _, row := range rows {
		if c.is27() {
			c.printf("%s %s\n", pad(row[0], width), row[2])
			continue
		}
		c.printf("%s", pad(row[0], width+10))
		for i, name := range []string{"type", "state"} {
			if c.has(name) {
				c.printf(" %-20s", row[i+1])
			}
		}
		c.printf("\n")
	}
	return nil
}

// groupType is the type of a group, with a capital as Java has it; brokers before 3.8 have no other than this.
func groupType(g kmodel.GroupListing) string {
	if g.Type == "" {
		return "Classic"
	}
	return strings.ToUpper(g.Type[:1]) + g.Type[1:]
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// longest is the width of a column, at least so much.
func longest(rows [][]string, column, least int) int {
	for _, row := range rows {
		least = max(least, len(row[column]))
	}
	return least
}

// pad fills a text with blanks behind it.
func pad(text string, width int) string { return text + strings.Repeat(" ", max(0, width-len(text))) }

// number is an offset, - for none.
func offsetText(n int64) string {
	if n < 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}
