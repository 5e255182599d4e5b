package torture

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// connect makes the parents of what clients write, and the clients.
func (r *run) connect() error {
	all := strings.Join(r.addrs(), ",")
	if err := r.parents(all); err != nil {
		return err
	}
	shared := &registers{}
	for i := range 6 { // three of them move; the others stay with one server each
		servers, timeout := all, sessionTime
		if i%2 == 0 { // patient: its request waits in a server that stands still
			servers, timeout = r.addrs()[i/2%len(r.nodes)], ownerTime
		}
		if err := r.add(servers, timeout, nil, func(a *actor) client { return &register{actor: a, all: shared, moves: i%2 == 1} }); err != nil {
			return err
		}
	}
	for _, make := range []func(*actor) client{
		func(a *actor) client { return &pairs{actor: a} },
		func(a *actor) client { return &pairs{actor: a} },
		func(a *actor) client { return &sequencer{a} },
		func(a *actor) client { return &sequencer{a} },
		func(a *actor) client { return &pipeline{a} },
		func(a *actor) client { return &leaver{actor: a} },
		func(a *actor) client { return &peeker{a, shared} },
	} {
		if err := r.add(all, sessionTime, nil, make); err != nil {
			return err
		}
	}
	for range 2 {
		if err := r.add(all, ownerTime, nil, func(a *actor) client { return &owner{actor: a} }); err != nil {
			return err
		}
	}
	for _, addr := range r.addrs() {
		w := &watcher{}
		if err := r.add(addr, ownerTime, w.event, func(a *actor) client { w.actor = a; return w }); err != nil {
			return err
		}
	}
	for _, addr := range r.addrs() {
		if err := r.add(addr, ownerTime, nil, func(a *actor) client { return &lurker{actor: a, all: shared} }); err != nil {
			return err
		}
	}
	return r.addForeign(shared)
}

func (r *run) add(servers string, timeout time.Duration, onEvent func(zkproto.WatchedEvent), make func(*actor) client) error {
	a, err := r.newActor(servers, timeout, onEvent)
	if err != nil {
		return fmt.Errorf("make a client of %s: %w", servers, err)
	}
	r.clients = append(r.clients, make(a))
	return nil
}

func (r *run) addForeign(shared *registers) error {
	if r.cfg.Foreign == nil {
		return nil
	}
	c, err := r.cfg.Foreign(r.life, r.addrs(), sessionTime)
	if err != nil {
		return fmt.Errorf("connect the foreign client: %w", err)
	}
	a := &actor{r: r, id: len(r.clients)}
	a.rnd = r.chance(1000 + a.id)
	r.clients = append(r.clients, &foreigner{&register{actor: a, all: shared}, c})
	return nil
}

func (r *run) parents(servers string) error {
	ctx, cancel := context.WithTimeout(r.life, 30*time.Second)
	defer cancel()
	c, err := zkclient.Dial(ctx, zkclient.Config{Servers: servers})
	if err != nil {
		return err
	}
	for _, path := range []string{sequenceRoot, ephemeralRoot} {
		if _, _, err := c.Create(ctx, path, nil, zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
			return err
		}
	}
	return c.Close(ctx)
}
