package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// figure is one thing measured on both sides, in every round.
type figure struct {
	name string
	unit string
	// goal says in words what is to be reached.
	goal string
	// more is set where a larger value is the better one.
	more bool
	// peer names the other side where it is not Apache's program.
	peer         string
	zoka, apache []float64
}

// report collects figures in the order in which they first came.
type report struct{ figures []*figure }

// add records one value of one side.
func (r *report) add(k kind, f figure, value float64) {
	at := slices.IndexFunc(r.figures, func(have *figure) bool { return have.name == f.name })
	if at < 0 {
		r.figures = append(r.figures, &f)
		at = len(r.figures) - 1
	}
	if k == kinds[0] {
		r.figures[at].zoka = append(r.figures[at].zoka, value)
	} else {
		r.figures[at].apache = append(r.figures[at].apache, value)
	}
}

func (r *report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tzoka\tApache\tratio\tto reach\tspread of zoka")
	for _, f := range r.figures {
		ours, theirs := median(f.zoka), median(f.apache)
		ratio := "-"
		switch {
		case ours == 0 || theirs == 0:
		case f.more:
			ratio = fmt.Sprintf("%.1fx", ours/theirs)
		default:
			ratio = fmt.Sprintf("1/%.1f", theirs/ours)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.name, f.value(f.zoka), strings.TrimSpace(f.value(f.apache)+" "+f.peer), ratio, f.goal, spread(f.zoka))
	}
	w.Flush()
}

// value is the median with its unit, - where nothing was measured.
func (f *figure) value(v []float64) string {
	if len(v) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.4g %s", median(v), f.unit)
}

func spread(v []float64) string {
	if len(v) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.4g to %.4g", slices.Min(v), slices.Max(v))
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
