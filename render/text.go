package render

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/zoka-project/zoka/render/theme"
)

// Write errors are not looked at here: the buffered writer keeps the first one, and Print returns it.

func (d *drawing) table(t Table) error {
	for i, row := range t.Rows {
		if len(row) > len(t.Columns) {
			return fmt.Errorf("draw a table: row %d has %d cells for %d columns", i+1, len(row), len(t.Columns))
		}
	}
	switch {
	case d.Format == FormatTable:
		return d.box(t)
	case d.Terminal:
		d.alignedTable(t)
	default:
		for _, row := range t.Rows {
			for i, c := range row {
				if i > 0 {
					d.w.WriteByte('\t')
				}
				d.w.WriteString(d.paint(c.Role, c.Text))
			}
			d.w.WriteByte('\n')
		}
	}
	return nil
}

func (d *drawing) alignedTable(t Table) {
	head := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = Cell{c.Name, theme.Header}
	}
	rows := make([][]string, 0, len(t.Rows)+1)
	width := make([]int, len(t.Columns))
	for _, row := range append([][]Cell{head}, t.Rows...) {
		painted := make([]string, len(row))
		for i, c := range row {
			painted[i] = d.paint(c.Role, c.Text)
			width[i] = max(width[i], twwidth.Width(painted[i]))
		}
		rows = append(rows, painted)
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-twwidth.Width(cell))
			if t.Columns[i].Right {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
			line.WriteString("  ")
		}
		d.w.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func (d *drawing) tree(t Tree) {
	d.w.WriteString(d.paint(t.Label.Role, t.Label.Text) + "\n")
	d.branches(t.Children, "")
}

func (d *drawing) branches(children []Tree, indent string) {
	for i, c := range children {
		joint, below := "├─ ", "│  "
		if i == len(children)-1 {
			joint, below = "└─ ", "   "
		}
		d.w.WriteString(d.Theme.Paint(theme.Dim, indent+joint) + d.paint(c.Label.Role, c.Label.Text) + "\n")
		d.branches(c.Children, indent+below)
	}
}

func (d *drawing) fields(f Fields) error {
	if d.Format == FormatTable {
		t := Table{Columns: []Column{{Name: "key"}, {Name: "value"}}}
		for _, item := range f.Items {
			t.Rows = append(t.Rows, []Cell{{item.Key, theme.Key}, item.Value})
		}
		return d.box(t)
	}
	sep := f.Sep
	if sep == "" {
		sep = " = "
	}
	for _, item := range f.Items {
		d.w.WriteString(d.paint(theme.Key, item.Key) + sep + d.paint(item.Value.Role, item.Value.Text) + "\n")
	}
	return nil
}

// blob tells null from the data "null" on a terminal and, where bytes must be exact, by writing nothing.
func (d *drawing) blob(b Blob) {
	switch {
	case b.Null && d.Terminal:
		d.w.WriteString(d.Theme.Paint(theme.Null, "null (no data)"))
	case b.Null && b.Newline:
		d.w.WriteString(d.Theme.Paint(theme.Null, "null"))
	case b.Null:
	case d.Terminal:
		d.w.WriteString(escape(string(b.Data), "\n\t"))
	default:
		d.w.Write(b.Data)
	}
	if b.Newline {
		d.w.WriteByte('\n')
	}
}

func (d *drawing) text(t Text) {
	for _, line := range t.Lines {
		d.w.WriteString(d.paintKeeping(t.Role, line, "\t") + "\n")
	}
}

func (d *drawing) list(l List) error {
	if d.Format == FormatTable {
		t := Table{Columns: []Column{{Name: "name"}}}
		for _, item := range l.Items {
			t.Rows = append(t.Rows, []Cell{{item, l.Role}})
		}
		return d.box(t)
	}
	d.w.WriteByte('[')
	for i, item := range l.Items {
		if i > 0 {
			d.w.WriteString(", ")
		}
		d.w.WriteString(d.paint(l.Role, item))
	}
	d.w.WriteString("]\n")
	return nil
}
