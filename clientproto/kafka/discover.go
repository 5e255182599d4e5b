package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Znodes reads ZooKeeper. A zkclient.Client is one.
type Znodes interface {
	Children(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]string, zkproto.Stat, error)
	Get(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error)
}

// discover returns the addresses of the brokers that ZooKeeper knows, of the listener of that name, or where there is
// none of those with the security protocol.
func discover(ctx context.Context, zk Znodes, protocol, listener string) ([]string, error) {
	ids, _, err := zk.Children(ctx, kzk.BrokerIDsPath, nil)
	switch {
	case errors.Is(err, zkproto.NoNode):
		return nil, &UnreachableError{Err: fmt.Errorf("ZooKeeper knows of no Kafka cluster: there is no %s (is the chroot missing, or does the cluster run without ZooKeeper? -b HOST:PORT names a broker)", kzk.BrokerIDsPath)}
	case err != nil:
		return nil, &UnreachableError{Err: fmt.Errorf("look for brokers in ZooKeeper: %w", err)}
	}
	var addrs, others []string
	for _, name := range ids {
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			continue
		}
		data, _, err := zk.Get(ctx, kzk.BrokerPath(int32(id)), nil)
		if errors.Is(err, zkproto.NoNode) { // it has just gone
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for brokers in ZooKeeper: %w", err)
		}
		broker, err := kzk.DecodeBroker(int32(id), data)
		if err != nil {
			return nil, fmt.Errorf("look for brokers in ZooKeeper: %s: %w", kzk.BrokerPath(int32(id)), err)
		}
		for _, e := range broker.Endpoints {
			addr := net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port)))
			if listener != "" && strings.EqualFold(e.Listener, listener) || listener == "" && e.Security == protocol {
				addrs = append(addrs, addr)
				break
			}
			others = append(others, e.Listener+" ("+e.Security+") "+addr)
		}
	}
	switch {
	case len(addrs) > 0:
		return addrs, nil
	case len(others) > 0 && listener != "":
		return nil, &ConfigError{Err: fmt.Errorf("no broker has a listener %s; there are %s", listener, strings.Join(unique(others), ", "))}
	case len(others) > 0:
		return nil, &ConfigError{Err: fmt.Errorf("no broker has a listener with security.protocol %s; there are %s", protocol, strings.Join(unique(others), ", "))}
	}
	return nil, &UnreachableError{Err: fmt.Errorf("no broker is registered in ZooKeeper: %s is empty", kzk.BrokerIDsPath)}
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
