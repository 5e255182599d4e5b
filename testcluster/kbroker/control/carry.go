package control

import (
	"errors"
	"fmt"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// errFenced is the end of the office: another controller was elected.
var errFenced = errors.New("another controller has been elected")

// window is how many multis are under way at a time.
const window = 16

// carrier carries out changes: many in a transaction, several transactions at a time.
type carrier struct {
	c       *Control
	changes []controller.Change
	failed  []error // by the index of the change
	todo    []int   // indexes of what another change has kept from being carried out
}

// carryOut carries out changes. One that fails, as a rule because a leader has written the state since, does not keep
// the others: failed has its error at its index. err is errFenced, or says that ZooKeeper could not be asked; then it
// is not known which changes were carried out.
func (c *Control) carryOut(changes []controller.Change) (failed []error, err error) {
	k := &carrier{c: c, changes: slices.Clone(changes), failed: make([]error, len(changes))}
	for i := range k.changes {
		c.log().Info(changes[i].What)
		if err := c.fell(&k.changes[i]); err != nil {
			return k.failed, err
		}
		k.todo = append(k.todo, i)
	}
	for len(k.todo) > 0 && err == nil {
		err = k.round()
	}
	return k.failed, err
}

// round tries what is to be done. Each round that leaves something has found a change that fails, or parents that were
// there already; so the rounds end.
func (k *carrier) round() error {
	now := k.todo
	k.todo = nil
	changes := make([]controller.Change, len(now))
	for i, at := range now {
		changes[i] = k.changes[at]
	}
	var flights []*flight
	for _, m := range controller.Pack(k.c.office.version, changes) {
		if len(flights) == window {
			if err := k.land(flights[0], now); err != nil {
				return err
			}
			flights = flights[1:]
		}
		flights = append(flights, k.c.fly(m))
	}
	for _, f := range flights {
		if err := k.land(f, now); err != nil {
			return err
		}
	}
	return nil
}

// flight is a multi under way.
type flight struct {
	multi controller.Multi
	call  *zkclient.Call
	resp  zkproto.MultiResponse
}

func (c *Control) fly(m controller.Multi) *flight {
	f := &flight{multi: m}
	f.call = c.o.ZK.Start(c.ctx, zkproto.OpMulti, &zkproto.MultiRequest{Ops: m.Ops}, &f.resp)
	return f
}

// wait waits for the end of the flight: the operation that failed and its code.
func (c *Control) wait(f *flight) (at int, code zkproto.Code, err error) {
	if err := f.call.Wait(c.ctx); err != nil {
		return 0, zkproto.OK, err
	}
	for i, r := range f.resp.Results {
		if r.Op == zkproto.OpError && r.Err != zkproto.OK {
			if i == 0 {
				return 0, r.Err, errFenced
			}
			return i, r.Err, nil
		}
	}
	return 0, zkproto.OK, nil
}

// land waits for a multi of the round over the changes at now.
func (k *carrier) land(f *flight, now []int) error {
	at, code, err := k.c.wait(f)
	var large *zkclient.TooLargeError
	if errors.As(err, &large) {
		k.fail(f, now, err)
		return nil
	}
	if err != nil || code == zkproto.OK {
		return err
	}
	culprit, parent := f.multi.Change(at)
	switch {
	case parent && code == zkproto.NodeExists:
		if err := k.c.ensure(f.multi.Ops[1 : 1+f.multi.Parents]); err != nil {
			return err
		}
		for _, i := range f.multi.Changes() {
			k.changes[now[i]].Parents = nil
			k.todo = append(k.todo, now[i])
		}
	case code == zkproto.NoNode:
		k.fail(f, now, fmt.Errorf("operation %d: %w", at, code)) // a topic is gone: the image must be read again
	default:
		k.failed[now[culprit]] = fmt.Errorf("operation %d: %w", at, code)
		for _, i := range f.multi.Changes() {
			if i != culprit {
				k.todo = append(k.todo, now[i])
			}
		}
	}
	return nil
}

// fail gives up all changes of a multi.
func (k *carrier) fail(f *flight, now []int, err error) {
	for _, i := range f.multi.Changes() {
		k.failed[now[i]] = err
	}
}

// ensure creates what is not there. What cannot be created is what the change that needs it will fail on.
func (c *Control) ensure(parents []zkproto.MultiOp) error {
	for part := range slices.Chunk(parents, window) {
		var flights []*flight
		for _, op := range part {
			flights = append(flights, c.fly(controller.Multi{Ops: []zkproto.MultiOp{controller.Fence(c.office.version), op}}))
		}
		for _, f := range flights {
			if _, _, err := c.wait(f); err != nil {
				return err
			}
		}
	}
	return nil
}
