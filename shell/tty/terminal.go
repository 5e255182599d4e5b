package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrInterrupted says that Ctrl-C was typed: the cause with which a command's
// context ends, and the error of a question that was broken off.
var ErrInterrupted = errors.New("interrupted")

// ErrBusy is returned when the terminal already waits for a line or a password.
var ErrBusy = errors.New("terminal is already being read")

// Config says what the prompt shows. The zero value works. Its functions are
// called one at a time, but not always from the same goroutine.
type Config struct {
	// Prompt is asked before every line. No escape codes: see PromptStyle.
	Prompt func() string
	// PromptStyle gives the parameters of the SGR sequence ("1;31") in which the
	// prompt is drawn; "" is plain.
	PromptStyle func() string
	// Color allows colours in the menu and the line. Without it the chosen item
	// stands in reverse video.
	Color bool
	// Complete returns the candidates for line with the cursor at this byte. It
	// is called at each key, so it must answer from memory.
	Complete func(line string, cursor int) []Candidate
	// Incomplete reports that line goes on, as with an open quote. The next line
	// is then asked for with "> " and joined with a newline.
	Incomplete func(line string) bool
	// History is what Up, Down and Ctrl-R find, and where lines are kept. Nil
	// keeps them for this Terminal only.
	History *History
}

// A Terminal is the person's end of the shell. PrintAbove, SetNext, Refresh and
// Restore may be called from any goroutine at any time; the others from one.
type Terminal struct {
	cfg     Config
	dev     *device
	scr     *screen
	keys    *keyQueue
	ed      *editor
	lending sync.Mutex // held while the terminal is lent

	mu struct {
		sync.Mutex
		session *session                // not nil while keys are read
		reading bool                    // a line or a password is being asked for
		cancel  context.CancelCauseFunc // ends the command that runs, else nil
		next    string
		closed  bool
	}
}

// Open finds the controlling terminal. It returns ErrNoTerminal if there is none
// or standard input is something else; the shell then reads plain lines. The
// terminal's modes do not change before Run.
func Open(cfg Config) (*Terminal, error) {
	dev, err := openDevice()
	if err != nil {
		return nil, err
	}
	if cfg.Prompt == nil {
		cfg.Prompt = func() string { return "> " }
	}
	if cfg.PromptStyle == nil {
		cfg.PromptStyle = func() string { return "" }
	}
	if cfg.History == nil {
		cfg.History = &History{}
	}
	t := &Terminal{cfg: cfg, dev: dev, keys: newKeyQueue()}
	t.scr = &screen{write: dev.write, size: dev.size, accent: "4"}
	if cfg.Color {
		t.scr.accent = "36"
	}
	t.ed = newEditor(t.keys, t.scr, cfg.Color, t.Restore)
	return t, nil
}

// Close restores the terminal and lets go of it. Run must have returned.
func (t *Terminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.closed {
		return nil
	}
	t.mu.closed = true
	t.Restore()
	t.dev.close()
	return nil
}

// Restore gives the terminal its first modes back for good, whatever else goes
// on: it is what a signal handler calls before the process ends. Run goes on
// without keys; cancel its context.
func (t *Terminal) Restore() {
	// The modes come first: drawing may hang on a terminal that has stopped.
	if err := t.dev.cooked(true); err != nil {
		return // the terminal is gone
	}
	t.scr.tryEnd()
}

// Run asks for line after line and hands each to exec, until exec returns true,
// Ctrl-D is typed on an empty line (both nil), ctx ends (its cause) or the
// terminal is gone (ErrHangup). Ctrl-C ends the context that exec was given with
// ErrInterrupted, and nothing else. Empty lines are handed out too.
func (t *Terminal) Run(ctx context.Context, exec func(ctx context.Context, line string) (stop bool)) error {
	end, err := t.begin()
	if err != nil {
		return err
	}
	defer end()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, err := t.readEntry(ctx)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrInterrupted) && ctx.Err() == nil:
			continue
		default:
			return err
		}
		t.remember(line)
		if t.execute(ctx, line, exec) {
			return nil
		}
	}
}

// execute runs one line under a context of its own.
func (t *Terminal) execute(ctx context.Context, line string, exec func(context.Context, string) bool) bool {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.setCancel(cancel)
	defer t.setCancel(nil)
	defer t.scr.ran()
	return exec(ctx, line)
}

func (t *Terminal) setCancel(cancel context.CancelCauseFunc) {
	t.mu.Lock()
	t.mu.cancel = cancel
	t.mu.Unlock()
}

// interrupt ends the command that runs, if one does.
func (t *Terminal) interrupt() bool {
	t.mu.Lock()
	cancel := t.mu.cancel
	t.mu.Unlock()
	if cancel == nil {
		return false
	}
	cancel(ErrInterrupted)
	return true
}

func (t *Terminal) running() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mu.cancel != nil
}

// readEntry reads a line and those that continue it.
func (t *Terminal) readEntry(ctx context.Context) (string, error) {
	req := lineRequest{
		prompt:  t.label,
		initial: mask(t.takeNext()),
		ask:     t.cfg.Complete,
		history: t.cfg.History.masked(),
	}
	entry, err := t.readLine(ctx, req)
	for err == nil && t.cfg.Incomplete != nil && t.cfg.Incomplete(entry) {
		more := lineRequest{prompt: func() label { return label{text: "> "} }, history: req.history}
		var line string
		line, err = t.readLine(ctx, more)
		if errors.Is(err, io.EOF) {
			return entry, nil // whoever runs it says what is missing
		}
		entry += "\n" + line
	}
	return entry, err
}

func (t *Terminal) label() label {
	return label{text: mask(t.cfg.Prompt()), style: t.cfg.PromptStyle()}
}

// readLine reads one line; it must not be called twice at the same time.
func (t *Terminal) readLine(ctx context.Context, req lineRequest) (string, error) {
	if err := t.startReading(); err != nil {
		return "", err
	}
	defer t.stopReading()
	t.keys.askRefresh(false)
	if req.initial == "" && ctx.Err() == nil {
		if line, ok := t.keys.takeLine(); ok {
			t.scr.commit(req.prompt(), mask(line))
			return line, nil
		}
	}
	line, err := t.ed.readLine(ctx, req)
	if err != nil {
		return "", err
	}
	return unmask(line), nil
}

func (t *Terminal) startReading() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.reading {
		return ErrBusy
	}
	t.mu.reading = true
	return nil
}

func (t *Terminal) stopReading() {
	t.mu.Lock()
	t.mu.reading = false
	t.mu.Unlock()
}

func (t *Terminal) remember(line string) {
	if err := t.cfg.History.Add(line); err != nil {
		t.PrintAbove(fmt.Sprintf("history is no longer saved: %v", err))
	}
}

// SetNext puts text into the next prompt, to be edited and run.
func (t *Terminal) SetNext(text string) {
	t.mu.Lock()
	t.mu.next = text
	t.mu.Unlock()
}

func (t *Terminal) takeNext() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.mu.next
	t.mu.next = ""
	return next
}

// PrintAbove prints text on rows of its own: above the prompt and the line that
// is being typed, which stay unharmed, or among the output of the command that
// runs. While the terminal is lent the text waits. Controls in it are obeyed.
func (t *Terminal) PrintAbove(text string) { t.scr.printAbove(text) }

// Refresh asks for the prompt and the candidates again and draws the line anew,
// if a line is being typed and no item of the menu is chosen.
func (t *Terminal) Refresh() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.reading {
		t.keys.askRefresh(true)
	}
}
