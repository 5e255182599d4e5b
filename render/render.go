// Package render draws the results of commands: for a person at a terminal, for a pipe, as a table or as
// JSON. It knows nothing of ZooKeeper or Kafka, reads no environment and decides no colours: see theme.
// Commands return a Result; the shell's loop and the monitor draw it.
//
//	p := render.Printer{Out: os.Stdout, Format: render.FormatText, Theme: theme.Plain()}
//	err := p.Print(ctx, result)
//
// What goes to a pipe holds the exact bytes of the data. What goes to a terminal has its control characters
// replaced by escapes: data must not be able to move the cursor or to reprogram a terminal.
package render

import (
	"iter"

	"github.com/zoka-project/zoka/render/theme"
)

// Result is what a command returns. Its JSON form is the encoding/json encoding of the value itself; the
// other forms draw its View.
type Result interface {
	View() View
}

// Raw is a Result that brings its JSON form along, for results that are too many to encode one by one: any number of
// lines, each with its line end.
type Raw interface {
	Result
	JSON() []byte
}

// View is a shape to draw: one of the types of this package that say so.
type View interface{ view() }

// Cell is a piece of text and the role it plays.
type Cell struct {
	Text string
	Role theme.Role
}

// Column heads a Table's column.
type Column struct {
	Name  string
	Right bool // numbers stand to the right
}

// Table is a View: rows of cells. In text it is aligned under its head for a terminal; in a pipe there is no
// head, and cells are parted by a tab. A row may be shorter than Columns, not longer.
type Table struct {
	Columns []Column
	Rows    [][]Cell
}

// Tree is a View: a label over its children.
type Tree struct {
	Label    Cell
	Children []Tree
}

// Field is a named value.
type Field struct {
	Key   string
	Value Cell
}

// Fields is a View: a line for each named value, as in a stat block.
type Fields struct {
	Items []Field
	Sep   string // between key and value in text; empty means " = "
}

// Blob is a View: data as it is.
type Blob struct {
	Data    []byte
	Null    bool // there is no data, which is not the same as empty data
	Newline bool // a line end follows; without it a pipe gets the bytes of Data and nothing else
}

// Text is a View: lines, without their line ends.
type Text struct {
	Lines []string
	Role  theme.Role
}

// List is a View: names. In text it is one line, [a, b]; as a table each has a row.
type List struct {
	Items []string
	Role  theme.Role
}

// Group is a View: several, one after another.
type Group struct {
	Views []View
}

// Stream is a View: results that come one at a time. Each is drawn when it comes, in JSON as well: a
// Stream's Result is not encoded itself. The sequence ends at its first error, which Print returns; it must
// end by itself when the context given to Print does.
type Stream struct {
	Rows iter.Seq2[Result, error]
	Live bool // rows are news: each is written out at once, into a pipe too
}

// Empty is a View of nothing.
type Empty struct{}

func (Table) view()  {}
func (Tree) view()   {}
func (Fields) view() {}
func (Blob) view()   {}
func (Text) view()   {}
func (List) view()   {}
func (Group) view()  {}
func (Stream) view() {}
func (Empty) view()  {}
