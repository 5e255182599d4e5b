package kafkacmd_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/shelltest"
)

// testActiveGroup: while a group has a member it is seen who, and nothing of what it reads can be taken from it.
func testActiveGroup(t *testing.T, bootstrap string) {
	s := newSession(t, bootstrap)
	shows(t, s, "topics create active -p 2", "created active\n")
	shows(t, s, "produce -p 0 active a b c", "")
	leave, read := join(t, s, "active-g", "active")
	await(t, func() bool {
		out, _ := s.Run(t, "groups describe --members active-g")
		return strings.Contains(out, "active:0,1")
	})
	shows(t, s, "groups describe --members active-g", `active-g	\S+	/?127.0.0.1	\S+	2	active:0,1\n`)
	shows(t, s, "groups describe --state active-g", `active-g	Stable	127.0.0.1:\d+ \(1\)	\S+	1	\d+\n`)
	shows(t, s, "groups list --state stable active-g", `active-g	Stable	consumer	1\n`)
	shows(t, s, "groups describe active-g", `active-g	active	0	\S+	3	\S+	\S+	/?127.0.0.1	\S+\n(?s).*`)
	fails(t, s, "groups reset active-g --topic active --to-earliest", command.ExitFailed,
		`groups reset active-g: its offsets move only while it has no members, and it is Stable with 1 member: \S+ \(127.0.0.1\)`)
	fails(t, s, "groups delete active-g", command.ExitFailed, `groups delete active-g: it has members: \S+ \(127.0.0.1\)`)
	fails(t, s, "groups delete-offsets active-g --topic active:0", command.ExitFailed, `groups delete-offsets active-0: GROUP_SUBSCRIBED_TO_TOPIC: .*`)
	await(t, func() bool { return read() == 3 })
	leave()
	await(t, func() bool {
		out, _ := s.Run(t, "groups list --state empty active-g")
		return out != ""
	})
	shows(t, s, "groups reset active-g --topic active --to-earliest --execute", `active-g	active	0	3	0\nactive-g	active	1	\S+	0\n`)
	shows(t, s, "groups delete active-g", "deleted active-g\n")
	shows(t, s, "topics delete active", "deleted active\n")
}

// join makes a member of a group that reads a topic. It goes on until leave is called, which waits for its end; read is
// how many records it has.
func join(t *testing.T, s *shelltest.Session, group, topic string) (leave func(), read func() int64) {
	t.Helper()
	kafka, err := s.Env.Kafka(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := kafka.Consumer(t.Context(), kmodel.ConsumeOptions{
		Topics: []string{topic}, Group: group, From: kmodel.Position{Start: kmodel.StartBegin},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	var records atomic.Int64
	go func() { // waited for by leave
		defer close(done)
		for consumer.Poll(ctx, func(*kmodel.Record) bool { records.Add(1); return true }) == nil {
			continue
		}
	}()
	leave = sync.OnceFunc(func() {
		cancel()
		<-done
		if err := consumer.Close(context.Background()); err != nil {
			t.Errorf("leave %s: %v", group, err)
		}
	})
	t.Cleanup(leave)
	return leave, records.Load
}

// shows runs a line, of whose output the whole must match.
func shows(t *testing.T, s *shelltest.Session, line, want string) {
	t.Helper()
	out, err := s.Run(t, line)
	if err != nil || !regexp.MustCompile("^"+want+"$").MatchString(out) {
		t.Errorf("%s: %v, shows\n%s\nwant\n%s", line, err, out, want)
	}
}

func fails(t *testing.T, s *shelltest.Session, line string, code command.ExitCode, want string) {
	t.Helper()
	_, err := s.Run(t, line)
	if err == nil || command.ExitCodeOf(err) != code || !regexp.MustCompile("^"+want+"$").MatchString(err.Error()) {
		t.Errorf("%s: exit code %d, %v; want %d, %s", line, command.ExitCodeOf(err), err, code, want)
	}
}

func await(t *testing.T, cond func() bool) {
	t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-limit.C:
			t.Fatal("it does not come about within 30 s")
		}
	}
}
