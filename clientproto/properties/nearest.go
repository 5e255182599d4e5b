package properties

import (
	"slices"
	"strings"
)

// Nearest is the known key that a mistyped one may have meant: the one with the fewest changes of letters, at most a
// third of the key's length and three; the first by name of several. It is empty where none is near.
func Nearest(key string, known []string) string {
	best, distance := "", max(1, min(3, len(key)/3))+1
	for _, name := range known {
		d := edits(strings.ToLower(key), strings.ToLower(name), distance)
		if d < distance || d == distance && best != "" && name < best {
			best, distance = name, d
		}
	}
	return best
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
