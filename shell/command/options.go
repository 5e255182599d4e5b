package command

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/render"
)

// Color says whether output is coloured.
type Color string

// The values of the option color.
const (
	ColorAuto   Color = "auto" // on a terminal, and as NO_COLOR says
	ColorAlways Color = "always"
	ColorNever  Color = "never"
)

// Settings are the values of the shell's options.
type Settings struct {
	Output       render.Format
	Color        Color
	Timeout      time.Duration // of sessions opened from now on, and of waiting for a server
	PrintWatches bool
	KeepGoing    bool
}

// DefaultSettings are those of a shell that was told nothing.
func DefaultSettings() Settings {
	return Settings{Color: ColorAuto, Timeout: 30 * time.Second, PrintWatches: true}
}

// Option is one row of the table of options.
type Option struct {
	Name  string
	Value string // what it can be
	Short string
	get   func(*Settings) string
	set   func(*Settings, string) error
}

// OptionTable has one row for each option, in the order in which they are shown.
var OptionTable = []Option{
	{"output", "text|table|json", "how results are drawn",
		func(s *Settings) string { return s.Output.String() },
		func(s *Settings, v string) error { return s.Output.Set(v) }},
	{"color", "auto|always|never", "colours",
		func(s *Settings) string { return string(s.Color) },
		func(s *Settings, v string) error { return s.Color.Set(v) }},
	{"timeout", "MILLISECONDS", "session timeout, and limit for connecting; from the next connect on",
		func(s *Settings) string { return fmt.Sprint(s.Timeout.Milliseconds()) },
		func(s *Settings, v string) (err error) { s.Timeout, err = ParseMillis(v); return err }},
	{"printwatches", "on|off", "watch events and session changes are shown",
		func(s *Settings) string { return onOff(s.PrintWatches) },
		func(s *Settings, v string) error { return setOnOff(&s.PrintWatches, v) }},
	{"keep-going", "on|off", "scripts go on after a command that failed",
		func(s *Settings) string { return onOff(s.KeepGoing) },
		func(s *Settings, v string) error { return setOnOff(&s.KeepGoing, v) }},
}

// Options hold the settings of a running shell, for any goroutine.
type Options struct {
	mu  sync.Mutex
	now Settings
}

// NewOptions returns options that start with s.
func NewOptions(s Settings) *Options { return &Options{now: s} }

// Now is a copy of the settings.
func (o *Options) Now() Settings {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

// Get returns an option's value as text, or a *[UsageError].
func (o *Options) Get(name string) (string, error) {
	row, err := findOption(name)
	if err != nil {
		return "", err
	}
	now := o.Now()
	return row.get(&now), nil
}

// Set gives an option a value, or returns a *[UsageError].
func (o *Options) Set(name, value string) error {
	row, err := findOption(name)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	next := o.now
	if err := row.set(&next, value); err != nil {
		return &UsageError{Msg: row.Name + ": " + err.Error()}
	}
	o.now = next
	return nil
}

func findOption(name string) (*Option, error) {
	var names []string
	for i := range OptionTable {
		if OptionTable[i].Name == name {
			return &OptionTable[i], nil
		}
		names = append(names, OptionTable[i].Name)
	}
	return nil, Usagef("%s: no such option; there are %s", name, strings.Join(names, ", "))
}

// Set reads a value of the option color. With String and Type it makes Color a pflag.Value.
func (c *Color) Set(v string) error {
	switch Color(v) {
	case ColorAuto, ColorAlways, ColorNever:
		*c = Color(v)
		return nil
	}
	return fmt.Errorf("%q is none of auto, always, never", v)
}

func (c *Color) String() string { return string(*c) }

// Type names the kind of value in usage texts.
func (c *Color) Type() string { return "auto|always|never" }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func setOnOff(b *bool, v string) error {
	if v != "on" && v != "off" {
		return fmt.Errorf("%q is neither on nor off", v)
	}
	*b = v == "on"
	return nil
}
