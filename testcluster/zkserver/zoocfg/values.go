package zoocfg

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// set checks one value and puts it into c. Its error is what is wrong with the value.
type set func(c *Config, value string) error

// field is where a value goes. A nil one is only checked.
type field[T any] func(*Config) *T

func (f field[T]) store(c *Config, v T) error {
	if f != nil {
		*f(c) = v
	}
	return nil
}

func text(f field[string]) set {
	return func(c *Config, value string) error { return f.store(c, value) }
}

// number takes a whole number of at least least.
func number(least int64, f field[int]) set {
	return func(c *Config, value string) error {
		n, err := whole(value, least, math.MaxInt32, "")
		if err != nil {
			return err
		}
		return f.store(c, int(n))
	}
}

// long takes numbers beyond 32 bits, for example a size.
func long(least int64, f field[int64]) set {
	return func(c *Config, value string) error {
		n, err := whole(value, least, math.MaxInt64, "")
		if err != nil {
			return err
		}
		return f.store(c, n)
	}
}

func port(f field[int]) set {
	return func(c *Config, value string) error {
		n, err := portNumber(value)
		if err != nil {
			return err
		}
		return f.store(c, n)
	}
}

func millis(least int64, f field[time.Duration]) set {
	return span("millisecond", time.Millisecond, least, f)
}

func hours(least int64, f field[time.Duration]) set { return span("hour", time.Hour, least, f) }

func span(unit string, one time.Duration, least int64, f field[time.Duration]) set {
	return func(c *Config, value string) error {
		n, err := whole(value, least, math.MaxInt32, unit)
		if err != nil {
			return err
		}
		return f.store(c, time.Duration(n)*one)
	}
}

// flag takes true or false in any case, as QuorumPeerConfig.parseBoolean.
func flag(f field[bool]) set { return choice(f, "true", "false") }

// yesNo is for the older keys. To take true or false as well would turn ZooKeeper's meaning round: there
// forceSync=false syncs.
func yesNo(f field[bool]) set { return choice(f, "yes", "no") }

func choice(f field[bool], yes, no string) set {
	return func(c *Config, value string) error {
		switch {
		case strings.EqualFold(value, yes):
			return f.store(c, true)
		case strings.EqualFold(value, no):
			return f.store(c, false)
		}
		return fmt.Errorf("%q is neither %s nor %s", value, yes, no)
	}
}

// oneOf takes one of a few words, in lower case.
func oneOf(f field[string], words ...string) set {
	return func(c *Config, value string) error {
		for _, w := range words {
			if strings.EqualFold(value, w) {
				return f.store(c, w)
			}
		}
		return fmt.Errorf("%q is none of %s", value, strings.Join(words, ", "))
	}
}

// fraction takes a number with a decimal point.
func fraction(f field[float64]) set {
	return func(c *Config, value string) error {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%q is not a number", value)
		}
		return f.store(c, x)
	}
}

// only refuses a value that asks for what a server may not silently do without.
func only(inner set, allowed, why string) set {
	return func(c *Config, value string) error {
		if err := inner(c, value); err != nil {
			return err
		}
		if !strings.EqualFold(value, allowed) {
			return fmt.Errorf("%q: %s", value, why)
		}
		return nil
	}
}

// words takes a comma-separated list.
func words(f field[[]string]) set {
	return func(c *Config, value string) error {
		var list []string
		for w := range strings.SplitSeq(value, ",") {
			if w = strings.TrimSpace(w); w != "" {
				list = append(list, w)
			}
		}
		return f.store(c, list)
	}
}

// whole reads a decimal or 0x number from least to most. unit, where there is one, is what it counts.
func whole(value string, least, most int64, unit string) (int64, error) {
	digits, base := value, 10
	if low := strings.ToLower(value); strings.HasPrefix(low, "0x") {
		digits, base = low[2:], 16
	}
	of := "whole number"
	if unit != "" {
		of += " of " + unit + "s"
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case err != nil && strings.Contains(err.Error(), "out of range"), err == nil && n > most:
		return 0, fmt.Errorf("%q is too large, the most is %d", value, most)
	case err != nil:
		return 0, fmt.Errorf("%q is not a %s", value, of)
	case n < least:
		return 0, fmt.Errorf("%q is too small, the least is %d", value, least)
	}
	return n, nil
}

func portNumber(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > math.MaxUint16 {
		return 0, fmt.Errorf("%q is not a port number", value)
	}
	return n, nil
}

var errCommandURL = errors.New("must begin with / and name a path")
