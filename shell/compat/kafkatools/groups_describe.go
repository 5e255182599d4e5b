package kafkatools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

// describeGroups is --describe.
func (c *call) describeGroups(ctx context.Context, kafka command.Kafka) error {
	names, err := c.groupNames(ctx, kafka)
	if err != nil || len(names) == 0 {
		return err
	}
	groups, err := describeAll(ctx, kafka, names)
	if err != nil {
		return err
	}
	var failed error
	for i := range groups {
		g := &groups[i]
		switch {
		case g.Err != nil:
			err = c.failf("Executing consumer group command failed due to %s", exception(g.Err))
		case c.has("members"):
			err = c.describeMembers(g)
		case c.has("state"):
			err = c.describeState(g)
		default:
			err = c.describeOffsets(ctx, kafka, g)
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// noteState says what there is to say of a group's state. The error is that there is no such group.
func (c *call) noteState(g *kmodel.Group) error {
	switch g.State {
	case "Dead":
		return c.failf("Consumer group '%s' does not exist.", g.Name)
	case "Empty":
		_ = c.out.Flush() // the note stands where it belongs if both channels are one
		c.advise("\nConsumer group '" + g.Name + "' has no active members.")
	case "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling":
		_ = c.out.Flush()
		c.advise("\nWarning: Consumer group '" + g.Name + "' is rebalancing.")
	}
	return nil
}

// describeOffsets shows the offsets of a group: members with most partitions first, then what no member has.
func (c *call) describeOffsets(ctx context.Context, kafka command.Kafka, g *kmodel.Group) error {
	if g.State == "Dead" {
		return c.noteState(g)
	}
	committed, err := kafka.GroupOffsets(ctx, g.Name)
	if err != nil {
		return err
	}
	type line struct {
		kmodel.TopicPartition
		member *kmodel.GroupMember
	}
	var lines []line
	seen := map[kmodel.TopicPartition]bool{}
	members := slices.Clone(g.Members)
	slices.SortStableFunc(members, func(a, b kmodel.GroupMember) int { return cmp.Compare(len(b.Assigned), len(a.Assigned)) })
	for i := range members {
		slices.SortFunc(members[i].Assigned, kmodel.TopicPartition.Compare)
		for _, p := range members[i].Assigned {
			lines, seen[p] = append(lines, line{p, &members[i]}), true
		}
	}
	at := map[kmodel.TopicPartition]kmodel.PartitionOffset{}
	for _, o := range committed {
		at[o.TopicPartition] = o
		if !seen[o.TopicPartition] {
			lines = append(lines, line{o.TopicPartition, nil})
		}
	}
	var partitions []kmodel.TopicPartition
	for _, l := range lines {
		partitions = append(partitions, l.TopicPartition)
	}
	ends, err := kafka.Offsets(ctx, partitions, kmodel.Latest)
	if err != nil {
		return err
	}
	rows := [][]string{{"GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"}}
	for i, l := range lines {
		row := []string{g.Name, l.Topic, strconv.Itoa(int(l.Partition)), "-", "-", "-", "-", "-", "-", "-"}
		o, ok := at[l.TopicPartition]
		if ok {
			row[3], row[4] = offsetText(int64(o.LeaderEpoch)), offsetText(o.Offset)
		}
		if ends[i].Err == nil {
			row[5] = offsetText(ends[i].Offset)
			if ok && o.Offset >= 0 {
				row[6] = strconv.FormatInt(ends[i].Offset-o.Offset, 10)
			}
		}
		if l.member != nil {
			row[7], row[8], row[9] = l.member.ID, l.member.Host, l.member.ClientID
		}
		rows = append(rows, row)
	}
	if err := c.noteState(g); err != nil || len(lines) == 0 {
		return err
	}
	c.offsetTable(rows)
	return nil
}

func (c *call) offsetTable(rows [][]string) {
	for _, row := range rows {
		c.printf("\n%s %s %-10s", pad(row[0], longest(rows, 0, 15)), pad(row[1], longest(rows, 1, 15)), row[2])
		if c.has("verbose") && !c.is27() {
			c.printf(" %-15s", row[3])
		}
		c.printf(" %-15s %-15s %-15s %s %s %s", row[4], row[5], row[6], pad(row[7], longest(rows, 7, 15)), pad(row[8], longest(rows, 8, 15)), row[9])
	}
	c.printf("\n")
}

// describeMembers is --members.
func (c *call) describeMembers(g *kmodel.Group) error {
	if err := c.noteState(g); err != nil {
		return err
	}
	if len(g.Members) == 0 && c.is27() {
		return nil
	}
	static := slices.ContainsFunc(g.Members, func(m kmodel.GroupMember) bool { return m.InstanceID != "" })
	rows := [][]string{{"GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "ASSIGNMENT"}}
	if !c.is27() {
		rows[0][6] = "CURRENT-ASSIGNMENT"
	}
	for _, m := range g.Members {
		rows = append(rows, []string{g.Name, m.ID, m.InstanceID, m.Host, m.ClientID, strconv.Itoa(len(m.Assigned)), c.assignment(m.Assigned)})
	}
	c.printf("\n")
	for i, row := range rows {
		c.printf("%s %s ", pad(row[0], longest(rows, 0, 15)), pad(row[1], longest(rows, 1, 15)))
		if static {
			c.printf("%s ", pad(row[2], longest(rows, 2, 17)))
		}
		c.printf("%s %s %-15s ", pad(row[3], longest(rows, 3, 15)), pad(row[4], longest(rows, 4, 15)), row[5])
		switch {
		case c.has("verbose") && c.is27():
			c.printf("%s", row[6])
		case c.has("verbose"): // epochs and targets are of groups of the newer protocol
			epoch, target, next := "-", "-", "-"
			if i == 0 {
				epoch, target, next = "CURRENT-EPOCH", "TARGET-EPOCH", "TARGET-ASSIGNMENT"
			}
			c.printf("%-15s %s %-15s %-20s", epoch, pad(row[6], longest(rows, 6, 20)), target, next)
		}
		c.printf("\n")
	}
	return nil
}

// assignment are a member's partitions: topic(0,1) in 2.7, topic:0,1 in 4.
func (c *call) assignment(partitions []kmodel.TopicPartition) string {
	byTopic := map[string][]int32{}
	for _, p := range partitions {
		byTopic[p.Topic] = append(byTopic[p.Topic], p.Partition)
	}
	layout, between := "%s:%s", ";"
	if c.is27() {
		layout, between = "%s(%s)", ", "
	}
	var texts []string
	for topic, list := range byTopic {
		slices.Sort(list)
		texts = append(texts, fmt.Sprintf(layout, topic, ids(list)))
	}
	slices.Sort(texts)
	return orElse(strings.Join(texts, between), "-")
}

// describeState is --state.
func (c *call) describeState(g *kmodel.Group) error {
	if err := c.noteState(g); err != nil {
		return err
	}
	node, strategy, layout, least := fmt.Sprintf("%s:%d  (%d)", g.Coordinator.Host, g.Coordinator.Port, g.Coordinator.ID), orElse(g.Assignor, "-"), "%-20s", 15
	if c.is27() {
		node, strategy, layout, least = fmt.Sprintf("%s:%d (%d)", g.Coordinator.Host, g.Coordinator.Port, g.Coordinator.ID), g.Assignor, "%-15s", 25
	}
	rows := [][]string{
		{"GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS", "GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"},
		{g.Name, node, strategy, g.State, strconv.Itoa(len(g.Members)), "-", "-"},
	}
	group := longest(rows, 0, least)
	if c.is27() {
		group = longest(rows, 1, 25) // the width of the other column, as in Apache's
	}
	for _, row := range rows {
		c.printf("\n%s %s %-20s "+layout, pad(row[0], group), pad(row[1], longest(rows, 1, 25)), row[2], row[3])
		if c.has("verbose") && !c.is27() {
			c.printf(" %-15s %-25s", row[5], row[6])
		}
		c.printf(" %s", row[4])
	}
	c.printf("\n")
	return nil
}
