package kafkacmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// parsePosition reads where to begin: start, end, an offset, -N for N before the end, +N for N after the start, or
// @TIME.
func parsePosition(text string) (kmodel.Position, error) {
	switch text {
	case "start", "beginning", "earliest":
		return kmodel.Position{Start: kmodel.StartBegin}, nil
	case "end", "latest":
		return kmodel.Position{Start: kmodel.StartEnd}, nil
	}
	if when, ok := strings.CutPrefix(text, "@"); ok {
		ms, err := parseTime(when, time.Now())
		if err != nil {
			return kmodel.Position{}, command.Usagef("@%v", err)
		}
		return kmodel.Position{Start: kmodel.StartTime, N: ms}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return kmodel.Position{}, command.Usagef("%s: none of start, end, N, -N, +N, @TIME", lex.Quote(text))
	case text[0] == '-':
		return kmodel.Position{Start: kmodel.StartEnd, N: -n}, nil
	case text[0] == '+':
		return kmodel.Position{Start: kmodel.StartBegin, N: n}, nil
	}
	return kmodel.Position{Start: kmodel.StartAt, N: n}, nil
}

// layouts of times, tried one after another. Those without a zone are local time.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// parseTime reads a time as milliseconds since 1970: a number of them, -1h30m for before now, RFC 3339, a date with or
// without a time of day.
func parseTime(text string, now time.Time) (int64, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 {
		return ms, nil
	}
	if text == "now" {
		return now.UnixMilli(), nil
	}
	if strings.HasPrefix(text, "-") {
		if d, err := parseDuration(text[1:]); err == nil {
			return now.Add(-d).UnixMilli(), nil
		}
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%s: no time; 1700000000000, 2023-11-14, 2023-11-14T22:13:20Z and -1h are", lex.Quote(text))
}

// parseDuration is time.ParseDuration, with days.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// parsePartitions reads a list such as 0,2-4.
func parsePartitions(text string) ([]int32, error) {
	var out []int32
	seen := map[int32]bool{}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		a, err := strconv.ParseUint(first, 10, 31)
		b := a
		if err == nil && ranged {
			b, err = strconv.ParseUint(last, 10, 31)
		}
		if err != nil || b < a || b-a > 100_000 {
			return nil, command.Usagef("%s: no list of partitions such as 0,2-4", lex.Quote(text))
		}
		for id := int32(a); id <= int32(b); id++ {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out, nil
}
