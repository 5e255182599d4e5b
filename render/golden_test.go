package render

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/zoka-project/zoka/render/theme"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew: read the difference before you commit it")

// result is a Result for any View, whose JSON form is the field that a command's own type would have.
type result struct {
	Name string `json:"name"`
	view View
}

func (r result) View() View { return r.view }

func rows(results ...Result) func(yield func(Result, error) bool) {
	return func(yield func(Result, error) bool) {
		for _, r := range results {
			if !yield(r, nil) {
				return
			}
		}
	}
}

const evil = "a\x1b[2J\r\x00\tb\nc\x7f\u009b\u202e\xff é"

var views = map[string]View{
	"table": Table{
		Columns: []Column{{Name: "nodePath"}, {Name: "size", Right: true}, {Name: "note"}},
		Rows: [][]Cell{
			{{"/a", theme.Path}, {"1", theme.None}, {"  kept  blanks", theme.Warning}},
			{{"/中文/é", theme.Path}, {"1234567", theme.None}, {evil, theme.None}},
			{{"/short", theme.Path}},
		},
	},
	"table-empty": Table{Columns: []Column{{Name: "name"}, {Name: "value"}}},
	"tree": Tree{Label: Cell{"/", theme.Path}, Children: []Tree{
		{Label: Cell{"kafka", theme.Path}, Children: []Tree{
			{Label: Cell{"brokers", theme.Path}, Children: []Tree{{Label: Cell{"ids", theme.Path}}}},
			{Label: Cell{evil, theme.Path}},
		}},
		{Label: Cell{"zookeeper", theme.None}, Children: []Tree{{Label: Cell{"quota", theme.None}}}},
	}},
	"fields": Fields{Items: []Field{
		{"cZxid", Cell{"0xe", theme.Value}}, {"state", Cell{"dead", theme.Error}}, {"text", Cell{evil, theme.None}},
	}},
	"fields-colon": Fields{Sep: ": ", Items: []Field{{"Topic", Cell{"first", theme.Path}}, {"none", Cell{}}}},
	"blob":         Blob{Data: []byte(evil), Newline: true},
	"blob-raw":     Blob{Data: []byte(evil)},
	"blob-empty":   Blob{Data: []byte{}, Newline: true},
	"blob-null":    Blob{Null: true, Newline: true},
	"blob-nullraw": Blob{Null: true},
	"text":         Text{Lines: []string{"Created /a", "", "tab\there", evil}, Role: theme.Event},
	"list":         List{Items: []string{"a", "b c", evil}, Role: theme.Path},
	"list-empty":   List{},
	"group": Group{Views: []View{
		Blob{Data: []byte("data"), Newline: true}, Fields{Items: []Field{{"version", Cell{"1", theme.None}}}}, Empty{},
	}},
	"stream": Stream{Rows: rows(
		result{"<1>", Text{Lines: []string{"/a"}}}, result{"\u202e\u007f", List{Items: []string{"x"}}}, result{"3", Empty{}},
	)},
	"empty": Empty{},
}

func TestGolden(t *testing.T) {
	for name, view := range views {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, format := range []Format{FormatText, FormatTable, FormatJSON} {
				for _, terminal := range []bool{false, true} {
					p := Printer{Format: format, Terminal: terminal}
					to := "pipe"
					if terminal {
						p.Theme, to = theme.Color(), "terminal"
					}
					var out bytes.Buffer
					p.Out = &out
					if err := p.Print(context.Background(), result{name, view}); err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&got, "== %s, %s\n%s", format, to, visible(out.String()))
				}
			}
			checkGolden(t, filepath.Join("testdata", name+".golden"), got.String())
		})
	}
	if *rewrite {
		return
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) != len(views)+1 {
		t.Errorf("%d golden files for %d views and the narrow terminal (%v)", len(files), len(views), err)
	}
}

// A box that is wider than the terminal is fitted to it: the widest columns give, and nothing is lost.
func TestGolden_NarrowTerminal(t *testing.T) {
	view := Table{
		Columns: []Column{{Name: "path"}, {Name: "size", Right: true}, {Name: "data"}},
		Rows: [][]Cell{
			{{"/a", theme.Path}, {"12", theme.None}, {strings.Repeat("two  words ", 5), theme.Error}},
			{{"/" + strings.Repeat("long", 12), theme.Path}, {"3", theme.None}, {"中文中文中文中文中文中文中文", theme.None}},
		},
	}
	var got strings.Builder
	for _, width := range []int{0, 80, 50, 5} {
		var out bytes.Buffer
		p := Printer{Out: &out, Format: FormatTable, Terminal: true, Theme: theme.Color(), Width: width}
		if err := p.Print(context.Background(), result{"", view}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "== width %d\n%s", width, visible(out.String()))
		for line := range strings.Lines(out.String()) {
			if w := twwidth.Width(strings.TrimSuffix(line, "\n")); width >= 50 && w > width {
				t.Errorf("width %d: a line of %d columns: %q", width, w, line)
			}
		}
	}
	checkGolden(t, filepath.Join("testdata", "narrow.golden"), got.String())
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}

// visible writes output such that each byte can be seen: a line an output line, with what cannot be printed
// and the backslash as in a Go string, and a mark where the last line has no end.
func visible(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		body, ended := strings.CutSuffix(line, "\n")
		quoted := strconv.Quote(body)
		b.WriteString("|" + strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`) + "|")
		if !ended {
			b.WriteString(" no line end")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
