package klog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// The file zoka-cleaner of a partition's folder says when which part of the log was compacted: lines of an
// offset and a time in ms, in the form of Kafka's checkpoints. Without it records that delete their key stay longer.

// loadPasses reads the file, once.
func (l *Log) loadPasses() error {
	if l.cleaned.loaded {
		return nil
	}
	path := l.file(cleanerFile)
	text, err := storage.ReadFile(l.fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		l.cleaned.loaded = true
		return nil
	}
	if err != nil {
		return err
	}
	var passes []cleanPass
	err = parseEntries(path, string(text), 2, func(f []string) error {
		end, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return err
		}
		at, err := strconv.ParseInt(f[1], 10, 64)
		passes = append(passes, cleanPass{end, at})
		return err
	})
	if err != nil {
		l.shared.warn("the times of compactions are not readable", "err", err)
		passes = nil
	}
	l.cleaned.passes, l.cleaned.loaded = passes, true
	return nil
}

// tombstonesKept is the offset from which on records that delete their key stay: those before were there
// when a pass removed what they delete, and retention, ms, ago.
func (l *Log) tombstonesKept(retention int64) int64 {
	kept, now := int64(0), l.nowMs()
	for _, p := range l.cleaned.passes {
		if p.end <= l.active().base && now-p.at >= retention {
			kept = max(kept, p.end)
		}
	}
	return kept
}

// maxPasses bounds the file: with more, the oldest is forgotten, which the later ones cover.
const maxPasses = 64

// noteCleaned writes down that a log was compacted up to end.
func (d *Dir) noteCleaned(l *Log, end int64) error {
	// Passes beyond end are of a log that was cut since.
	passes := slices.DeleteFunc(l.cleaned.passes, func(p cleanPass) bool { return p.end >= end })
	passes = append(passes, cleanPass{end, l.nowMs()})
	if len(passes) > maxPasses {
		passes = slices.Delete(passes, 0, 1)
	}
	l.cleaned.passes = passes
	lines := make([]string, len(passes))
	for i, p := range passes {
		lines[i] = fmt.Sprintf("%d %d", p.end, p.at)
	}
	if err := l.writeBeside(cleanerFile, formatEntries(lines)); err != nil {
		return err
	}
	return d.replaceCheckpoint(cleanerOffsetFile, func(saved offsets) offsets {
		now := maps.Clone(saved)
		now[partitionKey{l.topic, l.partition}] = end
		return now
	})
}

// writeBeside replaces a file of the log's folder, unless the log was closed.
func (l *Log) writeBeside(name string, data []byte) error {
	l.maint.Lock()
	defer l.maint.Unlock()
	if l.closed.Load() {
		return &DeletedError{l.folder()}
	}
	return storage.WriteFile(l.fsys, l.file(name), data)
}
