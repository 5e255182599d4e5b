package quorum

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// TestStory: an election reads as what has happened in it, each thing once.
func TestStory(t *testing.T) {
	var log bytes.Buffer
	untimed := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}
	s := newStory(&Options{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: untimed})),
		Core:   zab.Config{ID: 1, Members: []zab.Member{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4, Observer: true}}},
	})
	note := func(from zab.ServerID, state zab.State, leader zab.ServerID, epoch int64, zxid zab.Zxid) zab.Notification {
		return zab.Notification{From: from, State: state, Vote: zab.Vote{Leader: leader, Epoch: epoch, Zxid: zxid}, Round: 1}
	}
	votes := func(leader zab.ServerID, epoch int64, zxid zab.Zxid) zab.Ready {
		n := note(1, zab.Looking, leader, epoch, zxid)
		return zab.Ready{Notifications: []zab.Notification{n, n}}
	}
	hears := func(n zab.Notification) { s.hears(&n); s.hears(&n) }
	tell := func(r zab.Ready) { s.tell(&r) }

	begin := votes(1, 1, 0x100000007)
	begin.Role = &zab.Role{}
	tell(begin)
	tell(votes(1, 1, 0x100000007)) // repeated
	hears(note(2, zab.Looking, 2, 1, 0x100000007))
	tell(votes(2, 1, 0x100000007))
	hears(note(3, zab.Looking, 3, 1, 0x100000008))
	hears(note(4, zab.Looking, 4, 1, 0x100000009)) // an observer
	hears(note(9, zab.Looking, 9, 9, 0x900000000)) // nobody
	result := votes(3, 1, 0x100000008)
	result.Role = &zab.Role{State: zab.Following, Phase: zab.Discovery, Leader: 3}
	tell(result)
	hears(note(2, zab.Looking, 3, 1, 0x100000008)) // too late to matter
	s.synchronizes(&zab.Packet{Type: zab.Diff, Zxid: 0x100000008})
	for _, phase := range []zab.Phase{zab.Synchronization, zab.Broadcast} {
		tell(zab.Ready{Role: &zab.Role{State: zab.Following, Phase: phase, Leader: 3, Epoch: 2}})
		tell(zab.Ready{Role: &zab.Role{State: zab.Following, Phase: phase, Leader: 3, Epoch: 2, Link: 1}})
	}
	s.synchronizes(&zab.Packet{Type: zab.Proposal})
	tell(begin)
	hears(note(2, zab.Following, 3, 2, 0))
	hears(note(3, zab.Leading, 3, 2, 0))
	tell(votes(1, 2, 0))
	tell(zab.Ready{Role: &zab.Role{State: zab.Leading, Phase: zab.Discovery, Leader: 1}})

	const want = `msg="LOOKING for a leader" voters=3
msg="this server votes for itself" epoch=1 zxid=0x100000007 round=1
msg="server 2 votes for itself" epoch=1 zxid=0x100000007 round=1
msg="this server votes for server 2" epoch=1 zxid=0x100000007 round=1 because="its id is greater than server 1's, epoch and zxid are the same"
msg="server 3 votes for itself" epoch=1 zxid=0x100000008 round=1
msg="this server votes for server 3" epoch=1 zxid=0x100000008 round=1 because="its zxid is greater than server 2's"
msg="FOLLOWING server 3" phase=discovery
msg="the leader brings this server up to date" by=DIFF zxid=0x100000008
msg="FOLLOWING server 3" phase=synchronization epoch=2
msg="FOLLOWING server 3" phase=broadcast epoch=2
msg="LOOKING for a leader" voters=3
msg="this server votes for itself" epoch=1 zxid=0x100000007 round=1
msg="server 2 is FOLLOWING server 3" epoch=2 round=1
msg="server 3 is LEADING" epoch=2 round=1
msg="this server votes for itself" epoch=2 zxid=0x0 round=1 because="its epoch is greater than server 1's"
msg=LEADING phase=discovery
`
	if got := log.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
