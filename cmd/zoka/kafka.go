package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// defaultBroker is where a broker is looked for that nobody has named.
const defaultBroker = "127.0.0.1:9092"

// kafkaClient is how the shell reaches brokers. named tells that somebody has said where ZooKeeper or the brokers are.
func kafkaClient(named bool, opened func() bool) command.KafkaClient {
	return command.KafkaClient{
		Dial: func(ctx context.Context, t command.KafkaTarget) (command.Kafka, error) {
			if t.Bootstrap == "" && t.Config == "" && !named && !opened() && listens(defaultBroker) {
				t.Bootstrap = defaultBroker
			}
			return dialKafka(ctx, t)
		},
		NewReader: func(layout string, r io.Reader) (command.RecordReader, error) {
			return kafka.NewReader(layout, r)
		},
		NewFormatter: func(layout string) (command.RecordFormatter, error) {
			return kafka.NewFormatter(layout)
		},
	}
}

// listens tells whether anybody does, quickly: it is only asked of this machine.
func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func dialKafka(ctx context.Context, t command.KafkaTarget) (command.Kafka, error) {
	c, err := dialCluster(ctx, t)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func dialCluster(ctx context.Context, t command.KafkaTarget) (kafkaCluster, error) {
	cfg := kafka.Config{Bootstrap: t.Bootstrap, File: t.Config, Listener: t.Listener, Timeout: t.Timeout, Warn: t.Warn}
	if t.ZK != nil {
		cfg.ZooKeeper = lazyZnodes{t.ZK}
	}
	c, err := kafka.Dial(ctx, cfg)
	return kafkaCluster{c}, err
}

// kafkaCluster is a kafka.Client with the interfaces that commands know.
type kafkaCluster struct{ *kafka.Client }

// Producer is for command.Kafka.
func (c kafkaCluster) Producer(ctx context.Context, o kmodel.ProduceOptions, failed func(int64, kmodel.Record, error)) (command.Producer, error) {
	return c.Client.Producer(ctx, o, failed)
}

// Consumer is for command.Kafka.
func (c kafkaCluster) Consumer(ctx context.Context, o kmodel.ConsumeOptions) (command.Consumer, error) {
	return c.Client.Consumer(ctx, o)
}

// lazyZnodes opens the ZooKeeper session when it is asked something.
type lazyZnodes struct {
	zk func(context.Context) (command.ZK, error)
}

// Children is for kafka.Znodes.
func (z lazyZnodes) Children(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]string, zkproto.Stat, error) {
	zk, err := z.zk(ctx)
	if err != nil {
		return nil, zkproto.Stat{}, findError(err)
	}
	return zk.Children(ctx, path, watch)
}

// Get is for kafka.Znodes.
func (z lazyZnodes) Get(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error) {
	zk, err := z.zk(ctx)
	if err != nil {
		return nil, zkproto.Stat{}, findError(err)
	}
	return zk.Get(ctx, path, watch)
}

// findError says what ZooKeeper was wanted for, where the error does not.
func findError(err error) error {
	if mixed := (*brokerError)(nil); errors.As(err, &mixed) {
		return err
	}
	return fmt.Errorf("%w; -b HOST:PORT names a broker", err)
}
