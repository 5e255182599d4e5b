package kafkacmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

// writing is the writing of one produce.
type writing struct {
	*producing
	env    *command.Env
	report failures
	sent   int64 // what was read, and is a record or should have been one
	ended  bool  // all of the input was read
}

// parting is how long what is under way may take once the person has left by Ctrl-C.
const parting = 5 * time.Second

func (w *writing) run(ctx context.Context, kafka command.Kafka, records source) error {
	// A record that was taken is to be written, even if the person leaves at once: the producer's context is another.
	producing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	producer, err := kafka.Producer(ctx, w.options, w.report.add)
	if err != nil {
		return err
	}
	defer producer.Close()
	leave := context.AfterFunc(ctx, func() { // Produce waits while too much is under way
		time.AfterFunc(parting, stop)
	})
	defer leave()

	readErr := w.copy(ctx, producing, producer, records)
	flushing, cancel := producing, context.CancelFunc(func() {})
	if ctx.Err() != nil {
		flushing, cancel = context.WithTimeout(producing, parting)
	}
	defer cancel()
	err = producer.Flush(flushing)
	producer.Close() // what is left is told of
	w.report.flush()
	return w.verdict(ctx, readErr, err)
}

// verdict is what the command ends with.
func (w *writing) verdict(ctx context.Context, readErr, flushErr error) error {
	var lost error
	switch {
	case w.report.count == 0:
	case w.ended || interrupted(ctx, readErr):
		lost = fmt.Errorf("%d of %d records not acknowledged", w.report.count, w.sent)
	default:
		lost = fmt.Errorf("%d of %d records not acknowledged; what follows them was not read", w.report.count, w.sent)
	}
	switch {
	case lost != nil && readErr != nil && !interrupted(ctx, readErr):
		return fmt.Errorf("%w: %w", lost, readErr)
	case lost != nil:
		return lost
	case interrupted(ctx, readErr):
		return &command.SaidError{Err: context.Canceled}
	}
	return cmp.Or(readErr, flushErr)
}

// interrupted tells that the person has left by Ctrl-C.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}

// copy hands records to the producer until there are no more, or until one has failed in a way that the next ones
// will not do better.
func (w *writing) copy(ctx, producing context.Context, producer command.Producer, records source) error {
	var rec kmodel.Record
	for {
		if w.report.hopeless() {
			return nil
		}
		number, err := records.next(&rec)
		var bad *lineError
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			w.ended = true
			return nil
		case errors.As(err, &bad):
			w.sent++
			w.report.add(number, rec, bad.err)
			continue
		case err != nil:
			return err
		}
		w.sent++
		if err := producer.Produce(producing, &rec, number); err != nil {
			return err
		}
	}
}
