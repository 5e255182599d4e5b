package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// runKafkaLoad measures a foreign client (franz-go) that writes to six partitions with three replicas, acks=all, and
// reads them again; one record at a time; and the memory after three million records.
func runKafkaLoad(ctx context.Context, b *bench) error {
	return b.clusters(ctx, "kafka-load", func(c *cluster) error {
		k := c.zoo.kind
		warm, err := c.produce(ctx, "warm", 100, 300_000)
		if err != nil || warm == 0 {
			return err
		}
		small, err := c.produce(ctx, "small", 100, 3_000_000)
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "produce 100 B, 3 replicas, acks=all, 6 partitions", unit: "/s", goal: "2.5x", more: true}, small)
		rate, err := c.consume(ctx, "small", 3_000_000)
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "consume 100 B", unit: "/s", goal: "1x", more: true}, rate)
		mb, err := c.resident()
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "three brokers: resident memory each, after 3 M records", unit: "MB", goal: "1/6"}, mb)
		large, err := c.produce(ctx, "large", 1024, 600_000)
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "produce 1 KiB, the same", unit: "/s", goal: "2x", more: true}, large)
		p50, p99, err := c.oneByOne(ctx, "single", 3000)
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "one record at a time, acks=all, p50", unit: "ms", goal: "1/2"}, p50)
		b.report.add(k, figure{name: "one record at a time, acks=all, p99", unit: "ms", goal: "1/3"}, p99)
		return nil
	})
}

// produce writes n records of a size to a new topic and returns how many a second were acknowledged.
func (c *cluster) produce(ctx context.Context, topic string, size, n int) (float64, error) {
	cl, err := c.client(kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchMaxBytes(1<<20-1024), kgo.MaxBufferedRecords(200_000),
		kgo.ProducerLinger(5*time.Millisecond), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	if err := c.topic(ctx, cl, topic, 6); err != nil {
		return 0, err
	}
	value := make([]byte, size)
	for i := range value {
		value[i] = byte('a' + i%26)
	}
	var failed atomic.Pointer[error]
	begun := time.Now()
	for range n {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	if err := failed.Load(); err != nil {
		return 0, fmt.Errorf("produce to %s: %w", topic, *err)
	}
	return float64(n) / took.Seconds(), nil
}

// consume reads n records from the beginning of a topic.
func (c *cluster) consume(ctx context.Context, topic string, n int) (float64, error) {
	cl, err := c.client(kgo.ConsumeTopics(topic), kgo.FetchMaxBytes(50<<20), kgo.FetchMaxPartitionBytes(8<<20))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	begun := time.Now()
	for got := 0; got < n; {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("%d of %d records: %w", got, n, err)
		}
		got += fetches.NumRecords()
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

// oneByOne writes records, each after the answer to the one before, and returns times in milliseconds.
func (c *cluster) oneByOne(ctx context.Context, topic string, n int) (p50, p99 float64, err error) {
	cl, err := c.client(kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0))
	if err != nil {
		return 0, 0, err
	}
	defer cl.Close()
	if err := c.topic(ctx, cl, topic, 1); err != nil {
		return 0, 0, err
	}
	times := make([]float64, 0, n)
	for range n {
		begun := time.Now()
		if err := cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: payload}).FirstErr(); err != nil {
			return 0, 0, err
		}
		times = append(times, float64(time.Since(begun).Microseconds())/1000)
	}
	slices.Sort(times)
	return times[n/2], times[n*99/100], nil
}

// runKafkaFailover measures the longest time without an acknowledged record of any partition when a broker is killed:
// each of the three in turn, so that one of them is the controller. Timeouts are the defaults.
func runKafkaFailover(ctx context.Context, b *bench) error {
	return b.clusters(ctx, "kafka-failover", func(c *cluster) error {
		const partitions = 6
		admin, err := c.client()
		if err != nil {
			return err
		}
		defer admin.Close()
		if err := c.topic(ctx, admin, "steady", partitions); err != nil {
			return err
		}
		for i := range nodes {
			gap, err := c.killBroker(ctx, i, "steady", partitions)
			if err != nil {
				return err
			}
			b.report.add(c.zoo.kind, figure{name: "a broker is killed: longest gap in acknowledged records of a partition", unit: "s", goal: "under 1 s"}, gap.Seconds())
			// Apache's broker does not start while the session of the one before lasts.
			if err := c.awaitBrokers(ctx, nodes-1); err != nil {
				return err
			}
			if err := c.launch(ctx, i); err != nil {
				return err
			}
			if err := c.await(ctx); err != nil {
				return err
			}
			if err := c.allInSync(ctx, admin, "steady"); err != nil {
				return err
			}
		}
		return nil
	})
}

// killBroker kills a broker while a client writes to each partition, one record at a time.
func (c *cluster) killBroker(ctx context.Context, i int, topic string, partitions int32) (time.Duration, error) {
	cl, err := c.client(kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	writing, stop := context.WithCancel(ctx)
	defer stop()
	all := make([]gaps, partitions)
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for p := range all {
		writers.Go(func() {
			for writing.Err() == nil {
				if cl.ProduceSync(writing, &kgo.Record{Topic: topic, Partition: int32(p), Value: payload}).FirstErr() == nil {
					all[p].acknowledged(time.Now())
				}
			}
		})
	}
	await := func() error {
		for p := range all {
			if err := all[p].await(ctx, 200); err != nil {
				return err
			}
		}
		return nil
	}
	if err := await(); err != nil {
		return 0, err
	}
	for p := range all {
		all[p].reset()
	}
	c.brokers[i].kill()
	if err := await(); err != nil {
		return 0, fmt.Errorf("after the end of broker %d: %w", i+1, err)
	}
	var longest time.Duration
	for p := range all {
		longest = max(longest, all[p].longest())
	}
	return longest, nil
}
