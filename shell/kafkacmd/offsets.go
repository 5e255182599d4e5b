package kafkacmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// TopicOffsets is the result of offsets.
type TopicOffsets []PartitionOffsets

// PartitionOffsets is what a partition holds.
type PartitionOffsets struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Start     *int64 `json:"start,omitempty"` // the first offset that is kept
	End       *int64 `json:"end,omitempty"`   // the one that the next record will have
	At        *int64 `json:"at,omitempty"`    // the first record of a time, if there is one
	Timestamp *int64 `json:"timestamp,omitempty"`
	Error     string `json:"error,omitempty"`
}

// View is a table. Compaction and transactions leave gaps: there may be fewer records than offsets.
func (o TopicOffsets) View() render.View {
	timed := false
	for _, p := range o {
		timed = timed || p.Start == nil && p.Error == ""
	}
	t := render.Table{Columns: []render.Column{{Name: "topic"}, {Name: "partition", Right: true}}}
	if timed {
		t.Columns = append(t.Columns, render.Column{Name: "offset", Right: true}, render.Column{Name: "timestamp"})
	} else {
		t.Columns = append(t.Columns, render.Column{Name: "start", Right: true}, render.Column{Name: "end", Right: true}, render.Column{Name: "offsets", Right: true})
	}
	for _, p := range o {
		row := []render.Cell{{Text: p.Topic, Role: theme.Key}, {Text: itoa(int64(p.Partition))}}
		switch {
		case p.Error != "":
			row = append(row, render.Cell{Text: p.Error, Role: theme.Error})
		case timed:
			row = append(row, render.Cell{Text: orDash(p.At)}, render.Cell{Text: timeText(p.Timestamp)})
		default:
			row = append(row, render.Cell{Text: itoa(*p.Start)}, render.Cell{Text: itoa(*p.End)}, render.Cell{Text: itoa(*p.End - *p.Start)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func orDash(n *int64) string {
	if n == nil {
		return "-"
	}
	return itoa(*n)
}

// timeText is a timestamp for people, - for none.
func timeText(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return time.UnixMilli(*ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

var offsets = command.Spec{
	Name:  "offsets",
	Habit: habitOf("offsets"),
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Repeat: true}},
	Short: "show where the partitions of topics begin and end",
	Long:  "With --at it is the first record at or after a time, or with --at max the one with the greatest time.",
	Examples: []command.Example{
		{Line: "offsets orders", Means: "the first offset that is kept, and the next to come"},
		{Line: "offsets --at -1h orders", Means: "where the last hour begins"},
		{Line: "offsets -p 0,2 orders", Means: "of two partitions"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		at := fs.String("at", "", "the first record at or after a `TIME`: milliseconds, RFC 3339, a date, -1h; or max")
		list := fs.StringP("partition", "p", "", "only the `PARTITIONS` of a list such as 0,2-4")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			var wanted []int32
			var err error
			if fs.Changed("partition") {
				if wanted, err = parsePartitions(*list); err != nil {
					return nil, err
				}
			}
			when := kmodel.MaxTimestamp
			if fs.Changed("at") && *at != "max" {
				if when, err = parseTime(*at, time.Now()); err != nil {
					return nil, command.Usagef("--at %v", err)
				}
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			partitions, err := partitionsOf(ctx, kafka, args, wanted)
			if err != nil {
				return nil, err
			}
			if fs.Changed("at") {
				return offsetsAt(ctx, kafka, partitions, when)
			}
			return offsetRanges(ctx, kafka, partitions)
		}
	},
}

// partitionsOf are the partitions of topics, or those that are wanted of them.
func partitionsOf(ctx context.Context, kafka command.Kafka, names []lex.Word, wanted []int32) ([]kmodel.TopicPartition, error) {
	texts := make([]string, len(names))
	for i, w := range names {
		texts[i] = w.Text
	}
	topics, err := kafka.Topics(ctx, texts...)
	if err != nil {
		return nil, err
	}
	var out []kmodel.TopicPartition
	for _, t := range topics {
		switch {
		case errors.Is(t.Err, kproto.UnknownTopicOrPartition):
			return nil, noTopic(ctx, kafka, t.Name)
		case t.Err != nil:
			return nil, command.At(t.Name, t.Err)
		}
		ids := wanted
		if ids == nil {
			for _, p := range t.Partitions {
				ids = append(ids, p.ID)
			}
		}
		for _, id := range ids {
			if int(id) >= len(t.Partitions) {
				return nil, command.At(t.Name, fmt.Errorf("no partition %d: it has %d, counted from 0", id, len(t.Partitions)))
			}
			out = append(out, kmodel.TopicPartition{Topic: t.Name, Partition: id})
		}
	}
	return out, nil
}

func offsetRanges(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition) (render.Result, error) {
	start, err := kafka.Offsets(ctx, partitions, kmodel.Earliest)
	if err != nil {
		return nil, err
	}
	end, err := kafka.Offsets(ctx, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	out := make(TopicOffsets, len(partitions))
	for i, p := range partitions {
		out[i] = PartitionOffsets{Topic: p.Topic, Partition: p.Partition}
		if err := cmp.Or(start[i].Err, end[i].Err); err != nil {
			out[i].Error = command.Reason(err)
			continue
		}
		out[i].Start, out[i].End = &start[i].Offset, &end[i].Offset
	}
	return out, out.complete()
}

func offsetsAt(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, when int64) (render.Result, error) {
	found, err := kafka.Offsets(ctx, partitions, when)
	if err != nil {
		return nil, err
	}
	out := make(TopicOffsets, len(partitions))
	for i, p := range partitions {
		out[i] = PartitionOffsets{Topic: p.Topic, Partition: p.Partition}
		switch {
		case found[i].Err != nil:
			out[i].Error = command.Reason(found[i].Err)
		case found[i].Offset >= 0:
			out[i].At = &found[i].Offset
			if found[i].Timestamp >= 0 {
				out[i].Timestamp = &found[i].Timestamp
			}
		}
	}
	return out, out.complete()
}

// complete tells which partitions have not answered.
func (o TopicOffsets) complete() error {
	failed := 0
	for _, p := range o {
		if p.Error != "" {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return &command.PartialError{Err: fmt.Errorf("%d of %d partitions did not answer", failed, len(o))}
}
