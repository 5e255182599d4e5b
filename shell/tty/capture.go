package tty

import (
	"strings"

	prompt "github.com/c-bata/go-prompt"
)

// A capture is the ConsoleWriter that go-prompt draws on. It draws nothing; it
// takes the menu and the chosen item out of the calls, which come in this order:
//
//	HideCursor
//	  WriteStr prefix, WriteStr line, EraseDown
//	  for each row of the menu: CursorDown, then SetColor and WriteStr for
//	    the item, its description and the scroll bar
//	  CursorUp
//	  if an item is chosen: WriteStr item, WriteStr the line after the cursor
//	ShowCursor, Flush
//
// What it draws outside such a frame (a line break, a title) is of no interest.
type capture struct {
	color bool // false: the only style is the selected item's, in reverse

	stage   captureStage
	style   string
	bold    bool
	menu    []menuRow
	preview string
}

type captureStage int

const (
	outside captureStage = iota
	inLine
	inMenu
	inPreview
	complete // between ShowCursor and Flush
)

// HideCursor begins a frame.
func (c *capture) HideCursor() {
	*c = capture{color: c.color, stage: inLine}
}

// ShowCursor ends a frame.
func (c *capture) ShowCursor() {
	if c.stage != outside {
		c.stage = complete
	}
}

// CursorDown begins a row of the menu; go-prompt calls it nowhere else.
func (c *capture) CursorDown(int) {
	if c.stage == inLine || c.stage == inMenu {
		c.stage = inMenu
		c.menu = append(c.menu, menuRow{})
	}
}

// CursorUp ends the menu if one is being drawn.
func (c *capture) CursorUp(n int) {
	if c.stage == inMenu && n > 0 {
		c.stage = inPreview
	}
}

// WriteStr takes the text of a menu row or of the chosen item.
func (c *capture) WriteStr(s string) {
	switch c.stage {
	case inMenu:
		row := &c.menu[len(c.menu)-1]
		row.spans = append(row.spans, span{s, c.style})
		row.selected = row.selected || c.bold
	case inPreview:
		c.preview = s
		c.stage = inLine // the rest of the line is known
	}
}

// SetColor notes the style of what follows; bold is the selected item's alone.
func (c *capture) SetColor(fg, bg prompt.Color, bold bool) {
	c.bold = bold
	switch {
	case c.color:
		c.style = sgr(fg, bg, bold)
	case bold:
		c.style = "7"
	default:
		c.style = ""
	}
}

// selected reports whether an item of the menu is chosen.
func (c *capture) selected() bool {
	for _, row := range c.menu {
		if row.selected {
			return true
		}
	}
	return false
}

// sgr translates go-prompt's colours: 1 to 8 are the dark ones, 9 to 16 bright.
func sgr(fg, bg prompt.Color, bold bool) string {
	var params []string
	if bold {
		params = append(params, "1")
	}
	if n := sgrColor(fg, "3", "9"); n != "" {
		params = append(params, n)
	}
	if n := sgrColor(bg, "4", "10"); n != "" {
		params = append(params, n)
	}
	return strings.Join(params, ";")
}

func sgrColor(c prompt.Color, dark, bright string) string {
	switch {
	case c >= prompt.Black && c <= prompt.LightGray:
		return dark + string(rune('0'+c-prompt.Black))
	case c >= prompt.DarkGray && c <= prompt.White:
		return bright + string(rune('0'+c-prompt.DarkGray))
	}
	return ""
}

// The rest of the interface draws nothing that a frame consists of.

func (c *capture) WriteRaw([]byte)            {}
func (c *capture) Write([]byte)               {}
func (c *capture) WriteRawStr(string)         {}
func (c *capture) EraseScreen()               {}
func (c *capture) EraseUp()                   {}
func (c *capture) EraseDown()                 {}
func (c *capture) EraseStartOfLine()          {}
func (c *capture) EraseEndOfLine()            {}
func (c *capture) EraseLine()                 {}
func (c *capture) CursorGoTo(row, column int) {}
func (c *capture) CursorForward(int)          {}
func (c *capture) CursorBackward(int)         {}
func (c *capture) AskForCPR()                 {}
func (c *capture) SaveCursor()                {}
func (c *capture) UnSaveCursor()              {}
func (c *capture) ScrollDown()                {}
func (c *capture) ScrollUp()                  {}
func (c *capture) SetTitle(string)            {}
func (c *capture) ClearTitle()                {}
