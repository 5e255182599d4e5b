package zab

import "testing"

// BenchmarkLeader is a write's way through a leader of three: proposed, durable here, acknowledged by one.
func BenchmarkLeader(b *testing.B) {
	c, step := benchLeader(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	_ = c
}

func benchLeader(tb testing.TB) (*Core, func()) {
	g := startGroup(tb, 3, 0)
	l := g.leader()
	c := l.core
	var links []LinkID
	for _, h := range c.leader.handlers {
		links = append(links, h.link)
	}
	data := make([]byte, 200)
	var z Zxid
	build := func(next Zxid) []byte { z = next; return data }
	ack := Packet{Type: Ack}
	return c, func() {
		if err := c.Propose(build); err != nil {
			tb.Fatal(err)
		}
		r, _ := c.Ready()
		for _, op := range r.Disk {
			c.Persisted(op.Seq)
			c.Ready()
		}
		ack.Zxid = z
		for _, l := range links {
			c.Receive(l, &ack)
			c.Ready()
		}
	}
}

// A write costs its bytes and little more: nothing is allocated per packet or per learner.
func TestLeader_WriteIsCheap(t *testing.T) {
	_, step := benchLeader(t)
	for range 2000 {
		step()
	}
	if n := testing.AllocsPerRun(5000, step); n > 2 {
		t.Errorf("%v allocations a write", n)
	}
}
