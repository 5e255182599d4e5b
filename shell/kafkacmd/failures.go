package kafkacmd

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

// gathering is how long failures wait for others of the same reason.
const gathering = time.Second

// failures reports records that were not acknowledged, by their numbers. Neighbours that have failed for the same
// reason are reported together: a broker that is gone takes thousands with it, partition by partition.
type failures struct {
	notify func(string)
	topic  string
	typed  bool // a person waits: nothing is gathered

	mu      sync.Mutex
	count   int64
	final   bool // records to come will do no better
	timer   *time.Timer
	reasons []string           // of those that were not reported yet, in the order of their first
	numbers map[string][]int64 // by reason
}

// add is told of a record that has failed.
func (f *failures) add(number int64, _ kmodel.Record, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	f.final = f.final || lasting(err)
	why := command.Reason(err)
	if len(f.reasons) == 0 {
		f.timer, f.numbers = time.AfterFunc(gathering, f.flush), map[string][]int64{}
	}
	if f.numbers[why] == nil {
		f.reasons = append(f.reasons, why)
	}
	f.numbers[why] = append(f.numbers[why], number)
	if f.typed {
		f.tell()
	}
}

// lasting tells an error that the next records will meet as well: nobody acknowledges anything, or we may not write.
func lasting(err error) bool {
	var code kproto.Error
	if errors.As(err, &code) {
		switch code {
		case kproto.TopicAuthorizationFailed, kproto.ClusterAuthorizationFailed, kproto.UnknownTopicOrPartition, kproto.UnsupportedVersion:
			return true
		}
		return false
	}
	var teller interface {
		error
		OutcomeUnknown() bool
	}
	return errors.As(err, &teller) && teller.OutcomeUnknown()
}

func (f *failures) hopeless() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.final
}

// flush reports what was gathered.
func (f *failures) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell()
}

// tell is called with mu held.
func (f *failures) tell() {
	if f.timer != nil {
		f.timer.Stop()
	}
	for _, why := range f.reasons {
		numbers := f.numbers[why]
		slices.Sort(numbers)
		for from := 0; from < len(numbers); {
			to := from
			for to+1 < len(numbers) && numbers[to+1] <= numbers[to]+1 {
				to++
			}
			what := fmt.Sprintf("line %d", numbers[from])
			if to > from {
				what = fmt.Sprintf("lines %d to %d", numbers[from], numbers[to])
			}
			f.notify(fmt.Sprintf("produce %s: %s: %s", f.topic, what, why))
			from = to + 1
		}
	}
	f.reasons, f.numbers = nil, nil
}
