package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// With a base port the client ports follow one another from there on; the others are as far
// away as in the examples of ZooKeeper, where they are 2181, 2888 and 3888.
const (
	quorumOffset   = 2888 - 2181
	electionOffset = 3888 - 2181
	brokerOffset   = 9092 - 2181
)

// assign gives each node its ports: from a base on, or free ones for base 0.
func (s *state) assign(base int, brokers bool) error {
	nodes := s.Nodes
	if base == 0 {
		return s.assignFree()
	}
	farthest := electionOffset
	if brokers {
		farthest = brokerOffset
	}
	if last := base + farthest + len(nodes) - 1; base < 1 || last > 65535 {
		return &BasePortError{base, last}
	}
	for i := range nodes {
		nodes[i].Client = base + i
		nodes[i].Quorum, nodes[i].Election = nodes[i].Client+quorumOffset, nodes[i].Client+electionOffset
		if brokers {
			nodes[i].Broker = nodes[i].Client + brokerOffset
		}
	}
	return nil
}

// base is the base port that a first node's ports follow from, or 0.
func (n *node) base() int {
	if n.Quorum == n.Client+quorumOffset && n.Election == n.Client+electionOffset {
		return n.Client
	}
	return 0
}

// assignBrokers gives a broker's port to those nodes that have none.
func (s *state) assignBrokers(nodes []*node) error {
	base := s.Nodes[0].base()
	for _, n := range nodes {
		switch {
		case n.Broker != 0:
		case base != 0:
			n.Broker = n.Client + brokerOffset
		default:
			if err := s.reserve(&n.Broker); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *state) assignFree() error {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if err := s.reserve(&n.Client, &n.Quorum, &n.Election); err != nil {
			return err
		}
	}
	return nil
}

// reserve finds free ports, which are nobody else's until release.
func (s *state) reserve(ports ...*int) error {
	for _, port := range ports {
		r, err := ensemble.ReservePort(context.Background())
		if err != nil {
			return err
		}
		s.reserved = append(s.reserved, r)
		*port = r.Port
	}
	return nil
}

// release gives back what is reserved: the nodes listen, or never will.
func release(reserved []*ensemble.Reservation) {
	for _, r := range reserved {
		r.Release()
	}
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// checkPorts finds out whether nodes could have their ports: their own word for one that is
// taken would be in a log file.
func checkPorts(nodes []*node) error {
	for _, n := range nodes {
		for _, p := range []struct {
			what string
			port int
		}{{"client", n.Client}, {"quorum", n.Quorum}, {"election", n.Election}, {"broker", n.Broker}} {
			if p.port == 0 {
				continue
			}
			l, err := listen(p.port)
			if err != nil {
				return &ensemble.NodeError{Op: "start", ID: n.ID, Err: fmt.Errorf("its %s port %d: %w", p.what, p.port, reason(err))}
			}
			_ = l.Close()
		}
	}
	return nil
}

// reason is what the system has said. A *[net.OpError] would be a server that does not
// answer, to who looks for one.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// BasePortError tells of a base port that leads to ports beyond the last, 65535.
type BasePortError struct{ Base, Last int }

func (e *BasePortError) Error() string {
	return fmt.Sprintf("base port %d: it leads to ports up to %d, and the last is 65535", e.Base, e.Last)
}
