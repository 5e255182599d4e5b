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
func assign(nodes []node, base int, brokers bool) error {
	if base == 0 {
		return assignFree(nodes)
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

// assignBrokers gives a broker's port to those nodes that have none. The ports of all nodes are taken, though perhaps
// nobody listens there yet.
func assignBrokers(nodes []*node, all []node) error {
	base := all[0].base()
	taken := map[int]bool{}
	for _, n := range all {
		taken[n.Client], taken[n.Quorum], taken[n.Election], taken[n.Broker] = true, true, true, true
	}
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	for _, n := range nodes {
		if n.Broker == 0 && base != 0 {
			n.Broker = n.Client + brokerOffset
		}
		for n.Broker == 0 {
			l, err := ensemble.FreePort(context.Background())
			if err != nil {
				return err
			}
			held = append(held, l)
			if port := l.Addr().(*net.TCPAddr).Port; !taken[port] {
				n.Broker = port
			}
		}
	}
	return nil
}

func assignFree(nodes []node) error {
	var held []net.Listener // until all are found: no port is found twice
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	for i := range nodes {
		for _, port := range []*int{&nodes[i].Client, &nodes[i].Quorum, &nodes[i].Election} {
			l, err := ensemble.FreePort(context.Background())
			if err != nil {
				return err
			}
			held = append(held, l)
			*port = l.Addr().(*net.TCPAddr).Port
		}
	}
	return nil
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
