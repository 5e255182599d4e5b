package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
)

// Records is the result of consume: the records as they come.
type Records struct {
	Rows iter.Seq2[render.Result, error]
}

// View is the stream of the records.
func (r Records) View() render.View { return render.Stream{Rows: r.Rows, Live: true} }

// Chunk is a row of Records that has several, laid out already, in JSON or otherwise: one row a record would take longer
// than to fetch it. The text is the same in each of the shell's formats.
type Chunk struct {
	text []byte
}

// View is the records.
func (c Chunk) View() render.View { return render.Blob{Data: c.text} }

// JSON is for render.Raw.
func (c Chunk) JSON() []byte { return c.text }

// chunkSize is how much is drawn at once where more is at hand.
const chunkSize = 64 << 10

// start begins to read, so that what is wrong is told before anything is shown.
func (c *consuming) start(ctx context.Context, env *command.Env) (render.Result, error) {
	kafka, err := env.Kafka(ctx)
	if err != nil {
		return nil, err
	}
	consumer, err := kafka.Consumer(ctx, c.options)
	if errors.Is(err, kproto.UnknownTopicOrPartition) && c.options.Partitions == nil {
		err = noTopic(ctx, kafka, c.topic)
	}
	if err != nil {
		return nil, command.At(c.topic, err)
	}
	return Records{func(yield func(render.Result, error) bool) {
		r := &reading{consuming: c, yield: yield}
		err := r.run(ctx, consumer)
		if closeErr := consumer.Close(ctx); err == nil && closeErr != nil {
			err = closeErr
		}
		if r.gone {
			return // nobody reads on: there is nobody to tell
		}
		env.Notifyf("Processed a total of %d messages", r.count)
		switch {
		case err != nil && ctx.Err() != nil:
			yield(nil, &command.SaidError{Err: context.Canceled})
		case err != nil:
			yield(nil, &command.Error{Command: "consume", Path: c.topic, Err: err})
		}
	}}, nil
}

// reading is the reading of one consume.
type reading struct {
	*consuming
	yield func(render.Result, error) bool
	buf   []byte
	count int64
	gone  bool // who reads has had enough
}

func (r *reading) run(ctx context.Context, consumer command.Consumer) error {
	for !r.gone && !r.full() {
		polling, cancel := ctx, context.CancelFunc(func() {})
		if r.idle > 0 {
			polling, cancel = context.WithTimeout(ctx, r.idle)
		}
		err := consumer.Poll(polling, r.take)
		idle := polling.Err() != nil && ctx.Err() == nil
		cancel()
		r.show()
		if r.gone {
			consumer.Forget()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && idle:
			return &command.PartialError{Err: fmt.Errorf("no record has come for %s", r.idle.Round(time.Millisecond))}
		case err != nil:
			return err
		}
	}
	return nil
}

func (r *reading) full() bool { return r.most > 0 && r.count >= r.most }

// take lays a record out, and tells whether another is wanted.
func (r *reading) take(rec *kmodel.Record) bool {
	r.count++
	switch {
	case r.json:
		r.buf = append(AppendRecordJSON(r.buf, rec), '\n')
	case r.format != nil:
		r.buf = r.format.Append(r.buf, rec)
	default:
		r.buf = r.append(r.buf, rec)
	}
	if len(r.buf) >= chunkSize {
		r.show()
	}
	return !r.gone && !r.full()
}

// append lays a record out as people know it from Apache's console consumer.
func (r *reading) append(dst []byte, rec *kmodel.Record) []byte {
	if len(r.keyEnd) > 0 {
		dst = append(orNull(dst, rec.Key), r.keyEnd...)
	}
	return append(orNull(dst, rec.Value), '\n')
}

func orNull(dst, data []byte) []byte {
	if data == nil {
		return append(dst, "null"...)
	}
	return append(dst, data...)
}

// show draws what is laid out.
func (r *reading) show() {
	if len(r.buf) == 0 || r.gone {
		return
	}
	r.gone = !r.yield(Chunk{r.buf}, nil)
	r.buf = r.buf[:0]
}
