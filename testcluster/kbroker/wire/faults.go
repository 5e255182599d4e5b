package wire

import (
	"log/slog"
	"sync"
	"time"
)

// Lines that one host's faults may fill in the log, and for how long the count holds; how many hosts are counted apart.
const (
	faultLines  = 10
	faultWindow = time.Minute
	faultHosts  = 1024
)

// faults writes one line a fault to the log, and not a flood of them: what a host does wrong again and again is counted,
// and told with its next line a minute later.
type faults struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	hosts map[string]*hostFaults
}

type hostFaults struct {
	begin  time.Time
	lines  int
	untold int
}

func newFaults(log *slog.Logger) *faults {
	return &faults{log: log, now: time.Now, hosts: map[string]*hostFaults{}}
}

// report writes a line about a host's fault, unless it has had its lines.
func (f *faults) report(host, what string, attrs ...any) {
	more, ok := f.count(host)
	if ok {
		f.log.Warn(what, append(attrs, more...)...)
	}
}

// count says whether a fault is told, and what is added to its line.
func (f *faults) count(host string) (more []any, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.of(host)
	if now := f.now(); now.Sub(h.begin) >= faultWindow {
		if h.untold > 0 {
			more = append(more, slog.Int("untold", h.untold))
		}
		*h = hostFaults{begin: now}
	}
	if h.lines == faultLines {
		h.untold++
		return nil, false
	}
	if h.lines++; h.lines == faultLines {
		more = append(more, slog.String("note", "no more lines about this host for "+faultWindow.String()))
	}
	return more, true
}

// of returns a host's count. Hosts without a place, when there are too many, share one.
func (f *faults) of(host string) *hostFaults {
	if h := f.hosts[host]; h != nil {
		return h
	}
	if len(f.hosts) >= faultHosts {
		for name, h := range f.hosts {
			if f.now().Sub(h.begin) >= faultWindow {
				delete(f.hosts, name)
			}
		}
	}
	if len(f.hosts) >= faultHosts {
		host = ""
	}
	if f.hosts[host] == nil {
		f.hosts[host] = &hostFaults{}
	}
	return f.hosts[host]
}

// maxQuoted is how much of a client's own text a line has.
const maxQuoted = 64

// short is a text of a client's for a line in the log.
func short(s string) string {
	if len(s) > maxQuoted {
		return s[:maxQuoted] + "…"
	}
	return s
}

// maxReason bounds the reason in a line, whatever a handler puts into its errors.
const maxReason = 1000

// reason is an error for a line in the log.
func reason(err error) string {
	s := err.Error()
	if len(s) > maxReason {
		s = s[:maxReason] + "…"
	}
	return s
}
