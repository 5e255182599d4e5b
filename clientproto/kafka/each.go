package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// answer is what one of several brokers has said.
type answer[T any] struct {
	value T
	err   error
}

// askEach asks brokers at the same time, none for longer than patience: one that is paused must not keep back what the
// others say. ask puts the question once; its error is franz-go's or a *ServerError. The answers have the brokers' order.
func askEach[T any](ctx context.Context, c *Client, brokers []kmodel.Broker, ask func(context.Context, kmodel.Broker) (T, error)) []answer[T] {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answers := make([]answer[T], len(brokers))
	var wg sync.WaitGroup
	for i, b := range brokers {
		wg.Go(func() { answers[i] = askOne(limited, c, b, ask) })
	}
	wg.Wait()
	return answers
}

// askOne asks again where the answer is to come back later, and after the end of a connection that was good before, but
// not where nobody takes connections.
func askOne[T any](ctx context.Context, c *Client, b kmodel.Broker, ask func(context.Context, kmodel.Broker) (T, error)) answer[T] {
	for try := 1; ; try++ {
		value, err := ask(ctx, b)
		var refused *ServerError
		switch {
		case err == nil:
			return answer[T]{value: value}
		case errors.As(err, &refused):
			if !refused.Code.Retriable() {
				return answer[T]{err: err}
			}
		case try > 1 || ctx.Err() != nil || c.dialer.faultOf(b.Addr()) != nil:
			return answer[T]{err: c.brokerFailure(ctx, b, err)}
		}
		again := time.NewTimer(c.settings.backoff(try))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return answer[T]{err: c.brokerFailure(ctx, b, err)}
		}
	}
}

// brokerFailure is failure for a request to one broker, which may have lost its process and not yet its registration.
func (c *Client) brokerFailure(ctx context.Context, b kmodel.Broker, err error) error {
	if fault := c.dialer.faultOf(b.Addr()); fault != nil {
		return fault.err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &LostError{&shortError{fmt.Sprintf("no answer within %s", patience.Round(time.Second)), ctx.Err()}}
	}
	return c.failure(ctx, err)
}

// Answering asks brokers whether they are there, by ApiVersions at the addresses that they advertise. The errors have
// the brokers' order, and are nil for those that answered: a cluster lists a broker that was killed until its session ends.
func (c *Client) Answering(ctx context.Context, brokers ...kmodel.Broker) ([]error, error) {
	errs := make([]error, len(brokers))
	for i, answer := range askEach(ctx, c, brokers, func(ctx context.Context, b kmodel.Broker) (struct{}, error) {
		_, err := c.kgo.Broker(int(b.ID)).Request(ctx, kmsg.NewPtrApiVersionsRequest())
		return struct{}{}, err
	}) {
		errs[i] = answer.err
	}
	return errs, ctx.Err()
}
