package zabtest

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// Show is a kind of news that a world tells.
type Show int

const (
	// Roles: what servers become. Told unless hidden.
	Roles Show = 1 << iota
	// Votes: notifications, as they arrive.
	Votes
	// Packets: those of the quorum port, as they arrive, but for PINGs.
	Packets
	// Pings: PINGs as they arrive.
	Pings
	// Disk: what has become durable.
	Disk
	// Commits: transactions applied.
	Commits
	// Reads: confirmed reads.
	Reads
	// Times stand before each line.
	Times
)

var shows = []struct {
	name string
	show Show
}{{"roles", Roles}, {"votes", Votes}, {"packets", Packets}, {"pings", Pings}, {"disk", Disk}, {"commits", Commits},
	{"reads", Reads}, {"times", Times}}

// teller writes down what happens.
type teller struct {
	show  Show
	lines []string
}

func (t *teller) say(w *World, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if t.show&Times != 0 {
		line = fmt.Sprintf("%v  %s", w.now, line)
	}
	t.lines = append(t.lines, line)
}

// take returns what has been told since the last call.
func (t *teller) take() []string {
	lines := t.lines
	t.lines = nil
	return lines
}

func (t *teller) role(w *World, s *server) {
	if text := roleText(&s.role); t.show&Roles != 0 && text != s.told {
		s.told = text
		t.say(w, "%d: %s", s.id, text)
	}
}

func roleText(r *zab.Role) string {
	var b strings.Builder
	b.WriteString(r.State.String())
	if r.State == zab.Looking {
		return b.String()
	}
	if r.State != zab.Leading {
		fmt.Fprintf(&b, " %d", r.Leader)
	}
	if r.Phase == zab.Broadcast {
		fmt.Fprintf(&b, ", serves in epoch %d", r.Epoch)
		return b.String()
	}
	fmt.Fprintf(&b, ", %s", r.Phase)
	if r.Phase == zab.Synchronization {
		fmt.Fprintf(&b, " in epoch %d", r.Epoch)
	}
	return b.String()
}

// vote tells of a notification that says something new.
func (t *teller) vote(w *World, m *mouth, n *zab.Notification) {
	if t.show&Votes == 0 {
		return
	}
	text := fmt.Sprintf("%d → %d  %s, round %d: %s", n.From, n.To, n.State, n.Round, voteText(n.Vote))
	if text != m.told {
		m.told = text
		t.say(w, "%s", text)
	}
}

func voteText(v zab.Vote) string {
	if v.Leader < 0 {
		return "asks for a leader"
	}
	return fmt.Sprintf("votes (%d, %v, %d)", v.Epoch, v.Zxid, v.Leader)
}

func (t *teller) packet(w *World, p *pipe, q *zab.Packet) {
	if q.Type == zab.Ping {
		if t.show&Pings != 0 {
			t.say(w, "%d → %d  PING", p.from.id, p.to.id)
		}
		return
	}
	if t.show&Packets != 0 {
		t.say(w, "%d → %d  %s", p.from.id, p.to.id, packetText(q))
	}
}

func packetText(q *zab.Packet) string {
	switch q.Type {
	case zab.FollowerInfo, zab.ObserverInfo:
		return fmt.Sprintf("%s, accepted epoch %d", q.Type, q.Zxid.Epoch())
	case zab.LeaderInfo, zab.NewLeader:
		return fmt.Sprintf("%s, epoch %d", q.Type, q.Zxid.Epoch())
	case zab.AckEpoch:
		current := "unchanged"
		if len(q.Data) == 4 && int32(binary.BigEndian.Uint32(q.Data)) >= 0 {
			current = fmt.Sprint(binary.BigEndian.Uint32(q.Data))
		}
		return fmt.Sprintf("ACKEPOCH, last logged %v, current epoch %s", q.Zxid, current)
	case zab.UpToDate:
		return "UPTODATE"
	case zab.Ack:
		if q.Zxid.Counter() == 0 {
			return fmt.Sprintf("ACK, epoch %d", q.Zxid.Epoch())
		}
		return fmt.Sprintf("ACK %v", q.Zxid)
	case zab.Proposal, zab.Inform:
		return fmt.Sprintf("%s %s", q.Type, show(zab.Entry{Zxid: q.Zxid, Data: q.Data}))
	}
	return fmt.Sprintf("%s %v", q.Type, q.Zxid)
}

func (t *teller) disk(w *World, s *server, op *diskOp) {
	if t.show&Disk == 0 {
		return
	}
	switch op.Kind {
	case zab.AppendTxn:
		t.say(w, "%d: disk: logs %s", s.id, show(op.Entry))
	case zab.WriteAccepted:
		t.say(w, "%d: disk: acceptedEpoch %d", s.id, op.Epoch)
	case zab.WriteCurrent:
		t.say(w, "%d: disk: currentEpoch %d", s.id, op.Epoch)
	case zab.TruncateLog:
		t.say(w, "%d: disk: log truncated to %v", s.id, op.Zxid)
	case zab.InstallSnapshot:
		t.say(w, "%d: disk: snapshot %v installed", s.id, op.Zxid)
	}
}

func (t *teller) commit(w *World, s *server, e zab.Entry) {
	if t.show&Commits != 0 {
		t.say(w, "%d: commits %s", s.id, show(e))
	}
}

func (t *teller) read(w *World, s *server, rd *read) {
	if t.show&Reads != 0 {
		t.say(w, "%d: read confirmed, sees %d transactions", s.id, len(s.tree))
	}
}

// status has a line for each server.
func (w *World) status() {
	for _, s := range w.servers {
		state := "down"
		switch {
		case s.core != nil && s.paused:
			state = "paused"
		case s.core != nil:
			state = roleText(&s.role)
		}
		w.tell.lines = append(w.tell.lines, fmt.Sprintf("%d: %s; accepted %d, current %d, last logged %v, applied %d",
			s.id, state, s.disk.accepted, s.disk.current, s.disk.last(), len(s.tree)))
	}
}
