package txnlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// EpochFile is the name of a file with an epoch, beside the snapshots.
type EpochFile string

const (
	// AcceptedEpoch is the newest epoch that this server has promised to follow.
	AcceptedEpoch EpochFile = "acceptedEpoch"
	// CurrentEpoch is the epoch whose leader's history this server has taken over.
	CurrentEpoch EpochFile = "currentEpoch"
	// CurrentEpochTemp is left by a crash while CurrentEpoch was written. If the log is ahead
	// of CurrentEpoch, it is what was meant.
	CurrentEpochTemp EpochFile = "currentEpoch.tmp"
)

// ReadEpoch returns the epoch in a file; ok is false if there is no such file.
func (f *Folder) ReadEpoch(name EpochFile) (epoch int64, ok bool, err error) {
	path := filepath.Join(f.snapDir, string(name))
	b, err := storage.ReadFile(f.fs, path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read %s: %w", name, err)
	}
	epoch, err = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || epoch < 0 {
		return 0, false, &CorruptError{File: path, Reason: fmt.Sprintf("%.40q is not an epoch", b)}
	}
	return epoch, true, nil
}

// WriteEpoch replaces the epoch in a file, durably and in one step.
func (f *Folder) WriteEpoch(name EpochFile, epoch int64) error {
	path := filepath.Join(f.snapDir, string(name))
	if err := storage.WriteFile(f.fs, path, strconv.AppendInt(nil, epoch, 10)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
