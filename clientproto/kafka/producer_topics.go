package kafka

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// prepare makes sure that the topics are there and that their leaders are reached.
func (c *Client) prepare(ctx context.Context, o kmodel.ProduceOptions) error {
	if o.AutoCreate {
		if err := c.autoCreate(ctx, o.Topics); err != nil {
			return err
		}
	}
	partitions, err := c.partitions(ctx, kmodel.ConsumeOptions{Topics: o.Topics})
	if err != nil || len(o.Topics) == 0 {
		return err
	}
	return c.reachLeaders(ctx, partitions)
}

// How large a batch may get: what brokers take by default, and what is asked of none.
const (
	defaultBatchMax = 1_000_012
	leastBatchMax   = 512
	mostBatchMax    = 32 << 20
)

// batchLimits asks what the topics take: a batch that is too large fails with all its records, the good ones too. Who
// may not know must hope for the default.
func (c *Client) batchLimits(ctx context.Context, topics []string) (map[string]int32, error) {
	limits := map[string]int32{}
	var resources []kmodel.Resource
	for _, name := range topics {
		resources = append(resources, kmodel.Resource{Type: kmodel.TopicResource, Name: name})
	}
	if len(resources) == 0 {
		return limits, nil
	}
	described, err := c.Configs(ctx, false, resources...)
	if err != nil {
		return nil, err
	}
	for _, topic := range described {
		for _, entry := range topic.Entries {
			if n, err := strconv.ParseInt(entry.Value, 10, 64); err == nil && entry.Name == "max.message.bytes" {
				limits[topic.Resource.Name] = int32(min(max(n, leastBatchMax), mostBatchMax))
			}
		}
	}
	return limits, nil
}

// autoCreate asks for topics in the way that makes brokers create them, and waits until they are there.
func (c *Client) autoCreate(ctx context.Context, names []string) error {
	for until := time.Now().Add(patience); ; {
		req := kmsg.NewPtrMetadataRequest()
		req.AllowAutoTopicCreation = true
		for _, name := range names {
			t := kmsg.NewMetadataRequestTopic()
			t.Topic = kmsg.StringPtr(name)
			req.Topics = append(req.Topics, t)
		}
		resp, err := c.metadata(ctx, req)
		if err != nil {
			return err
		}
		err = nil
		for _, t := range resp.Topics {
			err = cmp.Or(err, codeError(t.ErrorCode, nil))
		}
		code := new(ServerError)
		if err == nil || !errors.As(err, &code) || !code.Code.Retriable() || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(waits):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
