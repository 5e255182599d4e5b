package process

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// PartialError tells of an ensemble that serves, though not all of its servers do.
type PartialError struct {
	Run, Servers int
	Err          error // why the others do not
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%d of %d servers run; %v", e.Run, e.Servers, e.Err)
}
func (e *PartialError) Unwrap() error { return e.Err }

// NotServingError tells of an ensemble whose nodes run, and which does not serve.
type NotServingError struct{ Err error }

func (e *NotServingError) Error() string { return "it does not serve: " + e.Err.Error() }
func (e *NotServingError) Unwrap() error { return e.Err }

var (
	// errTooFew: the ensemble cannot serve.
	errTooFew = errors.New("too few nodes run for a majority")
	// errCut: nor can it where nodes do not hear each other.
	errCut = errors.New("links are cut, and no majority is left; `zoka cluster heal` mends them")
)

// paused is why others do not, or nil.
func paused(nodes []ensemble.Node) error {
	var ids []string
	for _, n := range nodes {
		if n.State == ensemble.Paused {
			ids = append(ids, strconv.Itoa(n.ID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return fmt.Errorf("paused: %s (zoka cluster resume %s)", strings.Join(ids, ", "), strings.Join(ids, " "))
}

// cutOff is why a node that runs does not serve.
func cutOff(n ensemble.Node) error {
	ids := slices.Compact(slices.Sorted(slices.Values(slices.Concat(n.In, n.Out))))
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.Itoa(id)
	}
	if len(ids) == 0 { // others are
		return errors.New("it finds no majority")
	}
	return fmt.Errorf("it is cut off from %s (zoka cluster heal)", strings.Join(texts, ", "))
}

// failures are the nodes that could not be started, and why.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

// because puts the failures behind what has come of them.
func (f *failures) because(err error) error {
	if len(f.errs) == 0 {
		return err
	}
	return fmt.Errorf("%w: %w", err, f)
}

// Error is one line.
func (f *failures) Error() string {
	texts := make([]string, len(f.errs))
	for i, err := range f.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (f *failures) Unwrap() []error { return f.errs }
