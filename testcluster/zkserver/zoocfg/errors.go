package zoocfg

import "github.com/zoka-project/zoka/clientproto/properties"

// Origin is where a setting was made.
type Origin = properties.Origin

// Warning is something that a person should know about a configuration that runs.
type Warning = properties.Warning

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
