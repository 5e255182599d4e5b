package wire

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestFaults_AreNoFlood: a host that does wrong again and again gets some lines a minute, and a count.
func TestFaults_AreNoFlood(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}})
	begin := time.Now()
	var later atomic.Int64
	s.faults.now = func() time.Time { return begin.Add(time.Duration(later.Load())) }
	wrong := func() {
		c := s.dial(t)
		c.send(lengthAlone(-1))
		c.closed()
	}
	for range faultLines + 7 {
		wrong()
	}
	all := s.log.all()
	if len(all) != faultLines || !strings.Contains(all[faultLines-1], `note="no more lines about this host for 1m0s"`) {
		t.Errorf("%d lines:\n%s", len(all), strings.Join(all, "\n"))
	}
	later.Store(int64(faultWindow))
	wrong()
	if all = s.log.all(); len(all) != faultLines+1 || !strings.Contains(all[faultLines], "untold=7") {
		t.Errorf("a minute later %d lines:\n%s", len(all), strings.Join(all, "\n"))
	}
}

// TestFaults_OfManyHosts: the counts of hosts are bounded; those that find no place share one.
func TestFaults_OfManyHosts(t *testing.T) {
	log := &lines{}
	f := newFaults(slog.New(slog.NewTextHandler(log, nil)))
	now := time.Now()
	f.now = func() time.Time { return now }
	for i := range 3 * faultHosts {
		f.report(fmt.Sprintf("10.0.%d.%d", i/256, i%256), "fault")
	}
	if n := len(f.hosts); n > faultHosts+1 {
		t.Errorf("%d hosts are counted", n)
	}
	if n := len(log.all()); n != faultHosts+faultLines {
		t.Errorf("%d lines", n)
	}
	now = now.Add(faultWindow)
	f.report("10.1.0.1", "fault")
	if n := len(f.hosts); n != 1 {
		t.Errorf("%d hosts are counted a minute later", n)
	}
}

// TestFaults_QuoteClients: a client's text fills no log and forges no line.
func TestFaults_QuoteClients(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}})
	h := kproto.RequestHeader{Key: 999, CorrelationID: 1, HasClientID: true,
		ClientID: "a\nlevel=ERROR msg=\"disk lost\"\r\x1b[2Jb" + strings.Repeat("x", 30_000)}
	b := h.AppendTo(make([]byte, 4), false)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	c := s.dial(t)
	c.send(b)
	c.closed()
	s.oneLine(t, "API 999 version 0 of client", "is not served here")
	line := s.log.all()[0]
	if len(line) > 600 || strings.ContainsAny(line, "\r\x1b") {
		t.Errorf("a line of %d bytes: %q", len(line), line)
	}
	if long := reason(fmt.Errorf("%01000000d", 0)); len(long) > maxReason+10 {
		t.Errorf("a reason of %d bytes", len(long))
	}
}
