package kafkacmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// RecordsDeleted is the result of delete-records.
type RecordsDeleted struct {
	Partitions []DeletedBefore `json:"partitions"`
	DryRun     bool            `json:"dry_run,omitempty"`
}

// DeletedBefore is a partition and the first offset that it keeps.
type DeletedBefore struct {
	kmodel.TopicPartition
	Start int64 `json:"start"`
}

// View is a table.
func (d RecordsDeleted) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "topic"}, {Name: "partition", Right: true}, {Name: "start", Right: true}}}
	for _, p := range d.Partitions {
		t.Rows = append(t.Rows, []render.Cell{{Text: p.Topic, Role: theme.Path}, {Text: itoa(int64(p.Partition))}, {Text: itoa(p.Start)}})
	}
	return t
}

var deleteRecords = command.Spec{
	Name:  "delete-records",
	Habit: habitOf("delete-records"),
	Group: command.Topics,
	Args:  []command.Arg{{Name: "TOPIC", Kind: command.Topic, Optional: true, Repeat: true}},
	Short: "delete the oldest records of topics",
	Long: "Shown is the first offset that a partition keeps. All records are deleted only when you confirm it, or with\n" +
		"--yes. A file is the JSON of kafka-delete-records.sh: {\"partitions\":[{\"topic\":…,\"partition\":…,\"offset\":…}]},\n" +
		"where the offset -1 is the end.",
	Examples: []command.Example{
		{Line: "delete-records orders --before 100 -p 0", Means: "keep offset 100 and what comes behind it"},
		{Line: "delete-records orders --before-time -7d", Means: "what is older than a week, of all partitions"},
		{Line: "delete-records orders --all --dry-run", Means: "what deleting everything would leave"},
		{Line: "delete-records --from-file offsets.json", Means: "as a file says"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		var d deletion
		fs.Int64Var(&d.before, "before", -1, "what is before an `OFFSET`")
		fs.Lookup("before").DefValue = ""
		fs.StringVar(&d.time, "before-time", "", "what is before the first record at or after a `TIME`: -7d, a date, RFC 3339")
		fs.BoolVar(&d.all, "all", false, "all records")
		fs.StringVar(&d.file, "from-file", "", "what a `FILE` says")
		fs.StringVarP(&d.list, "partition", "p", "", "only the `PARTITIONS` of a list such as 0,2-4")
		dryRun := fs.Bool("dry-run", false, "only show what would be kept")
		yes := fs.Bool("yes", false, "do not ask")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if err := d.check(fs, len(args)); err != nil {
				return nil, err
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			before, err := d.offsets(ctx, kafka, args)
			if err != nil {
				return nil, err
			}
			if *dryRun {
				return planned(ctx, kafka, before)
			}
			if d.all {
				if err := confirm(ctx, env, *yes, "delete all records", texts(args)); err != nil {
					return nil, err
				}
			}
			return d.run(ctx, kafka, before)
		}
	},
}

// deletion is what delete-records is to do.
type deletion struct {
	before           int64
	time, file, list string
	all              bool

	at     int64   // of time, in milliseconds
	wanted []int32 // nil is all partitions
}

func (d *deletion) check(fs *pflag.FlagSet, topics int) (err error) {
	ways := 0
	for _, name := range []string{"before", "before-time", "all", "from-file"} {
		if fs.Changed(name) {
			ways++
		}
	}
	switch {
	case ways != 1:
		return command.Usagef("exactly one of --before, --before-time, --all and --from-file says what to delete")
	case d.file != "" && (topics > 0 || d.list != ""):
		return command.Usagef("the file of --from-file says which topics and partitions")
	case d.file == "" && topics == 0:
		return command.Usagef("missing TOPIC")
	case fs.Changed("before") && d.before < 0:
		return command.Usagef("--before %d: offsets count from 0", d.before)
	}
	if d.list != "" {
		if d.wanted, err = parsePartitions(d.list); err != nil {
			return err
		}
	}
	if d.time != "" {
		if d.at, err = parseTime(d.time, time.Now()); err != nil {
			return command.Usagef("--before-time %v", err)
		}
	}
	return nil
}

// offsets are the first ones to keep, -1 for the end.
func (d *deletion) offsets(ctx context.Context, kafka command.Kafka, topics []lex.Word) ([]kmodel.PartitionOffset, error) {
	if d.file != "" {
		return readDeletions(ctx, kafka, d.file)
	}
	partitions, err := partitionsOf(ctx, kafka, topics, d.wanted)
	if err != nil {
		return nil, err
	}
	out := make([]kmodel.PartitionOffset, len(partitions))
	for i, p := range partitions {
		out[i] = kmodel.PartitionOffset{TopicPartition: p, Offset: d.before}
	}
	if d.time == "" {
		return out, nil
	}
	found, err := OffsetsAt(ctx, kafka, partitions, d.at)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Offset = found[i] // -1: all records are older
	}
	return out, nil
}

// readDeletions reads the JSON of kafka-delete-records.sh.
func readDeletions(ctx context.Context, kafka command.Kafka, path string) ([]kmodel.PartitionOffset, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, command.Usagef("--from-file %v", err)
	}
	var file struct {
		Version    int `json:"version"`
		Partitions []struct {
			Topic     string `json:"topic"`
			Partition int32  `json:"partition"`
			Offset    *int64 `json:"offset"`
		} `json:"partitions"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, command.Usagef("%s: %v", path, err)
	}
	if len(file.Partitions) == 0 {
		return nil, command.Usagef("%s: it has no partitions", path)
	}
	var lists []string
	var out []kmodel.PartitionOffset
	for _, p := range file.Partitions {
		if p.Offset == nil || *p.Offset < -1 || p.Topic == "" || p.Partition < 0 {
			return nil, command.Usagef("%s: %s-%d: want topic, partition, and an offset from 0, or -1 for the end", path, p.Topic, p.Partition)
		}
		lists = append(lists, fmt.Sprintf("%s:%d", p.Topic, p.Partition))
		out = append(out, kmodel.PartitionOffset{TopicPartition: kmodel.TopicPartition{Topic: p.Topic, Partition: p.Partition}, Offset: *p.Offset})
	}
	known, err := scope(ctx, kafka, lists)
	if err == nil && len(known) < len(lists) {
		err = command.Usagef("%s: a partition stands there twice", path)
	}
	return out, err
}

// planned is what would be kept.
func planned(ctx context.Context, kafka command.Kafka, before []kmodel.PartitionOffset) (render.Result, error) {
	partitions := make([]kmodel.TopicPartition, len(before))
	for i, b := range before {
		partitions[i] = b.TopicPartition
	}
	starts, err := OffsetsAt(ctx, kafka, partitions, kmodel.Earliest)
	if err != nil {
		return nil, err
	}
	ends, err := OffsetsAt(ctx, kafka, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	out := RecordsDeleted{DryRun: true}
	for i, b := range before {
		start := max(b.Offset, starts[i])
		switch {
		case b.Offset < 0:
			start = ends[i]
		case b.Offset > ends[i]:
			return nil, command.At(b.TopicPartition.String(), behindEnd(b.Offset, ends[i]))
		}
		out.Partitions = append(out.Partitions, DeletedBefore{b.TopicPartition, start})
	}
	return out, nil
}

func (d *deletion) run(ctx context.Context, kafka command.Kafka, before []kmodel.PartitionOffset) (render.Result, error) {
	answers, err := kafka.DeleteRecords(ctx, before)
	if err != nil {
		return nil, err
	}
	out := RecordsDeleted{Partitions: []DeletedBefore{}}
	var failures []failure
	for i, a := range answers {
		if a.Err != nil {
			failures = append(failures, failure{a.TopicPartition.String(), whyRefused(ctx, kafka, before[i], a.Err)})
		} else {
			out.Partitions = append(out.Partitions, DeletedBefore{a.TopicPartition, a.Offset})
		}
	}
	return out, incomplete(len(out.Partitions), failures, "partitions")
}

// whyRefused tells what an offset that is out of range would have to be in.
func whyRefused(ctx context.Context, kafka command.Kafka, before kmodel.PartitionOffset, err error) error {
	if !errors.Is(err, kproto.OffsetOutOfRange) {
		return err
	}
	ends, endErr := OffsetsAt(ctx, kafka, []kmodel.TopicPartition{before.TopicPartition}, kmodel.Latest)
	if endErr != nil || before.Offset <= ends[0] {
		return err
	}
	return behindEnd(before.Offset, ends[0])
}

func behindEnd(offset, end int64) error {
	return fmt.Errorf("offset %d is behind its end, %d", offset, end)
}
