package check

import (
	"fmt"
	"slices"
	"strings"
)

// State is what a reader finds at one place: a value, or nothing.
type State struct {
	Exists bool
	Value  string
}

// Present is the state of something that has a value.
func Present(value string) State { return State{true, value} }

// Absent is the state of something that is not there.
var Absent = State{}

// String is the value, or "absent".
func (s State) String() string {
	if !s.Exists {
		return "absent"
	}
	return fmt.Sprintf("%q", s.Value)
}

// Outcome is what a writer was told.
type Outcome uint8

const (
	// Acknowledged: the write was carried out and will last.
	Acknowledged Outcome = iota
	// Refused: the write was not and will never be carried out.
	Refused
	// Unknown: no answer came.
	Unknown
)

// OutcomeOf is the outcome of a write that ended with err; unknown tells errors that
// leave it open from refusals.
func OutcomeOf(err error, unknown func(error) bool) Outcome {
	switch {
	case err == nil:
		return Acknowledged
	case unknown(err):
		return Unknown
	}
	return Refused
}

// Ledger keeps, for each place, the states that what the writers were told leaves
// possible. A place has one writer, which does one thing at a time; what is not written
// is absent. The zero value is an empty ledger. It is not safe for concurrent use.
type Ledger struct {
	possible map[string][]State
	writes   [3]int
}

// Wrote records that a writer set a place to a state, and what it was told. A write
// without an answer is done for good once the same place is written again: a server that
// was killed carries nothing out later.
func (l *Ledger) Wrote(place string, to State, outcome Outcome) {
	if l.possible == nil {
		l.possible = map[string][]State{}
	}
	l.writes[outcome]++
	switch outcome {
	case Acknowledged:
		l.possible[place] = []State{to}
	case Unknown:
		if states := l.states(place); !slices.Contains(states, to) {
			l.possible[place] = append(slices.Clip(states), to)
		}
	case Refused:
		l.possible[place] = l.states(place)
	}
}

func (l *Ledger) states(place string) []State {
	if states, ok := l.possible[place]; ok {
		return states
	}
	return []State{Absent}
}

// Writes is how many writes ended in an outcome.
func (l *Ledger) Writes(outcome Outcome) int { return l.writes[outcome] }

// Places are the places written to, sorted.
func (l *Ledger) Places() []string {
	var places []string
	for place := range l.possible {
		places = append(places, place)
	}
	slices.Sort(places)
	return places
}

// Verify returns an error when what was found at a place contradicts what its writer was
// told. What was found is the truth from then on: it must not change by itself.
func (l *Ledger) Verify(place string, found State) error {
	states := l.states(place)
	if slices.Contains(states, found) {
		if l.possible == nil {
			l.possible = map[string][]State{}
		}
		l.possible[place] = []State{found}
		return nil
	}
	allowed := make([]string, len(states))
	for i, s := range states {
		allowed[i] = s.String()
	}
	return fmt.Errorf("%s: found %v, and its writer was told %s", place, found, strings.Join(allowed, " or "))
}
