package tty

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"syscall"

	prompt "github.com/c-bata/go-prompt"
)

// An editor edits one line after the other with go-prompt, of which it is the
// keyboard (Setup, Read, TearDown, GetWinSize), the window (capture, Flush) and
// the completer.
//
// Two goroutines take turns during a line: go-prompt's loop, which runs the
// completer and Flush, and its reader, which runs Read. Read gives out one key
// and then waits for the token that Flush returns when that key has been drawn.
// So each sees what the other has done, no field needs a lock, and Read always
// knows the line that its key will meet.
type editor struct {
	capture
	keys  *keyQueue
	scr   *screen
	lib   *prompt.Prompt
	drawn chan struct{} // Flush -> Read
	crash func()        // called when Read's goroutine panics

	lineRequest
	ctx     context.Context
	armed   bool        // between Setup and the key that ends the line
	outcome error       // why the line ended: nil for Enter
	comp    *completion // the line as it stands, and how it may be completed
	stale   bool        // ask for candidates again although the line is the same
	onEmpty bool        // Tab was typed on an empty line: offer candidates there
	awaited bool        // Tab found no candidate: those that come with a Refresh are for it
	hidden  string      // the line for which Esc has closed the menu
	search  *search     // not nil while Ctrl-R searches
	edit    struct {    // what editKey does
		text   string
		cursor int
	}
}

// A lineRequest says how a line is asked for. All texts are masked.
type lineRequest struct {
	prompt  func() label
	initial string
	ask     func(line string, cursor int) []Candidate
	history []string // for Up, Down and Ctrl-R
	label   label    // the prompt as last asked
}

var (
	// editKey makes go-prompt call applyEdit. No decoder lets it through.
	editKey  = []byte{0x1b, 'z', 'k', 'e'}
	enterKey = []byte{'\r'}
)

// goPromptKeys are the keys that go-prompt handles, in its spelling.
var goPromptKeys = map[keyCode][]byte{
	keyUp: []byte("\x1b[A"), keyDown: []byte("\x1b[B"),
	keyRight: []byte("\x1b[C"), keyLeft: []byte("\x1b[D"),
	keyHome: []byte("\x1b[H"), keyEnd: []byte("\x1b[F"),
	keyDelete: []byte("\x1b[3~"), keyBackTab: []byte("\x1b[Z"),
	keyBackspace: {0x7f}, keyCtrlH: {0x08}, keyCtrlD: {0x04}, keyCtrlU: {0x15},
	0x01: {0x01}, 0x02: {0x02}, 0x05: {0x05}, 0x06: {0x06}, // Ctrl-A B E F
	0x0b: {0x0b}, 0x0e: {0x0e}, 0x10: {0x10}, 0x17: {0x17}, // Ctrl-K N P W
}

// newEditor must only be called when /dev/tty can be opened: go-prompt opens it
// too, never reads it, and panics without.
func newEditor(keys *keyQueue, scr *screen, color bool, crash func()) *editor {
	e := &editor{keys: keys, scr: scr, drawn: make(chan struct{}, 1), crash: crash}
	e.capture.color = color
	opts := []prompt.Option{
		prompt.OptionParser(e),
		prompt.OptionWriter(e),
		prompt.OptionShowCompletionAtStart(), // tells the completer of an initial text
		prompt.OptionAddASCIICodeBind(prompt.ASCIICodeBind{ASCIICode: editKey, Fn: e.applyEdit}),
	}
	e.lib = prompt.New(func(string) {}, e.completer, append(opts, menuColors()...)...)
	return e
}

func menuColors() []prompt.Option {
	return []prompt.Option{
		prompt.OptionSuggestionTextColor(prompt.White),
		prompt.OptionSuggestionBGColor(prompt.DarkBlue),
		prompt.OptionDescriptionTextColor(prompt.LightGray),
		prompt.OptionDescriptionBGColor(prompt.DarkBlue),
		prompt.OptionSelectedSuggestionTextColor(prompt.Black),
		prompt.OptionSelectedSuggestionBGColor(prompt.Cyan),
		prompt.OptionSelectedDescriptionTextColor(prompt.Black),
		prompt.OptionSelectedDescriptionBGColor(prompt.Cyan),
		prompt.OptionScrollbarThumbColor(prompt.LightGray),
		prompt.OptionScrollbarBGColor(prompt.DarkBlue),
	}
}

// readLine returns the line, masked, when it is ended by Enter. Otherwise it
// returns ErrInterrupted, io.EOF, ctx's cause or ErrHangup.
func (e *editor) readLine(ctx context.Context, req lineRequest) (string, error) {
	e.ctx, e.lineRequest = ctx, req
	e.comp = &completion{}
	e.stale, e.onEmpty, e.hidden, e.search, e.outcome = true, false, "", nil, nil
	select {
	case <-e.drawn:
	default:
	}
	e.askPrompt()
	// Options are plain functions; these set up the next line. go-prompt appends
	// to the history that it is given, hence the clipped slice.
	prompt.OptionHistory(slices.Clip(req.history))(e.lib)
	prompt.OptionInitialBufferText(req.initial)(e.lib)
	line := e.lib.Input()
	shown := line
	if errors.Is(e.outcome, ErrInterrupted) {
		shown += "^C"
	}
	e.scr.commit(e.label, shown)
	return line, e.outcome
}

func (e *editor) askPrompt() {
	e.label = e.prompt()
	prompt.OptionPrefix(e.label.text)(e.lib)
}

// completer is told of every change of the line. go-prompt also calls it with an
// empty line whenever it drops the menu.
func (e *editor) completer(d prompt.Document) []prompt.Suggest {
	text := d.Text
	e.look(text, runeCount(d.TextBeforeCursor()))
	if text != "" && text == e.hidden {
		return nil
	}
	if text != "" {
		e.hidden = ""
	}
	return e.comp.suggests()
}

// look makes comp fit the line. An unchanged line keeps its candidates unless
// they are stale: go-prompt crashes if the menu shrinks while an item is chosen.
func (e *editor) look(text string, cursor int) {
	if !e.stale && e.comp.text == text && e.comp.cursor == cursor {
		return
	}
	ask := e.ask
	if text == "" && !e.onEmpty {
		ask = nil
	}
	e.comp = completeLine(ask, text, cursor)
	e.stale = false
	e.setSeparator()
}

func (e *editor) setSeparator() {
	before := runePrefix(e.comp.text, e.comp.cursor)
	sep := separator(before[:e.comp.start], before[e.comp.start:])
	prompt.OptionCompletionWordSeparator(sep)(e.lib)
}

// Flush shows the frame that go-prompt has drawn and lets Read go on.
func (e *editor) Flush() error {
	if e.stage == complete {
		e.stage = outside
		e.scr.show(e.frame())
		e.drawn <- struct{}{}
	}
	return nil
}

func (e *editor) frame() *frame {
	before := runePrefix(e.comp.text, e.comp.cursor)
	f := &frame{prompt: e.label, before: before, after: e.comp.text[len(before):], menu: e.menu}
	if e.preview != "" {
		f.before, f.preview = before[:e.comp.start], e.preview
	}
	return f
}

// Setup begins a line.
func (e *editor) Setup() error {
	e.armed = true
	return nil
}

// TearDown does nothing: the terminal's modes are the session's business.
func (e *editor) TearDown() error { return nil }

// GetWinSize names a window in which no line wraps and every menu fits. The real
// one is the screen's business.
func (e *editor) GetWinSize() *prompt.WinSize {
	return &prompt.WinSize{Row: math.MaxUint16, Col: math.MaxUint16}
}

// Read returns the next key that is go-prompt's business. After the key that
// ends the line it has none until the next Setup, so that no key is lost.
func (e *editor) Read() ([]byte, error) {
	if !e.armed {
		return nil, syscall.EAGAIN
	}
	defer onPanic(e.crash)
	<-e.drawn
	for {
		k, err := e.keys.next(e.ctx)
		if err != nil {
			return e.endLine(err), nil
		}
		if b := e.handle(k); b != nil {
			return b, nil
		}
	}
}

// endLine makes Input return: Enter works on any line, and keeps its text.
func (e *editor) endLine(outcome error) []byte {
	e.outcome, e.armed = outcome, false
	return enterKey
}

// handle returns what go-prompt is to do about a key: nil for nothing.
func (e *editor) handle(k key) []byte {
	if e.search != nil {
		return e.handleSearch(k)
	}
	e.leaveEmpty(k.code)
	e.awaited = e.awaited && k.code == keyRefresh
	switch k.code {
	case keyText:
		return []byte(mask(k.text))
	case keyEnter:
		return e.endLine(nil)
	case keyCtrlC:
		return e.endLine(ErrInterrupted)
	case keyCtrlD:
		if e.comp.text == "" && !e.selected() {
			return e.endLine(io.EOF)
		}
	case keyTab:
		return e.handleTab()
	case keyEscape, keyCtrlG:
		return e.closeMenu()
	case keyCtrlL:
		e.scr.clear()
		return nil
	case keyCtrlR:
		e.search = newSearch(e.history)
		e.scr.show(e.search.frame())
		return nil
	case keyRefresh:
		return e.refresh()
	case keyWordLeft, keyWordRight, keyCutWordLeft, keyCutWordRight:
		text, cursor := e.accepted()
		return e.setLine(wordEdit(k.code, text, cursor))
	}
	return goPromptKeys[k.code]
}

// handleTab completes as far as there is one way, then lets go-prompt choose
// from the menu.
func (e *editor) handleTab() []byte {
	if !e.selected() {
		e.onEmpty, e.stale, e.hidden = true, true, ""
		e.look(e.comp.text, e.comp.cursor)
		e.awaited = len(e.comp.items) == 0
		if e.awaited {
			return nil
		}
		if text, cursor, ok := e.comp.extend(); ok {
			return e.setLine(text, cursor)
		}
	}
	return []byte{'\t'}
}

// leaveEmpty ends the offer that Tab made on an empty line, when a key comes
// that neither asks for it nor moves in it.
func (e *editor) leaveEmpty(code keyCode) {
	switch code {
	case keyTab, keyRefresh:
		return
	case keyUp, keyDown, keyBackTab:
		if e.selected() {
			return
		}
	}
	e.stale = e.stale || e.onEmpty
	e.onEmpty = false
}

// closeMenu takes back the choice and hides the menu until the line changes.
func (e *editor) closeMenu() []byte {
	if len(e.menu) == 0 {
		return nil
	}
	e.hidden = e.comp.text
	return e.setLine(e.comp.text, e.comp.cursor)
}

// refresh draws the line again with a new prompt and new candidates, but not
// under an open choice: any key but Tab and the arrows would accept it.
func (e *editor) refresh() []byte {
	if e.selected() {
		return nil
	}
	e.askPrompt()
	e.stale = true
	if e.awaited {
		if b := e.handleTab(); b != nil && b[0] != '\t' {
			return b
		}
	}
	return e.setLine(e.comp.text, e.comp.cursor)
}

// accepted is the line with the chosen item in it, if there is one.
func (e *editor) accepted() (text string, cursor int) {
	f := e.frame()
	head := f.before + f.preview
	return head + f.after, runeCount(head)
}

func (e *editor) handleSearch(k key) []byte {
	v, again := e.search.key(k)
	if v == searching {
		e.scr.show(e.search.frame())
		return nil
	}
	s := e.search
	e.search = nil
	if v == cancelled {
		e.scr.show(e.frame())
		return nil
	}
	if again {
		e.keys.pushFront(k)
	}
	if s.match() == "" {
		e.scr.show(e.frame())
		return nil
	}
	return e.setLine(s.match(), s.cursor())
}

// setLine makes go-prompt replace the whole line.
func (e *editor) setLine(text string, cursor int) []byte {
	e.edit.text, e.edit.cursor = text, cursor
	return editKey
}

func (e *editor) applyEdit(b *prompt.Buffer) {
	all := runeCount(b.Text())
	b.CursorRight(all)
	b.DeleteBeforeCursor(all)
	b.InsertText(e.edit.text, false, true)
	b.CursorLeft(runeCount(e.edit.text) - e.edit.cursor)
}
