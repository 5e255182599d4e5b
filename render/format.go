package render

import "fmt"

// Format is a way to draw a Result. It is a pflag.Value.
type Format uint8

// The formats. FormatText, the zero value, differs between a terminal and a pipe.
const (
	FormatText Format = iota
	FormatTable
	FormatJSON
)

var formatNames = [...]string{FormatText: "text", FormatTable: "table", FormatJSON: "json"}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	for f, n := range formatNames {
		if n == name {
			return Format(f), nil
		}
	}
	return 0, fmt.Errorf("unknown output format %q: it is one of text, table, json", name)
}

func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// Set is ParseFormat for pflag.
func (f *Format) Set(name string) (err error) {
	v, err := ParseFormat(name)
	if err == nil {
		*f = v
	}
	return err
}

// Type names the kind of value in usage texts, for pflag.
func (f *Format) Type() string { return "text|table|json" }
