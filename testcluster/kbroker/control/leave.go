package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// RemainingError is a controlled shutdown that could not move everything.
type RemainingError struct {
	Controller int32
	Partitions []kzk.TopicPartition
}

func (e *RemainingError) Error() string {
	first := e.Partitions[0]
	return fmt.Sprintf("controller %d could not move the leadership of %d partitions, %s-%d the first of them",
		e.Controller, len(e.Partitions), first.Topic, first.Partition)
}

// errNoController says that there is nobody to ask.
var errNoController = errors.New("there is no controller")

// errReplaced says that who was asked has lost the office meanwhile.
var errReplaced = errors.New("another is, or will be, the controller")

// Leave asks the controller to move the broker's leaderships elsewhere, and returns when that is done, or as often as
// the configuration says has not been. The broker goes on serving until it returns. A cluster without another broker to
// take over is left at once.
// Source: KafkaServer.controlledShutdown.
func (c *Control) Leave(ctx context.Context) error {
	c.post(func() { c.departing = true })
	for attempt := 0; ; attempt++ {
		image, err := c.o.Mirror.Fresh(ctx)
		if err != nil {
			return fmt.Errorf("controlled shutdown of broker %d: %w", c.o.Self, err)
		}
		if len(image.Brokers) < 2 {
			return nil
		}
		err = c.leaveOnce(ctx, image)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("controlled shutdown of broker %d: %w", c.o.Self, err)
		if attempt == c.o.Config.ShutdownRetries || ctx.Err() != nil {
			return err
		}
		c.o.Logger.Info("trying again", "error", err)
		if c.awaitOther(ctx, image) != nil {
			return err
		}
	}
}

// leaveOnce asks the controller once.
func (c *Control) leaveOnce(ctx context.Context, image *kzk.Image) (err error) {
	var remaining []kzk.TopicPartition
	switch image.Controller {
	case noController:
		return errNoController
	case c.o.Self:
		remaining, err = c.leaveLocally(ctx)
	default:
		remaining, err = c.leaveFrom(ctx, image)
	}
	if err == nil && len(remaining) > 0 {
		err = &RemainingError{image.Controller, remaining}
	}
	return err
}

// leaveLocally is the request of a broker that is the controller itself.
func (c *Control) leaveLocally(ctx context.Context) ([]kzk.TopicPartition, error) {
	type answer struct {
		remaining []kzk.TopicPartition
		code      kproto.Error
	}
	answers := make(chan answer, 1)
	c.startShutdown(&shutdown{c.o.Self, -1, func(remaining []kzk.TopicPartition, code kproto.Error) {
		answers <- answer{remaining, code}
	}})
	select {
	case a := <-answers:
		return a.remaining, a.code.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leaveFrom sends the request. One that does not answer is waited for as long as it is the controller.
func (c *Control) leaveFrom(ctx context.Context, image *kzk.Image) ([]kzk.TopicPartition, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Config.ShutdownTimeout)
	defer cancel()
	ctx, done := c.whileInOffice(ctx, image)
	defer done()
	conn, err := c.o.Dial(ctx, image.Controller)
	if err != nil {
		return nil, fmt.Errorf("connect to controller %d: %w", image.Controller, errors.Join(err, context.Cause(ctx)))
	}
	defer conn.Close()
	unhook := context.AfterFunc(ctx, func() { conn.Close() })
	defer unhook()
	req, resp := kmsg.NewControlledShutdownRequest(), kmsg.NewControlledShutdownResponse()
	req.BrokerID, req.BrokerEpoch = c.o.Self, -1
	if b := image.Brokers[c.o.Self]; b != nil {
		req.BrokerEpoch = b.Epoch
	}
	if err := call(conn, &req, 2, &resp); err != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	var remaining []kzk.TopicPartition
	for _, p := range resp.PartitionsRemaining {
		remaining = append(remaining, kzk.TopicPartition{Topic: p.Topic, Partition: p.Partition})
	}
	return remaining, kproto.Error(resp.ErrorCode).Err()
}

// whileInOffice is a context that ends, with errReplaced as its cause, when the image's controller is one no longer.
func (c *Control) whileInOffice(parent context.Context, image *kzk.Image) (ctx context.Context, done func()) {
	ctx, end := context.WithCancelCause(parent)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for now := image; now.ControllerZxid == image.ControllerZxid; now = c.o.Mirror.Image() {
			select {
			case <-c.o.Mirror.Changed(now):
			case <-ctx.Done():
				return
			}
		}
		end(errReplaced)
	}()
	return ctx, func() {
		end(nil)
		<-ended
	}
}

// awaitOther waits for the time between two attempts, or until there is another controller to ask.
func (c *Control) awaitOther(ctx context.Context, image *kzk.Image) error {
	timer := time.NewTimer(c.o.Config.ShutdownBackoff)
	defer timer.Stop()
	for now := image; ; now = c.o.Mirror.Image() {
		if now.ControllerZxid != image.ControllerZxid && now.Controller != noController {
			return nil
		}
		select {
		case <-c.o.Mirror.Changed(now):
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
