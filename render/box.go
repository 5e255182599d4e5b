package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/zoka-project/zoka/render/theme"
)

// box draws a table with lines around its cells. The library is kept from its usual helpfulness: cells are
// neither trimmed nor put in capitals. Control characters are escaped in a pipe as well, since a line end or
// a tab within a cell would break the lines of the box.
func (d *drawing) box(t Table) error {
	head := make([]Cell, len(t.Columns))
	align := make([]tw.Align, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = Cell{c.Name, theme.Header}
		align[i] = tw.AlignLeft
		if c.Right {
			align[i] = tw.AlignRight
		}
	}
	rows := append([][]Cell{head}, t.Rows...)
	widths := d.boxWidths(rows)
	table := tablewriter.NewTable(d.w,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithTrimTab(tw.Off),
		tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}))
	for i, row := range rows {
		cells := make([]string, len(t.Columns))
		for j, c := range row {
			cells[j] = d.boxCell(c, widths[j])
		}
		if i == 0 {
			table.Header(cells)
		} else if err := table.Append(cells); err != nil {
			return fmt.Errorf("draw a table: %w", err)
		}
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("draw a table: %w", err)
	}
	return nil
}

// narrowest is the width that no column is narrowed below, however small the terminal.
const narrowest = 8

// boxWidths returns the columns' widths: what their cells need, and on a terminal at most what there is
// room for. The widest gives first.
func (d *drawing) boxWidths(rows [][]Cell) []int {
	widths := make([]int, len(rows[0]))
	total := 1
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], twwidth.Width(escape(c.Text, "")))
		}
	}
	for _, w := range widths {
		total += w + 3 // a blank on both sides and a line
	}
	for d.Terminal && d.Width > 0 && total > d.Width {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// boxCell breaks a cell into lines of a width and paints each: the library would let colours run into the
// frame, and mark the breaks by characters that are not in the data.
func (d *drawing) boxCell(c Cell, width int) string {
	var lines []string
	var line strings.Builder
	used := 0
	for _, r := range escape(c.Text, "") {
		w := twwidth.Width(string(r))
		if used > 0 && used+w > width {
			lines = append(lines, d.Theme.Paint(c.Role, line.String()))
			line.Reset()
			used = 0
		}
		line.WriteRune(r)
		used += w
	}
	return strings.Join(append(lines, d.Theme.Paint(c.Role, line.String())), "\n")
}
