package main

import (
	"context"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/zkclient"
)

// suspicion is how long a ZooKeeper server may take to answer before it is asked whether it is one.
const suspicion = 200 * time.Millisecond

// brokerError tells that a Kafka broker answers where a ZooKeeper server was looked for.
type brokerError struct{ addr string }

func (e *brokerError) Error() string {
	return fmt.Sprintf("%s is a Kafka broker, no ZooKeeper server", e.addr)
}

// unlessBroker does what needs a ZooKeeper server. Where that takes its time, and it turns out that one of the servers is a
// Kafka broker, the context of do ends, and the error is a *brokerError: who has mixed up two ports need not wait until
// all patience is used up.
func unlessBroker(ctx context.Context, servers string, do func(context.Context) error) error {
	doing, mixedUp := context.WithCancelCause(ctx)
	defer mixedUp(nil)
	asking, enough := context.WithCancel(ctx)
	asked := make(chan *brokerError, 1)
	go func() {
		found := askForBroker(asking, servers)
		if found != nil {
			mixedUp(found)
		}
		asked <- found
	}()
	err := do(doing)
	enough()
	if found := <-asked; found != nil && err != nil {
		return found
	}
	return err
}

// askForBroker asks each server whether it is a broker, once it is suspicious.
func askForBroker(ctx context.Context, servers string) *brokerError {
	hosts, _, err := zkclient.ParseConnectString(servers)
	if err != nil {
		return nil
	}
	wait := time.NewTimer(suspicion)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return nil
	}
	for _, host := range hosts {
		if kafka.Probe(ctx, host) == kafka.Kafka {
			return &brokerError{host}
		}
	}
	return nil
}
