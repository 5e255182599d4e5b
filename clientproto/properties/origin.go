package properties

import "fmt"

// Origin is where a setting was made: a line of a file, or an option of the command line.
type Origin struct {
	// File is the path as it was given, or the option, for example -Dzookeeper.snapCount.
	File string
	// Line counts from 1; 0 is the file as a whole.
	Line int
}

// String is file:line, or the file alone.
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Warning is something that a person should know about a configuration that a program runs with.
type Warning struct {
	Origin
	Key  string
	Text string
}

// String is file:line: key: text.
func (w Warning) String() string { return w.Origin.String() + ": " + w.Key + ": " + w.Text }
