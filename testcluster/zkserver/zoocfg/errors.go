package zoocfg

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

// Error is a configuration that no server can run with.
type Error struct {
	Origin
	// Key is the setting, empty where none can be named.
	Key    string
	Reason string
	// Err is the cause, where there is one below.
	Err error
}

func (e *Error) Error() string {
	if e.Key == "" {
		return e.Origin.String() + ": " + e.Reason
	}
	return e.Origin.String() + ": " + e.Key + ": " + e.Reason
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Warning is something that a person should know about a configuration that runs.
type Warning struct {
	Origin
	Key  string
	Text string
}

func (w Warning) String() string { return w.Origin.String() + ": " + w.Key + ": " + w.Text }
