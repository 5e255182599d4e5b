package tty

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// historyLimit is how many lines a history keeps, in memory and on disk.
	historyLimit = 10_000
	// historyLineLimit is the longest line that is kept, in bytes: a line with a
	// megabyte of data in it is no line to search for.
	historyLineLimit = 64 << 10
)

// A History is the lines that were entered, oldest first. The zero value keeps
// them in memory. One that was opened on a file appends each line to it, in one
// write, so that several shells can share the file; each sees its own lines and
// those that were there when it started. The file is private (mode 0600) and
// has one line an entry, with \\, \n and \r for a backslash and line ends.
type History struct {
	path   string
	secret func(line string) bool

	mu struct {
		sync.Mutex
		lines []string
	}
}

// OpenHistory reads the file at path, which need not exist, makes it private and
// cuts it down to its newest 10,000 lines. An empty path means none. Lines for
// which secret is true are never kept, neither in memory nor in the file.
func OpenHistory(path string, secret func(line string) bool) (*History, error) {
	h := &History{path: path, secret: secret}
	if path == "" {
		return h, nil
	}
	err := h.locked(func(f *os.File) error {
		data, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		h.mu.lines = parseHistory(data)
		if n := len(h.mu.lines) - historyLimit; n > 0 {
			h.mu.lines = h.mu.lines[n:]
			return h.rewrite()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	return h, nil
}

// Lines returns the entries, oldest first.
func (h *History) Lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.mu.lines)
}

// Add keeps line, unless it is blank, secret or longer than 64 KiB. After an
// error the history goes on in memory only.
func (h *History) Add(line string) error {
	if strings.TrimSpace(line) == "" || len(line) > historyLineLimit {
		return nil
	}
	if h.secret != nil && h.secret(line) {
		return nil
	}
	h.mu.Lock()
	h.mu.lines = append(h.mu.lines, line)
	if n := len(h.mu.lines) - historyLimit; n > 0 {
		h.mu.lines = slices.Delete(h.mu.lines, 0, n)
	}
	path := h.path
	h.mu.Unlock()
	if path == "" {
		return nil
	}
	err := h.locked(func(f *os.File) error { return appendLine(f, line) })
	if err != nil {
		h.mu.Lock()
		h.path = ""
		h.mu.Unlock()
		return fmt.Errorf("save history: %w", err)
	}
	return nil
}

// masked returns the entries for the line editor, without repetitions.
func (h *History) masked() []string {
	lines := h.Lines()
	for i := range lines {
		lines[i] = mask(lines[i])
	}
	return slices.Compact(lines)
}

// locked opens the file and calls fn while no other shell appends to it or cuts
// it. The one that cuts puts a new file in place, hence the second look.
func (h *History) locked(fn func(*os.File) error) error {
	for {
		f, err := os.OpenFile(h.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		current, err := h.lock(f)
		if err == nil && current {
			err = fn(f)
		}
		if err := errors.Join(err, f.Close()); err != nil || current { // Close unlocks
			return err
		}
	}
}

// lock reports whether f is still the file at the path once it is locked.
func (h *History) lock(f *os.File) (current bool, err error) {
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", h.path, err)
	}
	opened, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(h.path)
	if errors.Is(err, os.ErrNotExist) || (err == nil && !os.SameFile(opened, there)) {
		return false, nil
	}
	if err == nil && opened.Mode().IsRegular() && opened.Mode().Perm() != 0o600 {
		err = f.Chmod(0o600)
	}
	return true, err
}

// appendLine writes one entry, after ending a line that a full disk cut short.
func appendLine(f *os.File, line string) error {
	entry := escapeLine(line) + "\n"
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			entry = "\n" + entry
		}
	}
	_, err = f.WriteString(entry)
	return err
}

// rewrite puts a file with the entries in memory in place of the old one. It
// follows a symbolic link, and CreateTemp's files are private.
func (h *History) rewrite() error {
	path, err := filepath.EvalSymlinks(h.path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, line := range h.mu.lines {
		b.WriteString(escapeLine(line) + "\n")
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func parseHistory(data []byte) []string {
	var lines []string
	for line := range bytes.Lines(data) {
		if s := unescapeLine(string(bytes.TrimSuffix(line, []byte("\n")))); s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

var lineEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

func escapeLine(s string) string { return lineEscaper.Replace(s) }

// unescapeLine undoes escapeLine; a backslash before anything else is itself.
func unescapeLine(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case '\\':
				i++
			case 'n':
				c, i = '\n', i+1
			case 'r':
				c, i = '\r', i+1
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
