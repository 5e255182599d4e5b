package kconf

import "fmt"

// Origin is where a setting was made.
type Origin struct {
	// File is the path as it was given.
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

// Error is a configuration that no broker can run with.
type Error struct {
	Origin
	// Key is the setting, empty where none can be named.
	Key    string
	Reason string
}

// Error is file:line: key: reason.
func (e *Error) Error() string {
	if e.Key == "" {
		return e.Origin.String() + ": " + e.Reason
	}
	return e.Origin.String() + ": " + e.Key + ": " + e.Reason
}

// Warning is something that a person should know about a configuration that runs.
type Warning struct {
	Origin
	Key  string
	Text string
}

// String is file:line: key: text.
func (w Warning) String() string { return w.Origin.String() + ": " + w.Key + ": " + w.Text }
