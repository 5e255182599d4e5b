package ensemble

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// brokerPart is what a node has for its broker, and the broker itself.
type brokerPart struct {
	addr     string
	config   *kconf.Broker
	dial     func(ctx context.Context, network, addr string) (net.Conn, error) // as the cuts leave it
	logger   *slog.Logger
	listener net.Listener // taken and not yet given to a broker
	broker   *kbroker.Broker
}

// plaintext is the name of a broker's only listener.
const plaintext = "PLAINTEXT"

// BrokerLines are the lines of a node's server.properties that follow from the ensemble.
func BrokerLines(id int, addr, zookeeper, logs string) []string {
	return []string{
		fmt.Sprintf("broker.id=%d", id),
		"listeners=" + plaintext + "://" + addr,
		"log.dirs=" + logs,
		"zookeeper.connect=" + zookeeper,
	}
}

// BrokerDefaults are those in which brokers of ensembles differ from Kafka's own defaults: what is meant for a cluster
// of machines waits for nobody here.
func BrokerDefaults(nodes int) []string {
	return []string{
		fmt.Sprintf("offsets.topic.replication.factor=%d", min(nodes, 3)),
		"group.initial.rebalance.delay.ms=0",
	}
}

// brokers gives every node what its broker needs.
func (e *Ensemble) brokers(ctx context.Context) error {
	at := map[string]zab.ServerID{} // who has an address, for the cuts
	for _, m := range e.nodes {
		l, err := listen(ctx, "")
		if err != nil {
			return err
		}
		m.kafka = &brokerPart{addr: l.Addr().String(), listener: l, logger: m.config.Logger}
		at[m.addr], at[m.kafka.addr] = zab.ServerID(m.id), zab.ServerID(m.id)
	}
	for _, m := range e.nodes {
		lines := slices.Concat(BrokerLines(m.id, m.kafka.addr, e.ConnectString(), filepath.Join(m.config.DataDir, "kafka-logs")),
			BrokerDefaults(len(e.nodes)), e.options.BrokerSettings)
		config, _, err := kconf.ReadBroker(strings.NewReader(strings.Join(lines, "\n")), "broker settings")
		if err != nil {
			return &NodeError{Op: "start the broker of", ID: m.id, Err: err}
		}
		self := zab.ServerID(m.id)
		m.kafka.config = config
		m.kafka.dial = m.cuts.Dialer(new(net.Dialer).DialContext, func(addr string) (zab.ServerID, bool) {
			id, known := at[addr]
			return id, known && id != self
		})
	}
	return nil
}

// startBroker starts a node's broker. Its server must serve, or be about to.
func (m *member) startBroker(ctx context.Context) (err error) {
	k := m.kafka
	if k.listener == nil {
		if k.listener, err = listen(ctx, k.addr); err != nil {
			return err
		}
	}
	l := k.listener
	k.listener = nil // the broker's, whatever comes
	k.broker, err = kbroker.Start(ctx, kbroker.Options{
		Config: k.config, FS: m.fs, Logger: k.logger, Dial: m.gate.dialer(k.dial),
		Listeners: map[string]net.Listener{plaintext: m.gate.listener(l)},
	})
	return err
}

// close ends the broker in good order.
func (k *brokerPart) close() (err error) {
	if k.listener != nil {
		err = k.listener.Close()
		k.listener = nil
	}
	if k.broker != nil {
		err = k.broker.Close()
		k.broker = nil
	}
	return err
}

// kill ends the broker so that nothing is written any more.
func (k *brokerPart) kill() {
	if k.broker != nil {
		k.broker.Kill()
		k.broker = nil
	}
}

// endBroker ends a broker of an ensemble that ends: in good order only if its data are there for another time.
func (m *member) endBroker(forGood bool) error {
	if m.kafka == nil {
		return nil
	}
	if m.server != nil {
		m.resume()
	}
	if forGood {
		m.kafka.kill()
	}
	return m.kafka.close()
}

// startBrokers starts all brokers and waits until each knows of all, and of a controller.
func (e *Ensemble) startBrokers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	var starts sync.WaitGroup
	errs := make([]error, len(e.nodes))
	for i, m := range e.nodes {
		starts.Go(func() { errs[i] = m.startBroker(ctx) })
	}
	starts.Wait()
	for i, err := range errs {
		if err != nil {
			return &NodeError{Op: "start the broker of", ID: e.nodes[i].id, Err: err}
		}
	}
	for _, m := range e.nodes {
		if err := m.kafka.broker.Await(ctx, func(img *kzk.Image) bool {
			return len(img.Brokers) == len(e.nodes) && img.Controller >= 0
		}); err != nil {
			return &NodeError{Op: "start the broker of", ID: m.id, Err: err}
		}
	}
	return nil
}

// restartBroker starts the broker of a node that has been restarted, as soon as ZooKeeper can be had. Where it cannot,
// the broker is as down as it would be on a machine of its own.
func (e *Ensemble) restartBroker(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	return e.with("start the broker of", id, func(m *member) error {
		if m.kafka == nil || m.server == nil || m.kafka.broker != nil {
			return nil
		}
		nodes := e.listLocked()
		if !Reaches(nodes, id) {
			return nil
		}
		return m.startBroker(ctx)
	})
}

// BootstrapServers is what a client of Kafka is given: host:port of each node's broker, with commas. It is empty where
// there are no brokers.
func (e *Ensemble) BootstrapServers() string {
	var addrs []string
	for _, m := range e.nodes {
		if m.kafka != nil {
			addrs = append(addrs, m.kafka.addr)
		}
	}
	return strings.Join(addrs, ",")
}
