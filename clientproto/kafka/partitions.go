package kafka

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// partitions are those that the options name.
func (c *Client) partitions(ctx context.Context, o kmodel.ConsumeOptions) ([]kmodel.TopicPartition, error) {
	names := o.Topics
	if len(names) == 0 {
		return nil, nil
	}
	if o.Regex {
		all, err := c.Topics(ctx)
		if err != nil {
			return nil, err
		}
		if names, err = matching(all, o.Topics); err != nil {
			return nil, err
		}
	}
	topics, err := c.known(ctx, names)
	if err != nil {
		return nil, err
	}
	var partitions []kmodel.TopicPartition
	for _, t := range topics {
		wanted := o.Partitions
		if wanted == nil {
			for _, p := range t.Partitions {
				wanted = append(wanted, p.ID)
			}
		}
		for _, id := range wanted {
			if id < 0 || int(id) >= len(t.Partitions) {
				return nil, &ServerError{Code: kproto.UnknownTopicOrPartition,
					Message: fmt.Sprintf("%s has no partition %d; it has %s", t.Name, id, span(len(t.Partitions)))}
			}
			partitions = append(partitions, kmodel.TopicPartition{Topic: t.Name, Partition: id})
		}
	}
	return partitions, nil
}

// newlyMade is how long a topic is looked for: brokers learn of a new one at different times.
const newlyMade = 600 * time.Millisecond

// known describes topics that have to be there.
func (c *Client) known(ctx context.Context, names []string) ([]kmodel.Topic, error) {
	for until := time.Now().Add(newlyMade); ; {
		topics, err := c.Topics(ctx, names...)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(topics, func(t kmodel.Topic) bool { return t.Err != nil })
		if i < 0 {
			return topics, nil
		}
		if t := topics[i]; !errors.Is(t.Err, kproto.UnknownTopicOrPartition) && !errors.Is(t.Err, kproto.LeaderNotAvailable) || time.Now().After(until) {
			return nil, &TopicError{t.Name, t.Err}
		}
		select {
		case <-time.After(2 * firstBackoff):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func span(n int) string {
	if n == 1 {
		return "partition 0"
	}
	return "partitions 0 to " + strconv.Itoa(n-1)
}

func matching(topics []kmodel.Topic, patterns []string) ([]string, error) {
	var names []string
	for _, pattern := range patterns {
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return nil, &ConfigError{Err: err}
		}
		for _, t := range topics {
			if !t.Internal && re.MatchString(t.Name) {
				names = append(names, t.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil, &ServerError{Code: kproto.UnknownTopicOrPartition, Message: "no topic matches"}
	}
	return unique(names), nil
}

// reachLeaders makes sure that the brokers that lead the partitions can be dialled. A leader that has just died is
// waited for: there will be another in a moment.
func (c *Client) reachLeaders(ctx context.Context, partitions []kmodel.TopicPartition) error {
	until := time.Now().Add(patience)
	for {
		err := c.tryLeaders(ctx, partitions)
		if err == nil || ctx.Err() != nil {
			return errors.Join(ctx.Err())
		}
		if time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(waits):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *Client) tryLeaders(ctx context.Context, partitions []kmodel.TopicPartition) error {
	byTopic := byTopic(partitions)
	names := make([]string, 0, len(byTopic))
	for name := range byTopic {
		names = append(names, name)
	}
	topics, err := c.Topics(ctx, names...)
	if err != nil {
		return err
	}
	leaders := map[int32]struct{}{}
	for _, t := range topics {
		for _, id := range byTopic[t.Name] {
			if int(id) >= len(t.Partitions) {
				continue
			}
			p := t.Partitions[id]
			if p.Leader < 0 {
				return &ServerError{Code: kproto.LeaderNotAvailable, Message: fmt.Sprintf("%s-%d has no leader: its replicas are down", t.Name, id)}
			}
			leaders[p.Leader] = struct{}{}
		}
	}
	return c.reachBrokers(ctx, leaders)
}

// reachBrokers dials brokers, all at once.
func (c *Client) reachBrokers(ctx context.Context, ids map[int32]struct{}) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for id := range ids {
		c.mu.Lock()
		addr := c.brokers[id]
		c.mu.Unlock()
		if addr == "" {
			continue
		}
		wg.Go(func() {
			if err := c.dialer.reach(ctx, addr); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = c.blame(&fault{addr: addr, err: dialReason(err)})
				}
			}
		})
	}
	wg.Wait()
	return first
}

// starts are where the partitions are read from.
func (c *Client) starts(ctx context.Context, partitions []kmodel.TopicPartition, from kmodel.Position, committed bool) (map[kmodel.TopicPartition]int64, error) {
	if from.Start == kmodel.StartTime {
		return c.startsAtTime(ctx, partitions, from.N, committed)
	}
	var first, end map[kmodel.TopicPartition]int64
	var errFirst, errEnd error
	var wg sync.WaitGroup
	if from.Start != kmodel.StartEnd || from.N > 0 {
		wg.Go(func() { first, errFirst = c.offsetMap(ctx, partitions, kmodel.Earliest, false) })
	}
	wg.Go(func() { end, errEnd = c.offsetMap(ctx, partitions, kmodel.Latest, committed) })
	wg.Wait()
	if errFirst != nil || errEnd != nil {
		return nil, errors.Join(errFirst, errEnd)
	}
	starts := map[kmodel.TopicPartition]int64{}
	within := 0
	for _, p := range partitions {
		at := end[p] - from.N // StartEnd, StartTail
		switch from.Start {
		case kmodel.StartBegin, kmodel.StartCommits:
			at = first[p] + from.N
		case kmodel.StartAt:
			at = from.N
		}
		if at >= first[p] && at <= end[p] {
			within++
		}
		starts[p] = min(max(at, first[p]), end[p])
	}
	if from.Start == kmodel.StartAt && within == 0 && len(partitions) > 0 {
		p := partitions[0]
		return nil, &ServerError{Code: kproto.OffsetOutOfRange, Message: fmt.Sprintf("offset %d of %s is not there: it has %d to %d", from.N, p, first[p], end[p])}
	}
	return starts, nil
}

func (c *Client) startsAtTime(ctx context.Context, partitions []kmodel.TopicPartition, ms int64, committed bool) (map[kmodel.TopicPartition]int64, error) {
	starts, err := c.offsetMap(ctx, partitions, ms, false)
	if err != nil {
		return nil, err
	}
	end, err := c.offsetMap(ctx, partitions, kmodel.Latest, committed)
	if err != nil {
		return nil, err
	}
	for p, at := range starts {
		if at < 0 {
			starts[p] = end[p]
		}
	}
	return starts, nil
}

// offsetMap is Offsets as a map; what is wrong with one partition is the error.
func (c *Client) offsetMap(ctx context.Context, partitions []kmodel.TopicPartition, at int64, committed bool) (map[kmodel.TopicPartition]int64, error) {
	list, err := c.offsets(ctx, partitions, at, committed)
	if err != nil {
		return nil, err
	}
	out := map[kmodel.TopicPartition]int64{}
	for _, o := range list {
		if o.Err != nil {
			return nil, fmt.Errorf("%s: %w", o.TopicPartition, o.Err)
		}
		out[o.TopicPartition] = o.Offset
	}
	return out, nil
}
