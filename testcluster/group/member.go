package group

import (
	"bytes"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// protocol is a way to assign that a member knows, and what it has to say about itself in it.
type protocol struct {
	name     string
	metadata []byte
}

// member is one member of a group.
type member struct {
	id         string
	instance   *string // a static member's group.instance.id
	client     Client
	rebalance  time.Duration
	session    time.Duration
	protocols  []protocol // in the order it prefers them
	assignment []byte

	held     int    // bytes, as they are counted
	proven   bool   // it has got an assignment once
	isNew    bool   // it has not had an answer to its first join
	joins    Ticket // its JoinGroup that waits, or 0
	syncs    Ticket // its SyncGroup that waits, or 0
	owesSync bool   // it was told of the generation, and has not asked for its assignment
	alive    timer  // fires at the end of its session
}

func (m *member) metadata(name string) []byte {
	for _, p := range m.protocols {
		if p.name == name {
			return p.metadata
		}
	}
	return nil
}

// same tells whether a join brings nothing new.
func (m *member) same(protocols []protocol) bool {
	return slices.EqualFunc(m.protocols, protocols, func(a, b protocol) bool {
		return a.name == b.name && bytes.Equal(a.metadata, b.metadata)
	})
}

// names are the member's protocols, each once.
func names(protocols []protocol) []string {
	seen := make(map[string]bool, len(protocols))
	var list []string
	for _, p := range protocols {
		if !seen[p.name] {
			seen[p.name] = true
			list = append(list, p.name)
		}
	}
	return list
}

// answerJoin replies to the member's JoinGroup, if it waits.
func (g *group) answerJoin(m *member, resp *kmsg.JoinGroupResponse) bool {
	if m.joins == 0 {
		return false
	}
	g.s.reply(m.joins, resp)
	m.joins = 0
	g.waiting--
	return true
}

// awaitJoin has the member wait for the next generation. A client that asks again has given up on what it asked before.
func (g *group) awaitJoin(m *member, t Ticket) {
	g.answerJoin(m, joinError(m.id, kproto.RebalanceInProgress))
	m.joins = t
	g.waiting++
}

// answerSync replies to the member's SyncGroup, if it waits.
func (g *group) answerSync(m *member, resp *kmsg.SyncGroupResponse) bool {
	if m.syncs == 0 {
		return false
	}
	g.s.reply(m.syncs, resp)
	m.syncs = 0
	return true
}

func (g *group) awaitSync(m *member, t Ticket) {
	g.answerSync(m, syncError(kproto.RebalanceInProgress))
	m.syncs = t
}

// heard starts the member's session anew.
func (g *group) heard(now time.Time, m *member) {
	session := m.session
	if m.isNew {
		session = newMemberTimeout
	}
	g.s.timers.set(&m.alive, now.Add(session))
}

// sessionOver is the end of a member's session. Who waits for an answer cannot send heartbeats, so its silence means
// nothing; its session begins with the answer. A new member is an exception: see newMemberTimeout.
func (g *group) sessionOver(now time.Time, m *member) {
	if !m.isNew && (m.joins != 0 || m.syncs != 0) {
		return
	}
	g.removeMember(now, m, "its session has ended")
}
