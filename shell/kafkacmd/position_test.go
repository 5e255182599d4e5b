package kafkacmd

import (
	"reflect"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

func TestParsePosition(t *testing.T) {
	for text, want := range map[string]kmodel.Position{
		"start":  {Start: kmodel.StartBegin},
		"latest": {Start: kmodel.StartEnd},
		"0":      {Start: kmodel.StartAt},
		"12":     {Start: kmodel.StartAt, N: 12},
		"-5":     {Start: kmodel.StartEnd, N: 5},
		"-0":     {Start: kmodel.StartEnd},
		"+5":     {Start: kmodel.StartBegin, N: 5},
		"@1000":  {Start: kmodel.StartTime, N: 1000},
	} {
		if got, err := parsePosition(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "then", "1.5", "@", "@then", "--1", "99999999999999999999"} {
		if got, err := parsePosition(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Date(2023, 11, 14, 22, 13, 20, 0, zone)
	for text, want := range map[string]time.Time{
		"1700000000000":             time.UnixMilli(1700000000000),
		"now":                       now,
		"-1h30m":                    now.Add(-90 * time.Minute),
		"-2d":                       now.Add(-48 * time.Hour),
		"2023-11-14":                time.Date(2023, 11, 14, 0, 0, 0, 0, zone),
		"2023-11-14 10:11":          time.Date(2023, 11, 14, 10, 11, 0, 0, zone),
		"2023-11-14T10:11:12.5":     time.Date(2023, 11, 14, 10, 11, 12, 5e8, zone),
		"2023-11-14T10:11:12Z":      time.Date(2023, 11, 14, 10, 11, 12, 0, time.UTC),
		"2023-11-14T10:11:12+02:00": time.Date(2023, 11, 14, 8, 11, 12, 0, time.UTC),
	} {
		if got, err := parseTime(text, now); err != nil || got != want.UnixMilli() {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want.UnixMilli())
		}
	}
	for _, text := range []string{"", "-1", "-x", "14.11.2023", "2023-13-01", "1h"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestParsePartitions(t *testing.T) {
	for text, want := range map[string][]int32{"0": {0}, "2,0": {2, 0}, "1-3,2,5": {1, 2, 3, 5}, " 1, 2": {1, 2}} {
		if got, err := parsePartitions(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "a", "3-1", "-1", "1-", "0-2147483647", "2147483648"} {
		if got, err := parsePartitions(text); err == nil {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// Neighbours that failed for one reason are one line; all are counted.
func TestFailures(t *testing.T) {
	var said []string
	f := failures{notify: func(line string) { said = append(said, line) }, topic: "t"}
	for _, n := range []int64{3, 5, 9, 4, 10, 2} { // as partitions tell of them
		f.add(n, kmodel.Record{}, errNoKey)
	}
	f.add(1, kmodel.Record{}, errNoHeaders)
	f.flush()
	f.flush()
	f.typed = true
	f.add(11, kmodel.Record{}, errNoKey)
	want := []string{
		"produce t: lines 2 to 5: no key separator in it",
		"produce t: lines 9 to 10: no key separator in it",
		"produce t: line 1: no end of the headers in it",
		"produce t: line 11: no key separator in it",
	}
	if !reflect.DeepEqual(said, want) || f.count != 8 || f.hopeless() {
		t.Errorf("said %q, %d in all", said, f.count)
	}
}
