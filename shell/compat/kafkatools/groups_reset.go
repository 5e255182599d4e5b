package kafkatools

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

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/kafkacmd"
)

// resetOffsets is --reset-offsets: a table, or CSV, of the new offsets, which with --execute are committed.
func (c *call) resetOffsets(ctx context.Context, kafka command.Kafka) error {
	names, err := c.groupNames(ctx, kafka)
	if err != nil || len(names) == 0 {
		return err
	}
	groups, err := describeAll(ctx, kafka, names)
	if err != nil {
		return err
	}
	planned := map[string][]kmodel.PartitionOffset{}
	var failed error
	for _, g := range groups {
		switch {
		case g.Err != nil:
			return g.Err
		case g.State != "Empty" && g.State != "Dead":
			failed = c.failf("Assignments can only be reset if the group '%s' is inactive, but the current state is %s.", g.Name, g.State)
			continue
		}
		if planned[g.Name], err = c.planReset(ctx, kafka, g.Name, len(names) > 1); err != nil {
			return err
		}
		if !c.has("execute") {
			continue
		}
		done, err := kafka.CommitOffsets(ctx, g.Name, planned[g.Name])
		if err != nil {
			return err
		}
		for _, o := range done {
			if o.Err != nil {
				return o.Err
			}
		}
	}
	c.printReset(names, planned)
	return failed
}

func (c *call) printReset(names []string, planned map[string][]kmodel.PartitionOffset) {
	rows := [][]string{{"GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"}}
	for _, name := range names {
		for _, o := range planned[name] {
			rows = append(rows, []string{name, o.Topic, strconv.Itoa(int(o.Partition)), strconv.FormatInt(o.Offset, 10)})
		}
	}
	if c.has("export") {
		for _, row := range rows[1:] {
			if len(names) == 1 {
				row = row[1:]
			}
			c.printf("%s\n", strings.Join(row, ","))
		}
		c.printf("\n")
		return
	}
	for _, row := range rows {
		if c.is27() {
			c.printf("\n%-30s %-30s %-10s %-15s", row[0], row[1], row[2], row[3])
		} else {
			c.printf("\n%s %s %-10s %s", pad(row[0], longest(rows, 0, 15)), pad(row[1], longest(rows, 1, 15)), row[2], row[3])
		}
	}
	c.printf("\n")
}

// planReset finds the new offsets of a group.
func (c *call) planReset(ctx context.Context, kafka command.Kafka, group string, several bool) ([]kmodel.PartitionOffset, error) {
	committed, err := kafka.GroupOffsets(ctx, group)
	if err != nil {
		return nil, err
	}
	was := map[kmodel.TopicPartition]int64{}
	for _, o := range committed {
		was[o.TopicPartition] = o.Offset
	}
	var partitions []kmodel.TopicPartition
	var fromFile map[kmodel.TopicPartition]int64
	switch {
	case c.has("from-file"):
		if fromFile, err = readReset(c.text("from-file"), group, several); err != nil {
			return nil, err
		}
		for p := range fromFile {
			partitions = append(partitions, p)
		}
	case c.has("all-topics"):
		for p := range was {
			partitions = append(partitions, p)
		}
	default:
		if partitions, err = partitionsOf(ctx, kafka, c.given["topic"]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(partitions, kmodel.TopicPartition.Compare)
	if len(partitions) == 0 {
		return nil, nil
	}
	wanted, err := c.wantedOffsets(ctx, kafka, partitions, was, fromFile)
	if err != nil {
		return nil, err
	}
	return c.clamp(ctx, kafka, partitions, wanted)
}

// wantedOffsets are the new offsets as the flags have them, whether they are there or not.
func (c *call) wantedOffsets(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, was, fromFile map[kmodel.TopicPartition]int64) ([]int64, error) {
	at := kmodel.Latest
	var err error
	switch {
	case fromFile != nil, c.has("shift-by"):
		var out []int64
		for _, p := range partitions {
			before, ok := was[p]
			if fromFile != nil {
				before, ok = fromFile[p], true
			}
			if !ok {
				return nil, usagef("Cannot shift offset for partition %s since there is no current committed offset", p)
			}
			out = append(out, before+c.number("shift-by", 0))
		}
		return out, nil
	case c.has("to-offset"):
		return slices.Repeat([]int64{c.number("to-offset", 0)}, len(partitions)), nil
	case c.has("to-earliest"):
		at = kmodel.Earliest
	case c.has("to-datetime"):
		at, err = parseDateTime(c.text("to-datetime"))
	case c.has("by-duration"):
		at, err = parseDuration(c.text("by-duration"), time.Now())
	}
	if err != nil && c.has("to-datetime") && !c.is27() {
		err = told("java.text.ParseException: " + err.Error())
	}
	if err != nil {
		return nil, err
	}
	found, err := c.offsetsSince(ctx, kafka, partitions, at)
	if err != nil {
		return nil, err
	}
	stay := c.has("to-current") || !c.any(resetTargets...)
	for i, p := range partitions {
		if before, ok := was[p]; ok && stay {
			found[i] = before
		}
	}
	return found, nil
}

// offsetsSince are the first offsets at or after a time, the ends where there is none.
func (c *call) offsetsSince(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, at int64) ([]int64, error) {
	found, err := kafkacmd.OffsetsAt(ctx, kafka, partitions, at)
	if err != nil || !slices.Contains(found, -1) {
		return found, err
	}
	ends, err := kafkacmd.OffsetsAt(ctx, kafka, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	for i, p := range partitions {
		if found[i] >= 0 {
			continue
		}
		if !c.is27() {
			c.printf("\nWarn: Partition %d from topic %s is empty. Falling back to latest known offset.\n", p.Partition, p.Topic)
		}
		found[i] = ends[i]
	}
	return found, nil
}

// clamp moves offsets into what the partitions hold.
func (c *call) clamp(ctx context.Context, kafka command.Kafka, partitions []kmodel.TopicPartition, wanted []int64) ([]kmodel.PartitionOffset, error) {
	first, err := kafkacmd.OffsetsAt(ctx, kafka, partitions, kmodel.Earliest)
	if err != nil {
		return nil, err
	}
	ends, err := kafkacmd.OffsetsAt(ctx, kafka, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	warn := func(how string, p kmodel.TopicPartition, from, to int64) {
		logger := "org.apache.kafka.tools.OffsetsUtils"
		if c.is27() {
			logger = c.tool.logger[0]
		}
		logLine(c.Stderr, "WARN", fmt.Sprintf("New offset (%d) is %s offset for topic partition %s. Value will be set to %d", from, how, p, to), logger)
	}
	var out []kmodel.PartitionOffset
	for i, p := range partitions {
		at := wanted[i]
		switch {
		case at > ends[i]:
			warn("higher than latest", p, at, ends[i])
			at = ends[i]
		case at < first[i]:
			warn("lower than earliest", p, at, first[i])
			at = first[i]
		}
		out = append(out, kmodel.PartitionOffset{TopicPartition: p, Offset: at, Timestamp: -1, LeaderEpoch: -1})
	}
	return out, nil
}

// dateTimes are the forms of --to-datetime.
var dateTimes = []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"}

// parseDateTime reads a time, of UTC where it names no zone, in milliseconds.
func parseDateTime(text string) (int64, error) {
	for _, layout := range dateTimes {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UnixMilli(), nil
		}
	}
	if !strings.Contains(text, "T") {
		return 0, told("Error parsing timestamp. It does not contain a 'T' according to ISO8601 format")
	}
	return 0, told("Unparseable date: \"" + text + "\"")
}

// isoDuration is the form of --by-duration.
var isoDuration = regexp.MustCompile(`^(?i)P(?:(\d{1,5})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?$`)

// parseDuration reads PnDTnHnMnS, and returns the time so long before now, in milliseconds.
func parseDuration(text string, now time.Time) (int64, error) {
	m := isoDuration.FindStringSubmatch(text)
	if m == nil || strings.Join(m[1:], "") == "" {
		return 0, told("Text cannot be parsed to a Duration")
	}
	var seconds int64
	for i, unit := range []int64{86400, 3600, 60, 1} {
		n, _ := strconv.ParseInt(m[i+1], 10, 64) // digits, or nothing
		seconds += n * unit
	}
	return now.UnixMilli() - seconds*1000, nil
}

// readReset reads what --export has written: of one group, or of several with their names.
func readReset(path, group string, several bool) (map[kmodel.TopicPartition]int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, told("Unable to read file " + path)
	}
	out := map[kmodel.TopicPartition]int64{}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		fields := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), `"`, ""), ",")
		if len(fields) == 4 && fields[0] != group {
			continue
		}
		if len(fields) == 4 {
			fields = fields[1:]
		} else if several {
			fields = nil
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s:%d: want topic,partition,offset of one group, or group,topic,partition,offset", path, i+1)
		}
		partition, perr := strconv.ParseUint(strings.TrimSpace(fields[1]), 10, 31)
		offset, oerr := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err := errors.Join(perr, oerr); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		out[kmodel.TopicPartition{Topic: strings.TrimSpace(fields[0]), Partition: int32(partition)}] = offset
	}
	return out, nil
}
