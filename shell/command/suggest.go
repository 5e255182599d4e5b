package command

import (
	"slices"
	"strings"
)

// suggest returns the names nearest to a mistyped one, at most three, all at the same distance: none when
// that is more than a third of the name's length.
func suggest(typed string, names []string) []string {
	best := max(1, len(typed)/3)
	var found []string
	for _, name := range names {
		d := distance(strings.ToLower(typed), strings.ToLower(name), best)
		switch {
		case d > best, d >= max(len(typed), len(name)): // nothing in common
		case d < best:
			best, found = d, []string{name}
		default:
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found[:min(len(found), 3)]
}

// distance is Damerau's, in its restricted form: the insertions, deletions, replacements and exchanges of
// neighbours that turn a into b. Anything above limit may be returned as limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
