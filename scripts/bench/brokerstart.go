package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// runKafkaStart measures from the start of three servers and three brokers, all processes at once, to the first record
// that all three replicas have.
func runKafkaStart(ctx context.Context, b *bench) error {
	return b.turns(func(k kind, round int) error {
		begun := time.Now()
		c, err := b.launchCluster(ctx, k, fmt.Sprintf("kafka-start-%s-%d", k.name, round))
		if err != nil {
			return err
		}
		defer c.end()
		if err := c.firstRecord(ctx); err != nil {
			return err
		}
		b.report.add(k, figure{name: "three servers, three brokers: start to first acknowledged record", unit: "s", goal: "1/10"}, time.Since(begun).Seconds())
		// The memory of brokers that have done nothing.
		mb, err := c.resident()
		if err != nil {
			return err
		}
		zoo, err := c.zoo.resident()
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "three brokers: resident memory each, idle", unit: "MB", goal: "1/6"}, mb)
		b.report.add(k, figure{name: "a broker and a server: resident memory, idle", unit: "MB", goal: "1/6"}, mb+zoo)
		return nil
	})
}

// firstRecord knocks until a topic with three replicas can be created, and writes to it.
func (c *cluster) firstRecord(ctx context.Context) error {
	cl, err := c.client(kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }))
	if err != nil {
		return err
	}
	defer cl.Close()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		ask, cancel := context.WithTimeout(ctx, 2*time.Second)
		created, err := kadm.NewClient(cl).CreateTopic(ask, 1, nodes, nil, "first")
		cancel()
		if err == nil {
			err = created.Err
		}
		if err == nil || created.Err != nil && created.Err.Error() == "TOPIC_ALREADY_EXISTS" {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no topic after two minutes: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return cl.ProduceSync(ctx, &kgo.Record{Topic: "first", Value: payload}).FirstErr()
}
