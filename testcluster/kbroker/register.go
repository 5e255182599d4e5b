package kbroker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// RegisteredError says that another broker has this one's id.
type RegisteredError struct {
	ID        int32
	Endpoints []kzk.Endpoint // of the other one
	Why       string
}

func (e *RegisteredError) Error() string {
	at := "an unknown address"
	if len(e.Endpoints) > 0 {
		at = e.Endpoints[0].String()
	}
	return fmt.Sprintf("broker.id %d is registered already, by %s, %s: each broker needs an id of its own", e.ID, at, e.Why)
}

// leftoverPatience is how long the registration of a process that is gone may outlast it: the session timeout, this
// broker's or that of Kafka 2.7, which whoever had the id before may have had, and what ZooKeeper takes to notice.
func (b *Broker) leftoverPatience() time.Duration {
	own := millis(b.o.Config.ZooKeeper.SessionTimeoutMs)
	return max(18*time.Second, own) * 4 / 3
}

// register writes the broker's znode in the present session, and returns its czxid, which is the broker's epoch.
// A registration of an older session of this broker is replaced; that of another broker is respected.
// Source: KafkaZkClient.registerBroker, CheckedEphemeral.
func (b *Broker) register(ctx context.Context) (epoch int64, err error) {
	path, data := kzk.BrokerPath(b.id), kzk.EncodeBroker(b.registration())
	creation := []zkproto.MultiOp{
		zkclient.CreateOp(path, nil, nil, zkproto.ModeEphemeral, 0),
		{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: path, Data: data, Version: 0}},
		{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: kzk.BrokerIDsPath, Version: -1}}, // its version tells of it
	}
	deadline := time.Now().Add(b.leftoverPatience())
	for said := false; ; {
		b.remember(b.zk.Session().ID)
		results, err := b.zk.Multi(ctx, creation)
		if err == nil {
			b.log.Info("registered in ZooKeeper", "path", path, "epoch", int64(results[0].Stat.Czxid))
			b.remember(b.zk.Session().ID) // it may be a newer one by now
			return int64(results[0].Stat.Czxid), nil
		}
		if !errors.Is(err, zkproto.NodeExists) {
			return 0, err
		}
		found, stat, err := b.zk.Get(ctx, path, nil)
		if errors.Is(err, zkproto.NoNode) {
			continue
		}
		if err != nil {
			return 0, err
		}
		switch owner := stat.EphemeralOwner; {
		case owner == b.zk.Session().ID: // the answer to a former attempt was lost
			return int64(stat.Czxid), nil
		case b.former.has(owner):
			b.log.Info("replacing the registration of an older session of this broker", "path", path, "session", owner.String())
			replace := append([]zkproto.MultiOp{{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: path, Version: stat.Version}}}, creation...)
			results, err := b.zk.Multi(ctx, replace)
			if err == nil {
				return int64(results[1].Stat.Czxid), nil
			}
			if !errors.Is(err, zkproto.NoNode) && !errors.Is(err, zkproto.BadVersion) && !errors.Is(err, zkproto.NodeExists) {
				return 0, err
			}
			continue
		}
		if err := b.awaitLeftover(ctx, path, found, deadline, &said); err != nil {
			return 0, err
		}
	}
}

// remember makes a note of a session for the next life of the broker, which would wait for its end without the note.
func (b *Broker) remember(id zkproto.SessionID) {
	if err := b.former.add(id); err != nil {
		b.log.Warn("if this broker is killed its next start may be slow", "err", err)
	}
}

// registration is what the broker says of itself.
func (b *Broker) registration() *kzk.Broker {
	br := &kzk.Broker{
		ID: b.id, FirstEpoch: b.firstEpoch, JMXPort: -1, Rack: b.o.Config.Rack, HasRack: b.o.Config.Rack != "", TimestampMs: b.o.Now().UnixMilli(),
	}
	for _, l := range b.advertised() {
		br.Endpoints = append(br.Endpoints, kzk.Endpoint{Listener: l.Name, Security: l.Security, Host: l.Host, Port: l.Port})
	}
	return br
}

// awaitLeftover waits until the registration of a session that is not ours goes, if it may be that of a process that is
// gone. One that answers at its address is another broker.
func (b *Broker) awaitLeftover(ctx context.Context, path string, data []byte, deadline time.Time, said *bool) error {
	other, err := kzk.DecodeBroker(b.id, data)
	if err != nil { // no broker would stay without data
		other = &kzk.Broker{ID: b.id}
	}
	if addr, ok := b.answers(ctx, other); ok {
		return &RegisteredError{b.id, other.Endpoints, "which answers at " + addr}
	}
	left := time.Until(deadline)
	if left <= 0 {
		return &RegisteredError{b.id, other.Endpoints, "whose session is alive"}
	}
	if !*said {
		*said = true
		b.log.Info("waiting for the end of another session with this broker's id", "path", path, "patience", left.Round(time.Second).String())
	}
	gone := make(chan struct{}, 1)
	stat, err := b.zk.Exists(ctx, path, func(zkproto.WatchedEvent) {
		select {
		case gone <- struct{}{}:
		default:
		}
	})
	if errors.Is(err, zkproto.NoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	if stat.EphemeralOwner == 0 {
		return &RegisteredError{b.id, other.Endpoints, "by a znode that is not ephemeral, which somebody has to delete"}
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-gone:
		return nil
	case <-timer.C:
		return nil // the next look says what is wrong
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answers says whether somebody else listens at an address of a registration. Our own addresses prove nothing: it is we
// who answer there.
func (b *Broker) answers(ctx context.Context, other *kzk.Broker) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	mine := b.registration().Endpoints
	for _, e := range other.Endpoints {
		ours := slices.ContainsFunc(mine, func(m kzk.Endpoint) bool { return m.Host == e.Host && m.Port == e.Port })
		if ours {
			continue
		}
		addr := net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port)))
		if conn, err := b.links.open(ctx, "tcp", addr); err == nil {
			_ = conn.Close() // nothing was said on it
			return addr, true
		}
	}
	return "", false
}
