package klog

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// LockedError says that another process has the log folder open.
type LockedError struct {
	Path string
	Err  error
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("log folder %s is in use: %v", e.Path, e.Err)
}

// Unwrap returns the cause, which is storage.ErrLocked.
func (e *LockedError) Unwrap() error { return e.Err }

// MismatchError says that a log folder belongs to another broker or another cluster.
// Source: InconsistentBrokerIdException, InconsistentClusterIdException.
type MismatchError struct {
	File string
	Line int
	Key  string // broker.id or cluster.id
	Have string // what the file says
	Want string // what the broker is
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s:%d: %s is %s, but this broker's is %s: the folder is another one's", e.File, e.Line, e.Key, e.Have, e.Want)
}

// FormatError says that a file is not what its name says.
type FormatError struct {
	File   string
	Line   int // of a text file, from 1; 0 where there are no lines
	Reason string
}

func (e *FormatError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Reason)
}

// FailedError says that a log folder takes no more appends, since what is on its disk is no longer known. It
// is a [kproto.KafkaStorageError].
type FailedError struct {
	Path string // of the log folder
	Err  error  // names the file and what the system said
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("log folder %s has failed: %v", e.Path, e.Err)
}

// Unwrap returns the code for clients and the cause.
func (e *FailedError) Unwrap() []error { return []error{kproto.KafkaStorageError, e.Err} }

// DeletedError says that a log was deleted or closed. It is a [kproto.NotLeaderOrFollower]: a client asks
// anew where the partition is.
type DeletedError struct{ Path string }

func (e *DeletedError) Error() string { return fmt.Sprintf("log %s is closed", e.Path) }

// Unwrap returns the code for clients.
func (e *DeletedError) Unwrap() error { return kproto.NotLeaderOrFollower }

// ExistsError says that a log is there already.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("log %s is there already", e.Path) }

// BatchError says why a batch was refused.
type BatchError struct {
	Code   kproto.Error
	Reason string
	// Records are the offending records, where it is some of them.
	Records []RecordError
}

// RecordError is what is wrong with one record of a batch.
type RecordError struct {
	Index  int32 // in the batch, from 0
	Reason string
}

func (e *BatchError) Error() string { return e.Code.Name() + ": " + e.Reason }

// Unwrap returns the code for clients.
func (e *BatchError) Unwrap() error { return e.Code }

func refuse(code kproto.Error, format string, args ...any) error {
	return &BatchError{Code: code, Reason: fmt.Sprintf(format, args...)}
}
