package complete

import (
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// most is how many candidates there are at most: more help nobody.
const most = 300

// znodes are the children of the znode before the last slash that begin with what stands behind it. A path that
// is complete goes on into its own children.
func (q *question) znodes() []Candidate {
	dir := q.partial.Text[:strings.LastIndexByte(q.partial.Text, '/')+1]
	base := q.partial.Text[len(dir):]
	if q.partial.Text == "" && q.cfg.Dir() == "/" {
		dir = "/" // as people write it
	}
	parent, ok := q.resolve(dir)
	if !ok {
		return nil
	}
	names := q.cache.names(key{kind: znode, path: parent})
	found := startingWith(names, base)
	if len(found) != 1 {
		return pathCandidates(dir, found)
	}
	below := q.cache.names(key{kind: znode, path: zkproto.Join(parent, found[0])})
	if found[0] == base && len(below) > 0 {
		return pathCandidates(dir+base+"/", startingWith(below, ""))
	}
	out := pathCandidates(dir, found)
	if below != nil && len(below) == 0 && q.spec.Name != "create" { // who creates may want to go on
		out[0].Append = " "
	}
	return out
}

// resolve returns the znode that the part of a path before its last slash means.
func (q *question) resolve(dir string) (path string, ok bool) {
	switch {
	case dir == "":
		return q.cfg.Dir(), true
	case dir == "/":
		return "/", true
	case strings.Contains(dir, "//"):
		return "", false
	}
	path, err := command.ResolvePath(q.cfg.Dir(), strings.TrimSuffix(dir, "/"))
	return path, err == nil && zkproto.ValidatePath(path) == nil
}

func pathCandidates(dir string, names []string) []Candidate {
	out := make([]Candidate, len(names))
	for i, name := range names {
		out[i] = Candidate{Text: lex.Quote(dir + name)}
	}
	return out
}

// startingWith returns the first of sorted names that begin with a prefix.
func startingWith(names []string, prefix string) []string {
	from, _ := slices.BinarySearch(names, prefix)
	to := from
	for to < len(names) && to-from < most && strings.HasPrefix(names[to], prefix) {
		to++
	}
	return names[from:to]
}
