package zoocfg

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Text is the ensemble's configuration in the form in which members show it to each other and in which
// /zookeeper/config has it. Source: QuorumMaj.toString, QuorumHierarchical.toString, QuorumServer.toString.
func (e *Ensemble) Text() string {
	var b strings.Builder
	for i := range e.Members {
		m := &e.Members[i]
		fmt.Fprintf(&b, "server.%d=%s:%s", m.ID, strings.Join(m.addresses(), "|"), m.Role)
		if m.Client.Port != 0 {
			fmt.Fprintf(&b, ";%s", Address{cmp.Or(m.Client.Host, "0.0.0.0"), m.Client.Port})
		}
		b.WriteByte('\n')
	}
	for _, g := range slices.Sorted(maps.Keys(e.Groups)) {
		ids := slices.Sorted(slices.Values(e.Groups[g]))
		text := make([]string, len(ids))
		for i, id := range ids {
			text[i] = strconv.FormatInt(id, 10)
		}
		fmt.Fprintf(&b, "group.%d=%s\n", g, strings.Join(text, ":"))
	}
	if len(e.Groups) > 0 {
		for i := range e.Members {
			fmt.Fprintf(&b, "weight.%d=%d\n", e.Members[i].ID, e.weight(e.Members[i].ID))
		}
	}
	b.WriteString("version=0")
	return b.String()
}

// addresses are the member's networks as host:quorumPort:electionPort, by their hosts.
func (m *Member) addresses() []string {
	peers := slices.SortedStableFunc(slices.Values(m.Peers), func(a, b Peer) int { return cmp.Compare(a.Host, b.Host) })
	var list []string
	for _, p := range peers {
		list = append(list, fmt.Sprintf("%s:%d", Address{p.Host, p.Quorum}, p.Election))
	}
	return list
}

// weight is a member's in hierarchical quorums: 1 unless a line says otherwise.
func (e *Ensemble) weight(id int64) int64 {
	if w, set := e.Weights[id]; set {
		return w
	}
	return 1
}

// server is the ensemble as the server takes it.
func (e *Ensemble) server() *zkserver.Ensemble {
	s := &zkserver.Ensemble{
		Text: []byte(e.Text()), InitLimit: e.InitLimit, SyncLimit: e.SyncLimit, ConnectLimit: e.ConnectLimit,
		NotifyMin: e.NotifyMin, NotifyMax: e.NotifyMax, ConnectTimeout: e.ConnectTimeout,
		CommitLogCount: e.CommitLogCount, ForceSnapshot: e.ForceSnapshot, SnapshotSizeFactor: e.SnapshotSizeFactor, LeaderRests: !e.LeaderServes,
		ListenAll: e.ListenAll,
	}
	group := map[int64]int64{}
	for g, ids := range e.Groups {
		for _, id := range ids {
			group[id] = g + 1 // 0 is for those without groups
		}
	}
	for i := range e.Members {
		m := &e.Members[i]
		to := zkserver.EnsembleMember{ID: m.ID, Observer: m.Role == Observer}
		if len(e.Groups) > 0 {
			to.Group, to.Weight = group[m.ID], e.weight(m.ID)
		}
		for _, p := range m.Peers {
			to.Quorum = append(to.Quorum, Address{p.Host, p.Quorum}.String())
			to.Election = append(to.Election, Address{p.Host, p.Election}.String())
		}
		if m.Client.Port != 0 {
			to.Client = m.Client.String()
		}
		s.Members = append(s.Members, to)
	}
	return s
}
