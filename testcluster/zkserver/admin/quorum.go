package admin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// The commands that tell of an ensemble. A standalone server has little to say to them.

var errNoLeader = errors.New("server is not initialized")

// notServing is what commands answer that need a server in service.
const notServing = "This ZooKeeper instance is not currently serving requests"

// leader names who leads. Source: Commands.LeaderCommand.
func leader(a *admin, _ *http.Request, o *object) error {
	at, known := a.s.Standing()
	if !known {
		return errNoLeader
	}
	o.set("is_leader", at.Mode == "leader")
	o.set("leader_id", at.Leader)
	host := ""
	for _, m := range a.s.Members() {
		if m.ID == at.Leader {
			host, _, _ = net.SplitHostPort(m.Quorum[0])
		}
	}
	o.set("leader_ip", host)
	return nil
}

// votingView lists who may vote. Source: Commands.VotingViewCommand.
func votingView(a *admin, _ *http.Request, o *object) error {
	own, _ := a.s.Standing()
	view := object{}
	for _, m := range a.s.Members() {
		if m.Observer {
			continue
		}
		client := m.Client
		if m.ID == own.ID {
			client = a.clientAddress(client)
		}
		view = append(view, member{strconv.FormatInt(m.ID, 10), object{
			{"server_addresses", texts(m.Quorum)},
			{"election_addresses", texts(m.Election)},
			{"client_address", client},
			{"learner_type", "participant"},
		}})
	}
	o.set("current_config", view)
	return nil
}

// clientAddress is the server's own: as its server line has it, else where it listens.
func (a *admin) clientAddress(configured string) string {
	if configured != "" {
		return configured
	}
	return a.s.Addr().String()
}

// zabState tells how far the server has come. Source: Commands.ZabStateCommand.
func zabState(a *admin, _ *http.Request, o *object) error {
	at, known := a.s.Standing()
	if !known || at.Mode == "" {
		o.set("voting", false)
		o.set("zabstate", "")
		return nil
	}
	o.set("myid", at.ID)
	o.set("is_leader", at.Mode == "leader")
	for _, m := range a.s.Members() {
		if m.ID != at.ID {
			continue
		}
		o.set("quorum_address", addresses(m.Quorum))
		o.set("election_address", addresses(m.Election))
		o.set("client_address", a.clientAddress(m.Client))
	}
	zxid := a.s.Stats().Zxid
	o.set("voting", at.Mode != "observer")
	o.set("last_zxid", fmt.Sprintf("0x%x", uint64(zxid)))
	o.set("zab_epoch", zxid.Epoch())
	o.set("zab_counter", int64(zxid.Counter()))
	o.set("zabstate", at.Phase)
	return nil
}

// addresses is one port of a member in all the ways in which ZooKeeper's MultipleAddresses
// shows itself.
func addresses(list []string) object {
	var wildcards, ports, hosts []any
	for _, addr := range list {
		host, port, _ := net.SplitHostPort(addr)
		n, _ := strconv.Atoi(port)
		wildcards = append(wildcards, net.JoinHostPort("0.0.0.0", port))
		ports = append(ports, n)
		hosts = append(hosts, host)
	}
	return object{
		{"empty", false},
		{"all_addresses", texts(list)},
		{"wildcard_addresses", wildcards},
		{"all_ports", ports},
		{"all_host_strings", hosts},
		{"reachable_address", list[0]},
		{"all_reachable_addresses", texts(list)},
		{"all_reachable_addresses_or_all", texts(list)},
		{"reachable_or_one", list[0]},
		{"one", list[0]},
	}
}

// observers counts them. Of each one's connection this server tells nothing.
func observers(a *admin, _ *http.Request, o *object) error {
	at, _ := a.s.Standing()
	o.set("synced_observers", at.SyncedObservers)
	o.set("observers", []any{})
	return nil
}

// proposals is what a leader adds to its stats.
func proposals(st *zkserver.Stats) object {
	if st.Standing == nil || st.Standing.Mode != "leader" {
		return nil
	}
	p := st.Standing.Proposals
	return object{{"proposal_stats", object{
		{"last_buffer_size", p.Last}, {"min_buffer_size", p.Min}, {"max_buffer_size", p.Max},
	}}}
}
