package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// target is where groups reset moves offsets to: one of its flags.
type target struct {
	earliest, latest, current bool
	offset, shift             int64
	datetime, duration        string

	at  int64 // of datetime or duration, in milliseconds
	way string
}

// targetFlags are the flags of a target, of which one is given.
var targetFlags = []string{"--to-earliest", "--to-latest", "--to-current", "--to-offset", "--shift-by", "--to-datetime", "--by-duration"}

func (t *target) bind(fs *pflag.FlagSet) {
	fs.BoolVar(&t.earliest, "to-earliest", false, "to the first offset that is kept")
	fs.BoolVar(&t.latest, "to-latest", false, "to the end")
	fs.BoolVar(&t.current, "to-current", false, "to where it is; to the end where nothing was committed")
	fs.Int64Var(&t.offset, "to-offset", 0, "to an `OFFSET`")
	fs.Int64Var(&t.shift, "shift-by", 0, "by a `NUMBER` of offsets, which may be negative")
	fs.StringVar(&t.datetime, "to-datetime", "", "to the first record at or after a `TIME`: milliseconds, RFC 3339, a date")
	fs.StringVar(&t.duration, "by-duration", "", "to the first record of the last `DURATION`: PnDTnHnMnS, or 90m")
}

// given counts the flags that are set.
func (t *target) given(fs *pflag.FlagSet) int {
	n := 0
	for _, name := range targetFlags {
		if fs.Changed(strings.TrimPrefix(name, "--")) {
			t.way = name
			n++
		}
	}
	return n
}

// parse reads the value of the flag that is set.
func (t *target) parse(*pflag.FlagSet) error {
	var err error
	switch t.way {
	case "--to-offset":
		if t.offset < 0 {
			return command.Usagef("--to-offset %d: offsets count from 0", t.offset)
		}
	case "--to-datetime":
		if t.at, err = parseTime(t.datetime, time.Now()); err != nil {
			return command.Usagef("--to-datetime %v", err)
		}
	case "--by-duration":
		d, err := parseISODuration(t.duration)
		if err != nil {
			return command.Usagef("--by-duration %v", err)
		}
		t.at = time.Now().Add(-d).UnixMilli()
	}
	return nil
}

// offsets are the new offsets of the partitions, as the target has them.
func (t *target) offsets(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, was map[kmodel.TopicPartition]int64) ([]int64, error) {
	switch t.way {
	case "--to-earliest":
		return OffsetsAt(ctx, kafka, partitions, kmodel.Earliest)
	case "--to-latest":
		return OffsetsAt(ctx, kafka, partitions, kmodel.Latest)
	case "--to-offset":
		return slices.Repeat([]int64{t.offset}, len(partitions)), nil
	case "--shift-by":
		out := make([]int64, len(partitions))
		for i, p := range partitions {
			before, ok := was[p]
			if !ok {
				return nil, command.At(p.String(), errors.New("nothing is committed that could be shifted"))
			}
			out[i] = before + t.shift
		}
		return out, nil
	}
	at := t.at
	if t.current {
		at = kmodel.Latest
	}
	out, err := OffsetsSince(ctx, kafka, partitions, at)
	if err != nil {
		return nil, err
	}
	for i, p := range partitions {
		if before, ok := was[p]; ok && t.current {
			out[i] = before
		}
	}
	return out, nil
}

// OffsetsSince are the offsets of the partitions at a time or a position, and the ends where all records are older.
func OffsetsSince(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, at int64) ([]int64, error) {
	out, err := OffsetsAt(ctx, kafka, partitions, at)
	if err != nil || !slices.Contains(out, -1) {
		return out, err
	}
	ends, err := OffsetsAt(ctx, kafka, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i] < 0 {
			out[i] = ends[i]
		}
	}
	return out, nil
}

// OffsetsAt are the offsets of the partitions at a time or a position, -1 where there is none. The first that cannot be
// had is the error.
func OffsetsAt(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, at int64) ([]int64, error) {
	found, err := kafka.Offsets(ctx, partitions, at)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(found))
	for i, o := range found {
		if o.Err != nil {
			return nil, command.At(o.TopicPartition.String(), o.Err)
		}
		out[i] = o.Offset
	}
	return out, nil
}

// isoDuration is the ISO 8601 form that kafka-consumer-groups.sh takes.
const isoDuration = `^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`

// parseISODuration reads PnDTnHnMnS, or what parseDuration does.
func parseISODuration(text string) (time.Duration, error) {
	if d, err := parseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	m := regexp.MustCompile(isoDuration).FindStringSubmatch(text)
	if m == nil || strings.Join(m[1:], "") == "" {
		return 0, fmt.Errorf("%s: no duration; P1DT2H30M, PT90S, 90m and 2d are", lex.Quote(text))
	}
	var total float64
	for i, seconds := range []float64{86400, 3600, 60, 1} {
		if n, err := strconv.ParseFloat(m[i+1], 64); err == nil {
			total += n * seconds
		}
	}
	if total > 1e9 {
		return 0, fmt.Errorf("%s: too long", lex.Quote(text))
	}
	return time.Duration(total * float64(time.Second)), nil
}

// readOffsets reads the file of --from-file: topic,partition,offset of the one group there is, or with the group
// before them.
func readOffsets(path string, groups []string) ([]NewOffset, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, command.Usagef("--from-file %v", err)
	}
	var out []NewOffset
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		o, err := parseOffsetLine(line)
		switch {
		case err == nil && o.Group == "" && len(groups) > 1:
			err = errors.New("there are several groups, and the line names none")
		case err == nil && o.Group != "" && !slices.Contains(groups, o.Group):
			err = fmt.Errorf("the group %s is not among those to reset", o.Group)
		case err == nil && slices.ContainsFunc(out, func(other NewOffset) bool { return other.Group == o.Group && other.TopicPartition == o.TopicPartition }):
			err = fmt.Errorf("%s stands there twice", o.TopicPartition)
		}
		if err != nil {
			return nil, command.Usagef("%s:%d: %v", path, i+1, err)
		}
		out = append(out, o)
	}
	return out, nil
}

func parseOffsetLine(line string) (NewOffset, error) {
	fields := strings.Split(line, ",")
	for i := range fields {
		fields[i] = strings.Trim(strings.TrimSpace(fields[i]), `"`)
	}
	var o NewOffset
	if len(fields) == 4 {
		o.Group, fields = fields[0], fields[1:]
	}
	if len(fields) != 3 || fields[0] == "" {
		return o, fmt.Errorf("%s: want topic,partition,offset or group,topic,partition,offset", lex.Quote(line))
	}
	partition, err := strconv.ParseUint(fields[1], 10, 31)
	if err != nil {
		return o, fmt.Errorf("%s: no partition", lex.Quote(fields[1]))
	}
	offset, err := strconv.ParseUint(fields[2], 10, 63)
	if err != nil {
		return o, fmt.Errorf("%s: no offset", lex.Quote(fields[2]))
	}
	o.Topic, o.Partition, o.Offset = fields[0], int32(partition), int64(offset)
	return o, nil
}
