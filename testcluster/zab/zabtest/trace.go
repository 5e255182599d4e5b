package zabtest

import (
	"errors"
	"fmt"
	"strings"
)

// Run runs a trace and returns the world at its end. The error is a line that is not understood, or a *Violation.
func Run(lines []string, make NewMachine) (*World, error) {
	return run(lines, make, 0)
}

func run(lines []string, make NewMachine, show Show) (*World, error) {
	var w *World
	for _, line := range lines {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case words[0] == "ensemble":
			k, err := parseKnobs(words[1:])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
			w = NewWorld(k, make)
			w.tell.show = show
		case w == nil:
			return nil, errors.New("a trace begins with its ensemble")
		default:
			if err := w.Do(line); err != nil {
				return nil, err
			}
		}
		if w != nil && w.err != nil {
			return w, w.err
		}
	}
	if w == nil {
		return nil, errors.New("a trace without an ensemble")
	}
	return w, nil
}

// Explain runs a trace again and tells what happens in it: the last lines.
func Explain(lines []string, make NewMachine, last int) []string {
	w, err := run(lines, make, Roles|Votes|Packets|Disk|Commits|Reads|Times)
	if w == nil {
		return []string{err.Error()}
	}
	told := w.tell.take()
	return append(told[max(0, len(told)-last):], fmt.Sprintf("%v  %v", w.now, w.err))
}

// Manual runs a trace file: blocks of lines, each followed by ---- and what was told of it, if anything, with an
// empty line behind. It returns the file with the outcome that the commands have now. Lines that begin with # are
// comments, wherever they stand.
func Manual(text string, make NewMachine) (string, error) {
	var (
		out    strings.Builder
		w      *World
		answer bool // in the old outcome of a block
		block  bool // commands have come since the last outcome
	)
	flush := func() {
		if !block {
			return
		}
		block = false
		told := w.tell.take()
		if w.err != nil {
			told = append(told, fmt.Sprintf("VIOLATION: %v", w.err))
		}
		if len(told) > 0 {
			out.WriteString("----\n" + strings.Join(told, "\n") + "\n")
		}
	}
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n\n") {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			flush()
			out.WriteString("\n")
			answer = false
			continue
		case line == "----":
			flush()
			answer = true
			continue
		case answer:
			continue
		case strings.HasPrefix(line, "#"):
		case words[0] == "ensemble":
			k, err := parseKnobs(words[1:])
			if err != nil {
				return "", fmt.Errorf("%s: %w", line, err)
			}
			w = NewWorld(k, make)
			w.tell.show = Roles
		case w == nil:
			return "", errors.New("a trace begins with its ensemble")
		default:
			if err := w.Do(line); err != nil {
				return "", err
			}
			block = true
		}
		out.WriteString(line + "\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}

// Commands are the lines of a trace file without their outcomes.
func Commands(text string) []string {
	var lines []string
	answer := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			answer = false
		case line == "----":
			answer = true
		case !answer && !strings.HasPrefix(line, "#"):
			lines = append(lines, line)
		}
	}
	return lines
}
