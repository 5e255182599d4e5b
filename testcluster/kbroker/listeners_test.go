package kbroker_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/kbroker"
)

// TestListeners: each client is told the addresses of the listener that it came in by, brokers use theirs among
// themselves, and what is advertised may differ from what is listened on.
func TestListeners(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	var members []*member
	for id := int32(1); id <= 2; id++ {
		members = append(members, startBroker(t, configure(t, e.ConnectString(), id,
			"listeners=CLIENT://127.0.0.1:0,BROKER://127.0.0.1:0", "advertised.listeners=CLIENT://localhost:0,BROKER://127.0.0.1:0",
			"listener.security.protocol.map=CLIENT:PLAINTEXT,BROKER:PLAINTEXT", "inter.broker.listener.name=BROKER")))
	}
	ctx := within(t)
	created, err := admin(t, members...).CreateTopic(ctx, 2, 2, map[string]*string{"min.insync.replicas": kgoString("2")}, "t")
	ok(t, err)
	ok(t, created.Err)
	for listener, host := range map[string]string{"CLIENT": "localhost", "BROKER": "127.0.0.1"} {
		cl, err := kgo.NewClient(kgo.SeedBrokers(members[0].Addr(listener).String()), kgo.DefaultProduceTopic("t"))
		ok(t, err)
		defer cl.Close()
		ok(t, cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr())
		told := map[int32]string{}
		brokers, err := kadm.NewClient(cl).ListBrokers(ctx)
		ok(t, err)
		for _, b := range brokers {
			told[b.NodeID] = net.JoinHostPort(b.Host, fmt.Sprint(b.Port))
		}
		for _, m := range members {
			_, port, err := net.SplitHostPort(m.Addr(listener).String())
			ok(t, err)
			if want := net.JoinHostPort(host, port); told[m.ID()] != want {
				t.Errorf("by %s broker %d is at %s, want %s", listener, m.ID(), told[m.ID()], want)
			}
		}
	}
}

func kgoString(s string) *string { return &s }

// TestListeners_HandedIn: sockets that listen already are served, and closed with the broker, also by one that cannot
// start.
func TestListeners_HandedIn(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	listen := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		return ln
	}
	config := configure(t, e.ConnectString(), 1, "listeners=PLAINTEXT://127.0.0.1:0")
	ln := listen()
	b, err := kbroker.Start(within(t), kbroker.Options{Config: config, Listeners: map[string]net.Listener{"PLAINTEXT": ln}})
	ok(t, err)
	if b.Addr("PLAINTEXT").String() != ln.Addr().String() {
		t.Errorf("it listens on %v", b.Addr("PLAINTEXT"))
	}
	second := listen()
	if _, err := kbroker.Start(within(t), kbroker.Options{Config: config, Listeners: map[string]net.Listener{"PLAINTEXT": second}}); err == nil {
		t.Error("two brokers on one folder")
	}
	if _, err := second.Accept(); err == nil {
		t.Error("the listener of a failed start is open")
	}
	ok(t, b.Close())
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener of a closed broker is open")
	}
	ok(t, b.Close()) // once more is nothing
	b.Kill()
}
