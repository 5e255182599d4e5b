package zoocfg

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ensemble is what concerns more than one server.
type Ensemble struct {
	// Standalone is standaloneEnabled, Reconfig reconfigEnabled.
	Standalone, Reconfig bool
	// InitLimit and SyncLimit are in ticks, 0 where not set.
	InitLimit, SyncLimit int
	// ConnectLimit is connectToLearnerMasterLimit in ticks, 0 where it follows InitLimit.
	ConnectLimit int
	ElectionAlg  int
	LeaderServes bool
	// NotifyMin and NotifyMax bound the wait between repeated votes, ConnectTimeout is cnxTimeout; 0 where not set.
	NotifyMin, NotifyMax, ConnectTimeout time.Duration
	// CommitLogCount is how many transactions are kept in memory for members that come back, 0 where not set.
	CommitLogCount int
	// ForceSnapshot is forceSnapshotSync. SnapshotSizeFactor is how much of the log may be read for a member instead of
	// a snapshot, as a part of the snapshot's size; negative is none, 0 where not set.
	ForceSnapshot      bool
	SnapshotSizeFactor float64
	// ListenAll is quorumListenOnAllIPs.
	ListenAll bool
	// quorumTLS and quorumSASL ask for what zoka's servers do not do among themselves.
	quorumTLS, quorumSASL bool
	// LocalSessions and LocalSessionsUpgrading keep sessions off the log until they need it.
	LocalSessions, LocalSessionsUpgrading bool
	// PeerType is this server's role: participant or observer.
	PeerType string
	// DynamicFile is the file of the server lines where zoo.cfg has none.
	DynamicFile string
	// Members are the server lines, by ascending id.
	Members []Member
	// Groups are the ids of each group line, Weights the weight lines; without groups each voter counts once.
	Groups  map[int64][]int64
	Weights map[int64]int64
	// MyID is this server's own, 0 in a standalone server without a myid.
	MyID int64
}

// Distributed tells whether the file asks for an ensemble. One voter is a standalone server, unless
// standaloneEnabled=false.
func (e *Ensemble) Distributed() bool {
	if len(e.Members) == 0 {
		return false
	}
	return !e.Standalone || e.voters() > 1
}

func (e *Ensemble) voters() int {
	n := 0
	for _, m := range e.Members {
		if m.Role == Participant {
			n++
		}
	}
	return n
}

// member finds the server line of an id.
func (e *Ensemble) member(id int64) *Member {
	i, found := slices.BinarySearchFunc(e.Members, id, func(m Member, id int64) int { return int(min(1, max(-1, m.ID-id))) })
	if !found {
		return nil
	}
	return &e.Members[i]
}

// setMember takes one of the keys server.N, group.N and weight.N.
func (e *Ensemble) setMember(en entry) error {
	kind, number, _ := strings.Cut(en.key, ".")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id < 0 {
		return &Error{Origin: en.origin, Key: en.key, Reason: fmt.Sprintf("%q is not a number", number)}
	}
	switch kind {
	case "server":
		var m Member
		if m, err = parseMember(id, en.value); err == nil {
			m.Origin = en.origin
			e.Members = slices.DeleteFunc(e.Members, func(m Member) bool { return m.ID == id })
			e.Members = append(e.Members, m)
			slices.SortFunc(e.Members, func(a, b Member) int { return int(min(1, max(-1, a.ID-b.ID))) })
		}
	case "group":
		if e.Groups == nil {
			e.Groups = map[int64][]int64{}
		}
		e.Groups[id], err = parseGroup(en.value)
	case "weight":
		if e.Weights == nil {
			e.Weights = map[int64]int64{}
		}
		e.Weights[id], err = whole(en.value, 0, 1<<31-1, "")
	}
	if err != nil {
		return &Error{Origin: en.origin, Key: en.key, Reason: err.Error()}
	}
	return nil
}

// parseGroup reads the ids of one group, n:n:n.
func parseGroup(value string) ([]int64, error) {
	var ids []int64
	for s := range strings.SplitSeq(value, ":") {
		id, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a list of server ids with : between them", value)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// checkEnsemble holds the member lines against one another and against myid.
func (c *Config) checkEnsemble() error {
	e := &c.Ensemble
	if len(e.Members) == 0 && len(e.Groups) == 0 {
		return nil
	}
	if len(e.Members) > 0 && e.voters() == 0 {
		return c.fail("", "there are only observers: an ensemble needs a participant")
	}
	if e.Standalone && e.voters() == 1 && len(e.Members) > 1 {
		return c.fail("", "observers need more than one participant, or standaloneEnabled=false")
	}
	if err := c.checkAddresses(); err != nil {
		return err
	}
	if err := c.checkGroups(); err != nil {
		return err
	}
	if err := c.readMyID(); err != nil {
		return err
	}
	if !e.Distributed() {
		return nil
	}
	for _, limit := range []struct {
		key   string
		value int
	}{{"initLimit", e.InitLimit}, {"syncLimit", e.SyncLimit}} {
		if limit.value == 0 {
			return c.fail(limit.key, "is not set: an ensemble needs it")
		}
	}
	if err := c.checkQuorum(); err != nil {
		return err
	}
	if own := e.member(e.MyID); c.peerType != "" && c.peerType != own.Role.String() {
		return c.fail("peerType", fmt.Sprintf("%s, but server.%d is a %s", c.peerType, e.MyID, own.Role))
	} else if own != nil {
		e.PeerType = own.Role.String()
	}
	return nil
}

// unserved are keys of ensembles that zoka's members take no notice of, and what they do instead.
var unserved = []struct{ key, instead string }{
	{"reconfigEnabled", "zoka's ensembles refuse reconfig"},
	{"localSessionsEnabled", "every session is known to all servers"},
	{"localSessionsUpgradingEnabled", "every session is known to all servers"},
	{"observerMasterPort", "observers follow the leader alone"},
	{"syncEnabled", "observers always write a log"},
	{"oraclePath", "a quorum is a majority, or one of groups"},
	{"readonlymode.enabled", "a server without a quorum serves nobody"},
}

// warnUnserved says so of those that are set.
func (l *loader) warnUnserved() {
	for _, u := range unserved {
		if o, set := l.c.origins[u.key]; set {
			l.warn(o, u.key, "has no effect: "+u.instead)
		}
	}
}

// checkQuorum refuses what an ensemble would be unsafe without.
func (c *Config) checkQuorum() error {
	switch e := &c.Ensemble; {
	case e.quorumTLS:
		return c.fail("sslQuorum", "zoka's servers do not speak TLS among themselves yet")
	case e.quorumSASL:
		return c.fail("quorum.auth.enableSasl", "zoka's servers do not authenticate to each other yet")
	}
	return nil
}

// checkAddresses: no two ports between servers are the same. Without this check one of the two would not start, or
// hear itself where it expects another.
func (c *Config) checkAddresses() error {
	owner := map[string]int64{}
	for _, m := range c.Ensemble.Members {
		for _, p := range m.Peers {
			for _, port := range []int{p.Quorum, p.Election} {
				addr := net.JoinHostPort(p.Host, strconv.Itoa(port))
				if other, taken := owner[addr]; taken && other != m.ID {
					return &Error{Origin: m.Origin, Key: fmt.Sprintf("server.%d", m.ID),
						Reason: fmt.Sprintf("%s is an address of server.%d already", addr, other)}
				}
				owner[addr] = m.ID
			}
		}
	}
	return nil
}

// checkGroups: every member in one group, every group and weight of members.
func (c *Config) checkGroups() error {
	e := &c.Ensemble
	seen := map[int64]int64{}
	for _, g := range slices.Sorted(maps.Keys(e.Groups)) {
		key := fmt.Sprintf("group.%d", g)
		for _, id := range e.Groups[g] {
			if other, twice := seen[id]; twice {
				return c.fail(key, fmt.Sprintf("server %d is in group.%d already", id, other))
			}
			if e.member(id) == nil {
				return c.fail(key, fmt.Sprintf("there is no server.%d", id))
			}
			seen[id] = g
		}
	}
	for _, m := range e.Members {
		if _, in := seen[m.ID]; len(e.Groups) > 0 && !in && m.Role == Participant {
			return c.fail(fmt.Sprintf("server.%d", m.ID), "is in no group")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.Weights)) {
		if e.member(id) == nil {
			return c.fail(fmt.Sprintf("weight.%d", id), fmt.Sprintf("there is no server.%d", id))
		}
	}
	return nil
}

// readMyID reads this server's id from the file myid in dataDir. A standalone server does without.
func (c *Config) readMyID() error {
	e := &c.Ensemble
	path := filepath.Join(c.DataDir, "myid")
	bytes, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !e.Distributed() {
			return nil
		}
		return &Error{Origin: Origin{File: path}, Err: err, Reason: fmt.Sprintf(
			"is missing: it holds the number of this server, one of %s", c.ids())}
	}
	if err != nil {
		return &Error{Origin: Origin{File: path}, Reason: "cannot be read: " + err.Error(), Err: err}
	}
	line, _, _ := strings.Cut(string(bytes), "\n")
	line = strings.TrimSpace(line)
	id, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return &Error{Origin: Origin{File: path, Line: 1}, Reason: fmt.Sprintf("%q is not the number of a server", line)}
	}
	if e.member(id) == nil && e.Distributed() {
		return &Error{Origin: Origin{File: path, Line: 1}, Reason: fmt.Sprintf(
			"there is no server.%d in %s, only %s", id, c.serversFile(), c.ids())}
	}
	e.MyID = id
	return nil
}

func (c *Config) ids() string {
	var ids []string
	for _, m := range c.Ensemble.Members {
		ids = append(ids, strconv.FormatInt(m.ID, 10))
	}
	return strings.Join(ids, ", ")
}

// serversFile is the file that the server lines are in.
func (c *Config) serversFile() string {
	if len(c.Ensemble.Members) > 0 {
		return c.Ensemble.Members[0].Origin.File
	}
	return c.File
}
