package history

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zoka-project/zoka/testcluster/check"
)

// Kept compares the acknowledged writes with what a server (who) has after the last of them: the last write of each
// path is there, unless one without an answer has come after it.
func Kept(ops []Op, who string, tree map[string]check.Node) []Problem {
	var found []Problem
	writes := byPath(ops)
	for _, path := range slices.Sorted(maps.Keys(writes)) {
		w := writes[path]
		if len(w.done) == 0 {
			continue
		}
		last := w.done[len(w.done)-1]
		node, there := tree[path]
		rule := ""
		switch {
		case last.Kind == Delete && there && (!w.perhaps || node.Stat.Mzxid < last.Zxid):
			rule = "a deleted znode is there"
		case last.Kind == Delete:
		case !there && !w.deleted:
			rule = "an acknowledged write is lost"
		case !there:
		case node.Stat.Mzxid < last.Zxid:
			rule = "an acknowledged write is lost"
		case node.Stat.Mzxid == last.Zxid && string(node.Data) != last.Value:
			rule = "an acknowledged write has another value"
		case node.Stat.Mzxid > last.Zxid && !w.perhaps:
			rule = "a znode has a state that nobody wrote"
		}
		if rule != "" {
			text := fmt.Sprintf("%s has no %s", who, path)
			if there {
				text = fmt.Sprintf("%s has %s %v", who, path, node)
			}
			found = append(found, Problem{Rule: rule, Ops: []Op{*last}, Text: text})
		}
	}
	return found
}
