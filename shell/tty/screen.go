package tty

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	pasteModeOn  = "\x1b[?2004h"
	pasteModeOff = "\x1b[?2004l"
	hideCursor   = "\x1b[?25l"
	showCursor   = "\x1b[?25h"
	eraseDown    = "\x1b[J"
	eraseAll     = "\x1b[H\x1b[2J"
)

// endPatience is how long a signal handler waits for a drawing to end.
const endPatience = 200 * time.Millisecond

// A screen draws on the terminal. It knows which rows hold the frame, so it can
// take the frame away, print something, and draw the frame again below, in one
// write. Any goroutine may call it.
type screen struct {
	write  func([]byte)
	size   func() (cols, rows int)
	accent string // SGR parameters of the chosen item in the line

	// The lock orders the writes to one terminal, so it is held while writing.
	mu struct {
		sync.Mutex
		active bool    // the terminal is raw: a session is under way
		lent   bool    // an editor has the terminal: say nothing until it ends
		dirty  bool    // a command may have left the cursor in mid-row
		frame  *frame  // nil while a command runs
		drawn  *layout // the frame as it stands on the terminal, nil if it does not
		held   strings.Builder
	}
}

// begin is called when the terminal has become raw, end before it is cooked.
func (s *screen) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.active = true
	s.write([]byte(pasteModeOn))
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked()
}

// tryEnd is end for a signal handler: it waits for a drawing that is under way,
// but not for a terminal that has stopped taking any.
func (s *screen) tryEnd() {
	for deadline := time.Now().Add(endPatience); !s.mu.TryLock(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return
		}
	}
	defer s.mu.Unlock()
	s.endLocked()
}

func (s *screen) endLocked() {
	if s.mu.active {
		s.write(append(s.parkLocked(nil), pasteModeOff...))
		s.mu.active, s.mu.frame = false, nil
	}
}

// lend is called before somebody else uses the terminal, takeBack afterwards.
func (s *screen) lend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.active {
		s.write(append(s.parkLocked(nil), pasteModeOff...))
	}
	s.mu.lent = true
}

func (s *screen) takeBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.lent, s.mu.dirty = false, true
	held := s.mu.held.String()
	s.mu.held.Reset()
	if s.mu.active {
		s.write(s.aboveLocked([]byte(pasteModeOn), held))
	} else if held != "" {
		s.write([]byte(held))
	}
}

func (s *screen) isLent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.lent
}

// lost forgets what is on the terminal, and draws again: a stopped process has
// come back, and the parent shell has written meanwhile.
func (s *screen) lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.active && !s.mu.lent {
		s.mu.drawn, s.mu.dirty = nil, true
		s.write(s.aboveLocked([]byte(pasteModeOn), ""))
	}
}

// show draws f in place of the frame before it.
func (s *screen) show(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.active {
		return
	}
	s.mu.frame = f
	if !s.mu.lent {
		s.write(s.redrawLocked(nil, ""))
	}
}

// redraw draws the frame anew: the window has another size.
func (s *screen) redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.frame != nil && !s.mu.lent {
		s.write(s.redrawLocked(nil, ""))
	}
}

// clear clears the window and draws the frame at its top.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.active || s.mu.lent {
		return
	}
	s.mu.drawn, s.mu.dirty = nil, false
	s.write(s.aboveLocked([]byte(eraseAll), ""))
}

// commit ends the frame: the prompt p and the whole line stay on the terminal,
// however long, and the cursor is on a row of its own below them.
func (s *screen) commit(p label, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.frame = nil
	if !s.mu.active || s.mu.lent {
		return
	}
	b := s.wipeLocked(nil)
	b = appendCells(b, cells(p.text, p.style))
	b = appendCells(b, cells(line, ""))
	s.write(append(b, showCursor+"\n"...))
}

// ran notes that a command has run, whose output the screen cannot see.
func (s *screen) ran() {
	s.mu.Lock()
	s.mu.dirty = true
	s.mu.Unlock()
}

// printAbove prints text on rows of its own, above the frame if there is one.
func (s *screen) printAbove(text string) {
	if text == "" {
		return
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mu.lent:
		s.mu.held.WriteString(text)
	case !s.mu.active:
		s.write([]byte(text))
	default:
		s.mu.dirty = s.mu.dirty || s.mu.frame == nil
		s.write(s.aboveLocked(nil, text))
	}
}

// echo writes a note of the keyboard's own, such as ^C, unless a frame stands.
func (s *screen) echo(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.active && s.mu.frame == nil && !s.mu.lent {
		s.write([]byte(text))
	}
}

// aboveLocked draws text and then the frame, if there is one.
func (s *screen) aboveLocked(b []byte, text string) []byte {
	if s.mu.frame != nil {
		return s.redrawLocked(b, text)
	}
	if text == "" {
		return b
	}
	return append(s.freshRowLocked(b), text...)
}

// redrawLocked takes the frame away, prints text, and draws the frame.
func (s *screen) redrawLocked(b []byte, text string) []byte {
	b = s.wipeLocked(b)
	b = append(b, text...)
	cols, rows := s.size()
	l := lay(s.mu.frame, cols, rows, s.accent)
	for i, row := range l.rows {
		if i > 0 {
			b = append(b, "\r\n"...)
		}
		b = appendCells(b, row)
	}
	b = appendUp(append(b, '\r'), len(l.rows)-1-l.curRow)
	if l.curCol > 0 {
		b = fmt.Appendf(b, "\x1b[%dC", l.curCol)
	}
	s.mu.drawn = &l
	return append(b, showCursor...)
}

// wipeLocked takes the frame off the terminal; the cursor is where it began. If
// none is drawn the cursor goes to the start of an empty row.
func (s *screen) wipeLocked(b []byte) []byte {
	b = append(b, hideCursor...)
	if s.mu.drawn == nil {
		return s.freshRowLocked(b)
	}
	cols, _ := s.size()
	b = appendUp(b, rowsAbove(s.mu.drawn, cols))
	s.mu.drawn = nil
	return append(b, "\r"+eraseDown...)
}

// parkLocked leaves the frame standing and the cursor on the row below it.
func (s *screen) parkLocked(b []byte) []byte {
	l := s.mu.drawn
	s.mu.drawn = nil
	if l == nil {
		return append(b, showCursor...)
	}
	for range len(l.rows) - l.curRow {
		b = append(b, '\n')
	}
	return append(b, "\r"+showCursor...)
}

// freshRowLocked moves to the start of an empty row. Where the cursor stands is
// not known after a command, but a window's width of spaces ends on the row
// where it began only if it began in the first column.
func (s *screen) freshRowLocked(b []byte) []byte {
	if !s.mu.dirty {
		return b
	}
	s.mu.dirty = false
	cols, _ := s.size()
	b = append(b, strings.Repeat(" ", cols)...)
	return append(b, "\r"+eraseDown...)
}

// rowsAbove counts the terminal's rows between the top of l and the cursor. A
// window that has become narrower has wrapped the rows that no longer fit.
func rowsAbove(l *layout, cols int) int {
	n := 0
	for _, row := range l.rows[:l.curRow] {
		n += 1 + max(0, rowWidth(row)-1)/cols
	}
	return n + l.curCol/cols
}

func appendUp(b []byte, n int) []byte {
	if n > 0 {
		b = fmt.Appendf(b, "\x1b[%dA", n)
	}
	return b
}
