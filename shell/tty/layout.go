package tty

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// A frame is what belongs to the person at the prompt: the prompt, the line and
// the menu below it. Texts are masked; the cursor stands behind preview.
type frame struct {
	prompt                 label
	before, preview, after string // preview is the chosen item, not yet accepted
	menu                   []menuRow
}

// A label is a prompt, masked, and the SGR parameters that it is drawn in.
type label struct{ text, style string }

// A menuRow is one row of the completion menu.
type menuRow struct {
	spans    []span
	selected bool
}

// A span is text in one style.
type span struct {
	text  string
	style string // SGR parameters, "" for plain
}

// A cell is a character on the screen with the marks that combine with it.
type cell struct {
	text  string
	width int
	style string
}

// A layout is a frame cut into rows for a window.
type layout struct {
	cols, height   int // the window
	rows           [][]cell
	used           int // width of the last row
	curRow, curCol int
}

// lay cuts f into rows that fit a window of cols by height. A line that is
// longer than the window shows the part around the cursor; the menu gets what
// room is left.
func lay(f *frame, cols, height int, previewStyle string) layout {
	l := layout{cols: max(cols, 2), height: max(height, 1), rows: make([][]cell, 1)}
	l.add(f.prompt.text, f.prompt.style)
	l.add(f.before, "")
	l.add(f.preview, previewStyle)
	l.markCursor()
	l.add(f.after, "")
	l.clip()
	l.addMenu(f.menu)
	return l
}

// add appends text, wrapping where the window ends.
func (l *layout) add(text, style string) {
	for _, c := range cells(text, style) {
		if l.used+c.width > l.cols {
			l.rows = append(l.rows, nil)
			l.used = 0
		}
		last := len(l.rows) - 1
		l.rows[last] = append(l.rows[last], c)
		l.used += c.width
	}
}

// markCursor notes where the next character will stand.
func (l *layout) markCursor() {
	if l.used >= l.cols {
		l.rows = append(l.rows, nil)
		l.used = 0
	}
	l.curRow, l.curCol = len(l.rows)-1, l.used
}

// clip leaves the rows around the cursor if there are more than the window has.
func (l *layout) clip() {
	if len(l.rows) <= l.height {
		return
	}
	first := max(0, l.curRow-l.height+1)
	l.rows = l.rows[first : first+l.height]
	l.curRow -= first
}

// addMenu puts the menu below the line, at the cursor's column or as far left
// of it as its width asks for.
func (l *layout) addMenu(menu []menuRow) {
	menu = menuWindow(menu, l.height-len(l.rows))
	rows := make([][]cell, len(menu))
	width := 0
	for i, m := range menu {
		for _, s := range m.spans {
			rows[i] = append(rows[i], cells(s.text, s.style)...)
		}
		rows[i] = shorten(rows[i], l.cols-1)
		width = max(width, rowWidth(rows[i]))
	}
	indent := max(0, min(l.curCol, l.cols-1-width))
	for _, row := range rows {
		l.rows = append(l.rows, append(cells(strings.Repeat(" ", indent), ""), row...))
	}
}

// menuWindow returns at most n rows, the selected one among them.
func menuWindow(menu []menuRow, n int) []menuRow {
	if n <= 0 {
		return nil
	}
	if len(menu) <= n {
		return menu
	}
	first := 0
	for i, m := range menu {
		if m.selected {
			first = max(0, i-n+1)
		}
	}
	return menu[first : first+n]
}

// shorten cuts a menu row to width, keeping its last cell, the scroll bar.
func shorten(row []cell, width int) []cell {
	if rowWidth(row) <= width || width < 3 {
		return row[:min(len(row), max(width, 0))]
	}
	bar, cut := row[len(row)-1], row[:len(row)-1]
	for rowWidth(cut) > width-2 {
		cut = cut[:len(cut)-1]
	}
	dots := cell{text: "…", width: 1, style: bar.style}
	if len(cut) > 0 {
		dots.style = cut[len(cut)-1].style
	}
	return append(append([]cell(nil), cut...), dots, bar)
}

// cells cuts masked text into cells.
func cells(text, style string) []cell {
	out := make([]cell, 0, len(text))
	for _, r := range text {
		w := runewidth.RuneWidth(r)
		switch {
		case isMasked(r):
			out = append(out, cell{string(picture(r)), 1, style})
		case r < 0x20 || (r >= 0x7f && r < 0xa0):
			// Only a prompt or a menu can bring one, and not on purpose.
			out = append(out, cell{"?", 1, style})
		case w == 0 && len(out) > 0:
			out[len(out)-1].text += string(r)
		default:
			out = append(out, cell{string(r), w, style})
		}
	}
	return out
}

func rowWidth(row []cell) int {
	w := 0
	for _, c := range row {
		w += c.width
	}
	return w
}

// appendCells appends the bytes that draw a row: text, and SGR at each change.
func appendCells(b []byte, row []cell) []byte {
	style := ""
	for _, c := range row {
		if c.style != style {
			style = c.style
			b = append(b, "\x1b[0"...)
			if style != "" {
				b = append(append(b, ';'), style...)
			}
			b = append(b, 'm')
		}
		b = append(b, c.text...)
	}
	if style != "" {
		b = append(b, "\x1b[0m"...)
	}
	return b
}
