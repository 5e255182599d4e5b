package zoocfg

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Role is what a member of an ensemble does: it votes, or it only follows.
type Role int

const (
	// Participant votes and may lead.
	Participant Role = iota
	// Observer has no vote.
	Observer
)

func (r Role) String() string {
	if r == Observer {
		return "observer"
	}
	return "participant"
}

// Member is one server line:
//
//	server.ID=host:quorumPort:electionPort[:role][|host:quorumPort:electionPort[:role]...][;[clientHost:]clientPort]
//
// Source: QuorumPeer.QuorumServer. IPv6 hosts stand in brackets.
type Member struct {
	ID int64
	// Peers are the addresses of the member's quorum and election ports; more than one where it has several networks.
	Peers []Peer
	Role  Role
	// Client is the address of its client port; Port 0 where the line does not name it.
	Client Address
	Origin Origin
}

// Peer is one address of a member with its two ports.
type Peer struct {
	Host             string
	Quorum, Election int
}

const memberForm = "host:port:port, with :participant or :observer behind it, more of these after |, and ;[host:]port for clients"

func parseMember(id int64, value string) (Member, error) {
	m := Member{ID: id}
	peers, client, hasClient := strings.Cut(value, ";")
	for i, alternative := range strings.Split(peers, "|") {
		peer, role, err := parsePeer(strings.TrimSpace(alternative))
		if err != nil {
			return m, err
		}
		if i > 0 && role != m.Role {
			return m, fmt.Errorf("%q has two roles", value)
		}
		m.Role, m.Peers = role, append(m.Peers, peer)
	}
	if !hasClient {
		return m, nil
	}
	var err error
	m.Client, err = parseClient(strings.TrimSpace(client))
	return m, err
}

func parsePeer(s string) (p Peer, role Role, err error) {
	host, rest, err := cutHost(s)
	if err != nil {
		return p, role, err
	}
	fields := strings.Split(rest, ":")
	if host == "" || len(fields) < 2 || len(fields) > 3 {
		return p, role, fmt.Errorf("%q does not have the form %s", s, memberForm)
	}
	p.Host = host
	if p.Quorum, err = portNumber(fields[0]); err != nil {
		return p, role, err
	}
	if p.Election, err = portNumber(fields[1]); err != nil {
		return p, role, err
	}
	if p.Quorum == p.Election {
		return p, role, fmt.Errorf("%q has one port for quorum and election: they must differ", s)
	}
	if len(fields) == 3 {
		switch strings.ToLower(strings.TrimSpace(fields[2])) {
		case "participant":
		case "observer":
			role = Observer
		default:
			return p, role, fmt.Errorf("%q is neither participant nor observer", fields[2])
		}
	}
	return p, role, nil
}

// parseClient reads [host:]port.
func parseClient(s string) (Address, error) {
	host, ports := "", s
	if strings.Contains(s, ":") {
		var err error
		if host, ports, err = cutHost(s); err != nil {
			return Address{}, err
		}
	}
	n, err := portNumber(strings.TrimSpace(ports))
	return Address{Host: host, Port: n}, err
}

// cutHost cuts at the colon behind the host, which stands in brackets if it has colons itself.
func cutHost(s string) (host, rest string, err error) {
	if !strings.HasPrefix(s, "[") {
		host, rest, _ = strings.Cut(s, ":")
		return host, rest, nil
	}
	host, rest, found := strings.Cut(s[1:], "]")
	if !found || !isIPv6(host) {
		return "", "", fmt.Errorf("%q: no IPv6 address in the brackets", s)
	}
	rest, found = strings.CutPrefix(rest, ":")
	if !found {
		return "", "", errNoPort
	}
	return host, rest, nil
}

var errNoPort = errors.New("no port behind the address")

func isIPv6(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Is6()
}
