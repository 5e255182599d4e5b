package kafkatools

import (
	"context"
	"errors"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// marked are the topics that wait for their deletion: with --zookeeper alone, since brokers do not tell.
func (c *call) marked(ctx context.Context) (map[string]bool, error) {
	if c.zk == nil {
		return nil, nil
	}
	names, _, err := c.zk.Children(ctx, kzk.DeleteTopicsPath, nil)
	if err != nil && !errors.Is(err, zkproto.NoNode) {
		return nil, err
	}
	marks := map[string]bool{}
	for _, name := range names {
		marks[name] = true
	}
	return marks, nil
}

// markTopics is --delete with --zookeeper. Brokers are asked to delete the topics; where they delete none, since
// delete.topic.enable is false, there is the mark alone, as there would be by Apache's tool, and the exit code tells.
func (c *call) markTopics(ctx context.Context, kafka command.Kafka, names []string) error {
	topics, err := kafka.Topics(ctx, names...)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.Internal {
			return told("Topic " + t.Name + " is a kafka internal topic and is not allowed to be marked for deletion.")
		}
	}
	marks, err := c.marked(ctx)
	if err != nil {
		return err
	}
	outcomes, err := kafka.DeleteTopics(ctx, names...)
	for _, o := range outcomes {
		switch {
		case errors.Is(o.Err, kproto.TopicDeletionDisabled):
			if merr := c.mark(ctx, o.Name); merr != nil {
				return merr
			}
			_ = c.out.Flush() // the lines stand in their order if both channels are one
			c.log("ERROR", "Topic "+o.Name+" stays: delete.topic.enable is false")
			err = reported{o.Err}
		case o.Err != nil:
			return o.Err
		}
		if marks[o.Name] {
			c.printf("Topic %s is already marked for deletion.\n", o.Name)
			continue
		}
		c.printf("Topic %s is marked for deletion.\nNote: This will have no impact if delete.topic.enable is not set to true.\n", o.Name)
	}
	return err
}

// mark leaves the mark that controllers look for.
func (c *call) mark(ctx context.Context, topic string) error {
	if c.zk == nil {
		return nil
	}
	_, _, err := c.zk.Create(ctx, kzk.DeleteTopicPath(topic), nil, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	if errors.Is(err, zkproto.NodeExists) {
		return nil
	}
	return err
}
