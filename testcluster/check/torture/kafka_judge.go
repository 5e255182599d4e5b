package torture

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/zoka-project/zoka/testcluster/check/records"
)

// converge is how long the brokers may take, after all was mended, until they are as if nothing had happened.
const converge = 45 * time.Second

// judge is the end of a run with brokers: nobody produces any more, the members of the group still read.
func (k *kafka) judge(ctx context.Context) {
	k.waitFor(ctx, "no partition is on its way", k.moved)
	k.waitFor(ctx, "the partitions are whole", k.whole)
	k.waitFor(ctx, "the group is at rest", k.settled)
	for _, c := range k.clients {
		c.close()
	}
	k.judgeLogs()
	ends := k.ends(ctx)
	k.close()
	stored := k.judgeReplicas(ctx, ends)
	k.mu.Lock()
	defer k.mu.Unlock()
	problems := append(records.Kept(k.mu.sent, stored), records.Consumed(k.mu.sent, stored, k.mu.given)...)
	for _, p := range problems {
		k.problem("%v", p)
	}
	k.count(func(r *Report) {
		for _, s := range k.mu.sent {
			if s.Unknown {
				r.Unsure++
			}
		}
		r.Sent, r.Records, r.Given = len(k.mu.sent), len(stored), len(k.mu.given)
	})
}

// waitFor waits until check finds nothing amiss, and reports what it finds at last.
func (k *kafka) waitFor(ctx context.Context, what string, check func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, converge)
	defer cancel()
	begun := time.Now()
	for {
		once, done := context.WithTimeout(ctx, 5*time.Second)
		err := check(once)
		done()
		if err == nil {
			k.say("%s, %v after it was waited for", what, time.Since(begun).Round(time.Millisecond))
			return
		}
		if ctx.Err() != nil {
			k.problem("%v after all was mended it is not so that %s: %v", converge, what, err)
			return
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// whole tells which partition lacks a leader or a replica in sync.
func (k *kafka) whole(ctx context.Context) error {
	m, err := k.admin.Metadata(ctx, kafkaTopic, offsetsTopic)
	if err != nil {
		return err
	}
	if len(m.Brokers) < len(k.nodes) {
		return fmt.Errorf("there are brokers %v", m.Brokers.NodeIDs())
	}
	for _, p := range parts(m) {
		if p.Err != nil {
			return fmt.Errorf("%s-%d: %w", p.Topic, p.Partition, p.Err)
		}
		if p.Leader < 0 || len(p.ISR) < len(p.Replicas) || len(p.ISR) == 0 {
			return fmt.Errorf("%s-%d: leader %d, replicas %v, in sync %v", p.Topic, p.Partition, p.Leader, p.Replicas, p.ISR)
		}
	}
	return nil
}

// offsetsTopic is where groups' offsets are.
const offsetsTopic = "__consumer_offsets"

func parts(m kadm.Metadata) (all []kadm.PartitionDetail) {
	for _, t := range m.Topics.Sorted() {
		if t.Err != nil {
			return []kadm.PartitionDetail{{Topic: t.Topic, Err: t.Err}}
		}
		all = append(all, t.Partitions.Sorted()...)
	}
	return all
}

// settled tells why the group is not at rest: stable, with all members, and all read.
func (k *kafka) settled(ctx context.Context) error {
	lags, err := k.admin.Lag(ctx, kafkaGroup)
	if err != nil {
		return err
	}
	g := lags[kafkaGroup]
	if err := g.Error(); err != nil {
		return err
	}
	if g.State != "Stable" || len(g.Members) != len(k.members) {
		return fmt.Errorf("it is %s, with %d members", g.State, len(g.Members))
	}
	for _, l := range g.Lag.Sorted() {
		if l.Err != nil || l.Lag != 0 {
			return fmt.Errorf("partition %d: committed %d of %d, lag %d: %v", l.Partition, l.Commit.At, l.End.Offset, l.Lag, l.Err)
		}
	}
	if n := len(g.Lag[kafkaTopic]); n != kafkaPartitions {
		return fmt.Errorf("it has %d partitions", n)
	}
	return nil
}

// ends are the high watermarks of all partitions.
func (k *kafka) ends(ctx context.Context) kadm.ListedOffsets {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ends, err := k.admin.ListEndOffsets(ctx, kafkaTopic, offsetsTopic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		k.problem("the ends of partitions are not to be had: %v", err)
	}
	return ends
}
