package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

// deleteGroups is --delete.
func (c *call) deleteGroups(ctx context.Context, kafka command.Kafka) error {
	names, err := c.groupNames(ctx, kafka)
	if err != nil || len(names) == 0 {
		return err
	}
	outcomes, err := kafka.DeleteGroups(ctx, names...)
	if err != nil {
		return err
	}
	var done []string
	var failed []string
	for _, o := range outcomes {
		if o.Err == nil {
			done = append(done, o.Name)
			continue
		}
		why := exception(o.Err)
		if c.is27() {
			why = "java.util.concurrent.ExecutionException: " + why
		}
		failed = append(failed, fmt.Sprintf("* Group '%s' could not be deleted due to: %s\n", o.Name, why))
	}
	list := "'" + strings.Join(done, "', '") + "'"
	if len(failed) == 0 {
		c.printf("Deletion of requested consumer groups (%s) was successful.\n", list)
		return nil
	}
	err = c.failf("Deletion of some consumer groups failed:")
	c.printf("%s", strings.Join(failed, ""))
	if len(done) > 0 {
		c.printf("\nThese consumer groups were deleted successfully: %s\n", list)
	}
	return err
}

// deleteGroupOffsets is --delete-offsets.
func (c *call) deleteGroupOffsets(ctx context.Context, kafka command.Kafka) error {
	group := c.text("group")
	var results []kmodel.PartitionOffset
	var partitions []kmodel.TopicPartition
	for _, text := range c.given["topic"] {
		found, err := partitionsOf(ctx, kafka, []string{text})
		switch {
		case errors.Is(err, kproto.UnknownTopicOrPartition):
			results = append(results, kmodel.PartitionOffset{TopicPartition: kmodel.TopicPartition{Topic: text, Partition: -1}, Err: err})
		case err != nil:
			return err
		}
		partitions = append(partitions, found...)
	}
	found, err := kafka.DeleteGroupOffsets(ctx, group, partitions)
	var code kproto.Error
	var whole error // what is wrong with the group
	switch {
	case errors.As(err, &code):
		whole = err
		for _, p := range partitions {
			found = append(found, kmodel.PartitionOffset{TopicPartition: p, Err: err})
		}
	case err != nil:
		return err
	}
	err = nil
	results = append(results, found...)
	slices.SortFunc(results, func(a, b kmodel.PartitionOffset) int { return a.TopicPartition.Compare(b.TopicPartition) })
	rows := [][]string{{"TOPIC", "PARTITION", "STATUS"}}
	refused := false // by a group's coordinator: a topic that is not there is not counted
	for _, r := range results {
		row := []string{r.Topic, strconv.Itoa(int(r.Partition)), "Successful"}
		if r.Err != nil {
			row[2] = "Error: " + exception(r.Err)
			err = reported{r.Err}
			refused = refused || r.Partition >= 0
		}
		if r.Partition < 0 {
			row[1] = "-"
			if c.is27() {
				row[1] = "Not Provided"
			}
		}
		rows = append(rows, row)
	}
	switch {
	case errors.Is(whole, kproto.GroupIDNotFound) && c.is27():
		c.printf("\nError: '%s' does not exist.\n", group)
	case whole != nil:
		c.printf("\nError: %s\n", message(whole))
	case refused && c.is27():
		c.printf("\nError: Encounter some partition level error, see the follow-up details:\n")
	case refused:
		c.printf("\nError: Encountered some partition-level error, see the follow-up details.\n")
	case c.is27():
		c.printf("Request succeed for deleting offsets with topic %s group %s\n", strings.Join(c.given["topic"], ", "), group)
	default:
		c.printf("Request succeeded for deleting offsets from group %s.\n", group)
	}
	for _, row := range rows {
		if c.is27() {
			c.printf("\n%-30s %-15s %-15s", row[0], row[1], row[2])
		} else {
			c.printf("\n%s %-10s %-15s", pad(row[0], longest(rows, 0, 15)), row[1], row[2])
		}
	}
	c.printf("\n")
	return err
}

// partitionsOf are those that texts name: a topic with all its partitions, or topic:0,1. They are sorted.
func partitionsOf(ctx context.Context, kafka command.Kafka, texts []string) ([]kmodel.TopicPartition, error) {
	var out []kmodel.TopicPartition
	for _, text := range texts {
		topic, list, some := strings.Cut(text, ":")
		if some {
			for id := range strings.SplitSeq(list, ",") {
				n, err := strconv.ParseUint(strings.TrimSpace(id), 10, 31)
				if err != nil {
					return nil, usagef("Invalid partition '%s' specified in topic arg '%s''", id, text)
				}
				out = append(out, kmodel.TopicPartition{Topic: topic, Partition: int32(n)})
			}
			continue
		}
		topics, err := kafka.Topics(ctx, topic)
		if err != nil {
			return nil, err
		}
		for _, t := range topics {
			if t.Err != nil {
				return nil, t.Err
			}
			for _, p := range t.Partitions {
				out = append(out, kmodel.TopicPartition{Topic: topic, Partition: p.ID})
			}
		}
	}
	slices.SortFunc(out, kmodel.TopicPartition.Compare)
	return slices.Compact(out), nil
}
