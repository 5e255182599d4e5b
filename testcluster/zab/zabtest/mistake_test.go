package zabtest

import (
	"errors"
	"testing"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// mistake is a core that makes one: each field that is set is one.
type mistake struct {
	Machine
	// early: what is on its way to the disk counts as durable at once.
	early func(zab.DiskOp) bool
	// altered changes what is written.
	altered func(*zab.DiskOp)
	// durable changes what is found at the start.
	durable func(*zab.Durable)
	// atOnce: Confirm is answered at once.
	atOnce bool
	// forged: the leader takes each ACK as if all others had sent it too.
	forged bool
	// hasty: a learner applies what is proposed.
	hasty bool
	// swaps: of two proposals the second comes first.
	swaps bool

	leading   bool
	persisted uint64
	confirmed []uint64
	proposed  []zab.Entry
	waiting   func(zab.Zxid) []byte
}

func everything(zab.DiskOp) bool { return true }

func ofKind(kind zab.DiskKind) func(zab.DiskOp) bool {
	return func(op zab.DiskOp) bool { return op.Kind == kind }
}

// mutant makes cores that make a mistake.
func mutant(set func(*mistake)) NewMachine {
	return func(cfg zab.Config, d zab.Durable) (Machine, error) {
		m := &mistake{}
		set(m)
		if m.durable != nil {
			m.durable(&d)
		}
		core, err := NewCore(cfg, d)
		m.Machine = core
		return m, err
	}
}

func (m *mistake) Ready() (zab.Ready, bool) {
	r, ok := m.Machine.Ready()
	if r.Role != nil {
		m.leading, m.proposed = r.Role.State == zab.Leading, nil
	}
	for i := range r.Disk {
		op := &r.Disk[i]
		if m.early != nil && m.early(*op) {
			m.Persisted(op.Seq)
		}
		if m.altered != nil {
			m.altered(op)
		}
	}
	if m.atOnce {
		r.Confirmed = nil
	}
	if len(m.confirmed) > 0 && m.leading {
		r.Confirmed, ok = append(r.Confirmed, m.confirmed...), true
	}
	m.confirmed = nil
	if len(m.proposed) > 0 {
		r.Commit, ok = append(r.Commit, m.proposed...), true
		m.proposed = nil
	}
	return r, ok
}

func (m *mistake) Persisted(seq uint64) {
	if seq > m.persisted {
		m.persisted = seq
		m.Machine.Persisted(seq)
	}
}

func (m *mistake) Receive(l zab.LinkID, p *zab.Packet) {
	m.Machine.Receive(l, p)
	switch {
	case !m.leading && m.hasty && p.Type == zab.Proposal && m.Status().Role.Phase == zab.Broadcast:
		m.proposed = append(m.proposed, zab.Entry{Zxid: p.Zxid, Data: p.Data})
	case m.leading && m.forged && p.Type == zab.Ack && p.Zxid.Counter() > 0:
		for _, other := range m.Status().Learners {
			if other.Synced && other.Link != l {
				m.Machine.Receive(other.Link, p)
			}
		}
	}
}

func (m *mistake) Confirm(token uint64) error {
	err := m.Machine.Confirm(token)
	if m.atOnce && err == nil {
		m.confirmed = append(m.confirmed, token)
	}
	return err
}

func (m *mistake) Propose(build func(zab.Zxid) []byte) error {
	if !m.swaps {
		return m.Machine.Propose(build)
	}
	first := m.waiting
	m.waiting = build
	if first == nil {
		return nil
	}
	m.waiting = nil
	return errors.Join(m.Machine.Propose(build), m.Machine.Propose(first))
}

// TestMistakes_Found: the checks bite. Each of these is a mistake that some system has made, and seeds find it.
func TestMistakes_Found(t *testing.T) {
	const seeds = 150
	for name, set := range map[string]func(*mistake){
		"a proposal is acknowledged before it is on disk": func(m *mistake) { m.early = ofKind(zab.AppendTxn) },
		"NEWLEADER is acknowledged before the history is on disk": func(m *mistake) {
			m.early = func(op zab.DiskOp) bool { return op.Kind == zab.WriteCurrent || op.Kind == zab.InstallSnapshot }
		},
		"currentEpoch is lost": func(m *mistake) {
			m.altered = func(op *zab.DiskOp) {
				if op.Kind == zab.WriteCurrent {
					op.Epoch--
				}
			}
		},
		"a truncated tail comes back": func(m *mistake) {
			m.altered = func(op *zab.DiskOp) {
				if op.Kind == zab.TruncateLog {
					op.Zxid = 1 << 62
				}
			}
		},
		"acceptedEpoch is not read at the start": func(m *mistake) {
			m.durable = func(d *zab.Durable) { d.Accepted = d.Current }
		},
		"less than a quorum commits":        func(m *mistake) { m.forged = true },
		"a proposal is applied uncommitted": func(m *mistake) { m.hasty = true },
		"two proposals change places":       func(m *mistake) { m.swaps = true },
		"Confirm is answered at once":       func(m *mistake) { m.atOnce = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := 1; seed <= seeds; seed++ {
				var v *Violation
				if _, err := Run(Plan(seed, 3+seed%2*2), mutant(set)); errors.As(err, &v) {
					t.Logf("seed %d: %v", seed, firstLine(v.Error()))
					return
				}
			}
			t.Errorf("not found in %d seeds", seeds)
		})
	}
}
