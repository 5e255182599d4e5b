package flw

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Server is the answer to srvr. A field that the server does not tell is zero.
type Server struct {
	Version string // "3.9.4-<commit>, built on …"
	Mode    string // standalone, leader, follower, observer, read-only
	Zxid    zkproto.Zxid
	// Latency in milliseconds since the start, or since srst.
	LatencyMin, LatencyMax int64
	LatencyAvg             float64
	Received, Sent         int64 // packets
	Connections            int64
	Outstanding            int64
	NodeCount              int64
	// Proposal sizes in bytes, of a leader only; -1 before the first.
	ProposalLast, ProposalMin, ProposalMax int64
}

// Srvr asks a server for its state.
func Srvr(ctx context.Context, addr string, dial Dialer) (Server, error) {
	answer, err := Do(ctx, addr, "srvr", dial)
	if err != nil {
		return Server{}, err
	}
	s, err := ParseSrvr(answer)
	if err != nil {
		err = &Error{"srvr", addr, err}
	}
	return s, err
}

// ParseSrvr reads the answer to srvr, or to stat, whose clients it passes over. Lines that it
// does not know are passed over too. The error wraps [ErrUnexpected].
func ParseSrvr(text string) (Server, error) {
	var s Server
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		if err := s.set(name, value); err != nil {
			return Server{}, fmt.Errorf("%w: line %q: %v", ErrUnexpected, strings.TrimSpace(line), err)
		}
	}
	if s.Version == "" || s.Mode == "" {
		return Server{}, fmt.Errorf("%w: no version and mode in %.60q", ErrUnexpected, text)
	}
	return s, nil
}

func (s *Server) set(name, value string) (err error) {
	switch name {
	case "Zookeeper version":
		s.Version = value
	case "Mode":
		s.Mode = value
	case "Zxid":
		var z uint64
		z, err = strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 64)
		s.Zxid = zkproto.Zxid(z)
	case "Latency min/avg/max":
		return s.setLatency(value)
	case "Received":
		s.Received, err = strconv.ParseInt(value, 10, 64)
	case "Sent":
		s.Sent, err = strconv.ParseInt(value, 10, 64)
	case "Connections":
		s.Connections, err = strconv.ParseInt(value, 10, 64)
	case "Outstanding":
		s.Outstanding, err = strconv.ParseInt(value, 10, 64)
	case "Node count":
		s.NodeCount, err = strconv.ParseInt(value, 10, 64)
	case "Proposal sizes last/min/max":
		_, err = fmt.Sscanf(value, "%d/%d/%d", &s.ProposalLast, &s.ProposalMin, &s.ProposalMax)
	}
	return err
}

func (s *Server) setLatency(value string) error {
	_, err := fmt.Sscanf(value, "%d/%f/%d", &s.LatencyMin, &s.LatencyAvg, &s.LatencyMax)
	return err
}
