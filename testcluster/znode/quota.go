package znode

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Names of the nodes below /zookeeper/quota/PATH.
const (
	limitsName = "zookeeper_limits"
	statsName  = "zookeeper_stats"
)

// Quota is the text of a limits or stats node: count=N,bytes=M[=;byteHardLimit=X][;countHardLimit=Y]. -1 is none.
// Source: org.apache.zookeeper.StatsTrack.
type Quota struct {
	Count, Bytes                  int64
	CountHardLimit, ByteHardLimit int64
}

// ParseQuota reads a quota's text. What it does not understand it leaves out, for clients may write anything there.
func ParseQuota(text []byte) Quota {
	q := Quota{-1, -1, -1, -1}
	for pair := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == ',' || r == ';' }) {
		key, value, _ := strings.Cut(pair, "=")
		value, _, _ = strings.Cut(value, "=")
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch key {
		case "count":
			q.Count = v
		case "bytes":
			q.Bytes = v
		case "countHardLimit":
			q.CountHardLimit = v
		case "byteHardLimit":
			q.ByteHardLimit = v
		}
	}
	return q
}

// AppendText appends the quota's text. A hard limit of -1 is left out.
func (q Quota) AppendText(b []byte) ([]byte, error) {
	b = strconv.AppendInt(append(b, "count="...), q.Count, 10)
	b = strconv.AppendInt(append(b, ",bytes="...), q.Bytes, 10)
	if q.ByteHardLimit == -1 && q.CountHardLimit == -1 {
		return b, nil
	}
	b = append(b, '=') // so that servers before 3.7 read on no further
	if q.ByteHardLimit != -1 {
		b = strconv.AppendInt(append(b, ";byteHardLimit="...), q.ByteHardLimit, 10)
	}
	if q.CountHardLimit != -1 {
		b = strconv.AppendInt(append(b, ";countHardLimit="...), q.CountHardLimit, 10)
	}
	return b, nil
}

// QuotaRoot returns the longest prefix of path that has a quota, its limits, and what is in use below it. ok is false
// where there is none. Source: DataTree.getMaxPrefixWithQuota, ZooKeeperServer.checkQuota.
func (t *Tree) QuotaRoot(path string) (root string, limits, usage Quota, ok bool) {
	root = t.quotaRoot(path)
	if root == "" {
		return "", Quota{}, Quota{}, false
	}
	l, s := t.find(quotaPath+root+"/"+limitsName), t.find(quotaPath+root+"/"+statsName)
	if l == none || s == none {
		return "", Quota{}, Quota{}, false
	}
	return root, ParseQuota(t.data(l)), ParseQuota(t.data(s)), true
}

// Quotas returns the paths that have a quota, sorted.
func (t *Tree) Quotas() []string {
	roots := make([]string, 0, len(t.quotas))
	for r := range t.quotas {
		roots = append(roots, r)
	}
	slices.Sort(roots)
	return roots
}

// quotaRoot is "" where there is none. The tree's root has none, whatever its limits node says.
func (t *Tree) quotaRoot(path string) string {
	if len(t.quotas) == 0 {
		return ""
	}
	for ; len(path) > 1; path = zkproto.Parent(path) {
		if _, ok := t.quotas[path]; ok {
			return path
		}
	}
	return ""
}

// quotaOf is the path whose quota the children of /zookeeper/quota/PATH describe.
func quotaOf(parent string) (string, bool) {
	path, ok := strings.CutPrefix(parent, quotaPath)
	return path, ok && strings.HasPrefix(path, "/")
}

// quotaCreated takes notice of a new limits or stats node.
func (t *Tree) quotaCreated(parent, name string) {
	if name != limitsName && name != statsName {
		return
	}
	path, ok := quotaOf(parent)
	switch {
	case !ok:
	case name == limitsName:
		t.quotas[path] = struct{}{}
	default:
		t.recount(path)
	}
}

// quotaDeleted takes notice of the end of a limits node.
func (t *Tree) quotaDeleted(path string) {
	parent, isLimits := strings.CutSuffix(path, "/"+limitsName)
	if !isLimits {
		return
	}
	if path, ok := quotaOf(parent); ok {
		delete(t.quotas, path)
	}
}

// charge adds to the usage of the quota that path is under, if any. Source: DataTree.updateQuotaStat.
func (t *Tree) charge(path string, bytes int64, count int64) {
	root := t.quotaRoot(path)
	if root == "" {
		return
	}
	i := t.find(quotaPath + root + "/" + statsName)
	if i == none {
		return // zkCli makes the limits first
	}
	q := ParseQuota(t.data(i))
	q.Count += count
	q.Bytes += bytes
	t.setStats(i, q)
}

// recount writes what is in use below a path into its stats node. Source: DataTree.updateQuotaForPath.
func (t *Tree) recount(path string) {
	stats := t.find(quotaPath + path + "/" + statsName)
	if stats == none {
		return
	}
	q := Quota{0, 0, -1, -1}
	if top := t.find(path); top != none {
		end := t.nodes.after(top)
		for i := top; i != end; i = t.next(i) {
			q.Count++
			q.Bytes += int64(max(t.nodes.at(i).dataLen, 0))
		}
	}
	t.setStats(stats, q)
}

// setStats changes a stats node's data and nothing of its stat: every server does it by itself.
func (t *Tree) setStats(i uint32, q Quota) {
	text, _ := q.AppendText(nil)
	t.dataSize += int64(len(text)) - int64(max(t.nodes.at(i).dataLen, 0))
	t.replace(i, text)
}

// findQuotas takes notice of all limits nodes of a tree that was restored. Source: DataTree.setupQuota.
func (t *Tree) findQuotas() {
	top := t.find(quotaPath)
	if top == none {
		return
	}
	end := t.nodes.after(top)
	for i := t.next(top); i != end; i = t.next(i) {
		if t.nodes.at(i).child != none || string(t.name(i)) != limitsName {
			continue
		}
		if path, ok := quotaOf(t.path(t.nodes.at(i).parent)); ok {
			t.quotas[path] = struct{}{}
			t.recount(path)
		}
	}
}
