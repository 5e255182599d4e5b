package zoocfg

import (
	"cmp"
	"slices"
	"strings"
)

// suggestion is " (did you mean KEY?)" where a known key is near.
func (l *loader) suggestion(name string) string {
	bare := strings.TrimPrefix(name, "zookeeper.")
	best, distance := "", max(1, min(3, len(bare)/3))+1
	for _, t := range l.tables {
		for known := range t {
			d := edits(strings.ToLower(bare), strings.ToLower(known), distance)
			if d < distance || d == distance && best != "" && cmp.Less(known, best) {
				best, distance = known, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// edits is the number of insertions, removals and changes that turn a into b; past limit it is not exact.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{change, diagonal + 1, row[j] + 1})
		}
	}
	return row[len(b)]
}
