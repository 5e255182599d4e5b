package kafkacmd

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/zoka-project/zoka/shell/command"
)

// millis is a flag of a time limit in milliseconds.
type millis int64

// Set reads milliseconds, or a duration such as 5s.
func (m *millis) Set(s string) error {
	d, err := command.ParseMillis(s)
	if err == nil {
		*m = millis(d.Milliseconds())
	}
	return err
}

func (m *millis) String() string { return itoa(int64(*m)) }

// Type names the kind of value in usage texts.
func (m *millis) Type() string { return "MILLISECONDS" }

// inputFlag is the flag of what produce reads.
type inputFlag string

// Set takes text or json.
func (f *inputFlag) Set(s string) error { return setChoice((*string)(f), s, "text", "json") }

func (f *inputFlag) String() string { return string(*f) }

// Type names the kind of value in usage texts.
func (f *inputFlag) Type() string { return "text|json" }

func setChoice(to *string, s string, values ...string) error {
	if !slices.Contains(values, s) {
		return fmt.Errorf("%q is none of %v", s, values)
	}
	*to = s
	return nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
