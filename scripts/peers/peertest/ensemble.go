package peertest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// EnsembleOptions are the particulars of an ensemble.
type EnsembleOptions struct {
	// Members are the programs that run the members: the first runs server 1, and so on.
	Members []Program
	// Observers are the ids of members without a vote.
	Observers []int
	// Config are further lines of every member's zoo.cfg. A line for a key that is set already wins; tickTime is 500
	// unless one of them says otherwise.
	Config []string
}

// Ensemble is several servers that replicate one tree. Any of its members may run any program, and another one after
// each restart: the data folder stays.
type Ensemble struct {
	Members []*Member
	config  []string
}

// NewEnsemble prepares an ensemble, each member with an empty folder and ports of its own, and starts none. Its
// members are killed with the test; the ends of their logs are shown when it has failed.
func NewEnsemble(t testing.TB, opts EnsembleOptions) *Ensemble {
	t.Helper()
	e := &Ensemble{config: []string{"tickTime=500"}}
	for i, program := range opts.Members {
		e.Members = append(e.Members, newMember(t, e, i+1, program))
	}
	for _, id := range opts.Observers {
		e.Members[id-1].Observer = true
	}
	for _, m := range e.Members {
		line := fmt.Sprintf("server.%d=127.0.0.1:%d:%d", m.ID, m.quorumPort, m.electionPort)
		if m.Observer {
			line += ":observer"
		}
		e.config = append(e.config, line)
	}
	e.config = append(e.config, opts.Config...)
	t.Cleanup(func() {
		for _, m := range e.Members {
			m.Kill()
			if t.Failed() {
				m.showLogs(t)
			}
		}
	})
	return e
}

// StartEnsemble prepares an ensemble, starts all members and waits until all serve.
func StartEnsemble(t testing.TB, opts EnsembleOptions) *Ensemble {
	t.Helper()
	e := NewEnsemble(t, opts)
	e.Start(t)
	e.Await(t)
	return e
}

// Start starts the members that do not run, and does not wait for them.
func (e *Ensemble) Start(t testing.TB) {
	t.Helper()
	for _, m := range e.Members {
		if !m.Running() {
			m.Start(t)
		}
	}
}

// Await waits until all members that run serve.
func (e *Ensemble) Await(t testing.TB) {
	t.Helper()
	for _, m := range e.Members {
		if m.Running() {
			m.Await(t)
		}
	}
}

// Kill kills all members.
func (e *Ensemble) Kill() {
	for _, m := range e.Members {
		m.Kill()
	}
}

// Leader waits until one member leads and returns it.
func (e *Ensemble) Leader(t testing.TB) *Member {
	t.Helper()
	var leader *Member
	ok := poll(startTimeout, func() bool {
		for _, m := range e.Members {
			if mode, err := m.Mode(); err == nil && mode == "leader" {
				leader = m
				return true
			}
		}
		return false
	})
	if !ok {
		t.Fatalf("no member leads after %s", startTimeout)
	}
	return leader
}

// ConnectString has the client addresses of all members.
func (e *Ensemble) ConnectString() string {
	var addrs []string
	for _, m := range e.Members {
		addrs = append(addrs, m.Addr())
	}
	return strings.Join(addrs, ",")
}

// poll asks until the answer is yes, or the time is over.
func poll(limit time.Duration, answer func() bool) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for !answer() {
		select {
		case <-deadline.C:
			return false
		case <-ticker.C:
		}
	}
	return true
}
