package klog

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// Kafka's checkpoint files are text: a line with version 0, a line with the number of entries, and
// a line an entry.
// Source: CheckpointFile.

func formatEntries(lines []string) []byte {
	return []byte("0\n" + strconv.Itoa(len(lines)) + "\n" + strings.Join(append(lines, ""), "\n"))
}

// parseEntries calls entry with the fields of each line.
func parseEntries(path, text string, fields int, entry func(fields []string) error) error {
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	bad := func(i int, format string, args ...any) error {
		return &FormatError{File: path, Line: i + 1, Reason: fmt.Sprintf(format, args...)}
	}
	if strings.TrimSpace(lines[0]) != "0" {
		return bad(0, "version %q, only 0 is known", lines[0])
	}
	if len(lines) < 2 {
		return bad(1, "there is no count")
	}
	count, err := strconv.Atoi(strings.TrimSpace(lines[1]))
	if err != nil || count != len(lines)-2 {
		return bad(1, "count %q, but there are %d entries", lines[1], len(lines)-2)
	}
	for i, line := range lines[2:] {
		words := strings.Fields(line)
		if len(words) != fields {
			return bad(i+2, "%q has not %d fields", line, fields)
		}
		if err := entry(words); err != nil {
			return bad(i+2, "%q: %v", line, err)
		}
	}
	return nil
}

// offsets are the entries of a checkpoint file in a log folder.
type offsets map[partitionKey]int64

// partitionKey names a log within its folder.
type partitionKey struct {
	topic     string
	partition int32
}

// readOffsets reads a checkpoint; a file that is not there, or is empty, has no entries.
func readOffsets(fsys storage.FS, path string) (offsets, error) {
	found := offsets{}
	text, err := storage.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil || len(text) == 0 { // Kafka makes the files empty
		return found, err
	}
	return found, parseEntries(path, string(text), 3, func(f []string) error {
		partition, err := strconv.ParseInt(f[1], 10, 32)
		if err != nil {
			return err
		}
		offset, err := strconv.ParseInt(f[2], 10, 64)
		found[partitionKey{f[0], int32(partition)}] = offset
		return err
	})
}

func (o offsets) format() []byte {
	lines := make([]string, 0, len(o))
	for k, v := range o {
		lines = append(lines, fmt.Sprintf("%s %d %d", k.topic, k.partition, v))
	}
	return formatEntries(lines)
}

// parseFields reads lines of a key, a separator and a value. Lines that begin with # or ! are comments.
func parseFields(text, separator string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, _ := strings.Cut(line, separator)
		found[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return found
}
