package command

import (
	"fmt"
	"strconv"
	"time"
)

// ParseMillis reads a time limit: whole milliseconds as ZooKeeper's tools take them, or a duration such as 5s.
func ParseMillis(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if ms, msErr := strconv.ParseInt(s, 10, 32); msErr == nil {
		d, err = time.Duration(ms)*time.Millisecond, nil
	}
	if err != nil || d < time.Millisecond || d.Milliseconds() > 1<<31-1 {
		return 0, fmt.Errorf("%q is neither a number of milliseconds nor a duration such as 5s", s)
	}
	return d, nil
}

// Millis is a pflag.Value of [ParseMillis].
type Millis time.Duration

// Set is ParseMillis.
func (m *Millis) Set(s string) error {
	d, err := ParseMillis(s)
	if err == nil {
		*m = Millis(d)
	}
	return err
}

func (m *Millis) String() string { return strconv.FormatInt(time.Duration(*m).Milliseconds(), 10) }

// Type names the kind of value in usage texts.
func (m *Millis) Type() string { return "MILLISECONDS" }
