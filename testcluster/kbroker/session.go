package kbroker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// session is what is known of the session with ZooKeeper. Its events come on the client's goroutine, which must not
// wait; the broker's own goroutine acts on them:
//
//	the connection is lost for longer than the session's timeout → fence
//	it is back, with the same session                            → read all again, then lift the fence
//	the session has expired                                      → fence; register again; read all again; lift the fence
type session struct {
	wake    chan struct{}
	mu      sync.Mutex
	lost    time.Time                  // since when there is no connection; zero while there is one
	expired int                        // how many sessions have ended
	gone    chan struct{}              // closed with the next end of a session
	next    func(zkproto.WatchedEvent) // who else is told
}

func newSession() *session { return &session{wake: make(chan struct{}, 1), gone: make(chan struct{})} }

// handOnTo has next told of all further events.
func (s *session) handOnTo(next func(zkproto.WatchedEvent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = next
}

// event is the client's OnEvent.
func (s *session) event(ev zkproto.WatchedEvent) {
	s.mu.Lock()
	next := s.next
	if ev.Type == zkproto.EventNone {
		switch ev.State {
		case zkproto.StateSyncConnected:
			s.lost = time.Time{}
		case zkproto.StateExpired:
			s.expired++
			close(s.gone)
			s.gone = make(chan struct{})
			fallthrough
		default:
			if s.lost.IsZero() {
				s.lost = time.Now()
			}
		}
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	s.mu.Unlock()
	if next != nil {
		next(ev)
	}
}

func (s *session) state() (lost time.Time, expired int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost, s.expired
}

// during is a context that ends when the session does that is there now, of which it returns the count of those before.
func (s *session) during(parent context.Context) (ctx context.Context, cancel func(), expired int) {
	s.mu.Lock()
	gone, expired := s.gone, s.expired
	s.mu.Unlock()
	ctx, end := context.WithCancelCause(parent)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-gone:
			end(zkproto.SessionExpired)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		end(nil)
		<-ended
	}, expired
}

// watchSession acts on what happens to the session, from the first registration until ctx ends.
func (b *Broker) watchSession(ctx context.Context) {
	fenced, seen := false, b.registeredIn
	for {
		lost, expired := b.session.state()
		timer := time.NewTimer(time.Hour)
		switch {
		case expired != seen:
			b.fence(&fenced)
			b.control.SessionLost()
			b.log.Warn("the session with ZooKeeper has expired: this broker leads nothing until it is registered again")
			if !b.registerAgain(ctx) {
				timer.Stop()
				return
			}
			seen, fenced = b.registeredIn, false
			continue
		case !lost.IsZero():
			left := b.zk.SessionTimeout() - time.Since(lost)
			if left <= 0 {
				b.fence(&fenced)
			} else {
				timer.Reset(left)
			}
		case fenced && b.caughtUp(ctx):
			fenced = false
			b.setFence(false)
		case fenced:
			timer.Reset(time.Second)
		}
		select {
		case <-b.session.wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

func (b *Broker) fence(fenced *bool) {
	if !*fenced {
		*fenced = true
		b.setFence(true)
	}
}

func (b *Broker) setFence(lost bool) {
	b.parts.Fence(lost)
	b.groups.Fence(lost)
}

// caughtUp waits until all that ZooKeeper has now is applied; false when that cannot be.
func (b *Broker) caughtUp(ctx context.Context) bool {
	ctx, cancel, _ := b.session.during(ctx)
	defer cancel()
	img, err := b.mirror.Fresh(ctx)
	if err != nil {
		return false
	}
	return b.applied.wait(ctx, func(have *kzk.Image) bool { return have == img || have == b.mirror.Image() }) == nil
}

// registerAgain registers in the new session, and returns when the broker is what ZooKeeper says it is. It returns false
// when ctx has ended, or the broker cannot go on.
func (b *Broker) registerAgain(ctx context.Context) bool {
	err := b.persist(ctx, b.enroll)
	if err == nil {
		b.setFence(false)
		return true
	}
	if ctx.Err() == nil {
		b.fail(err)
	}
	return false
}

// persist does something with ZooKeeper again and again, as long as it is the connection, or a session's end, that is in
// the way. A write that it makes may have been made by an attempt before.
func (b *Broker) persist(ctx context.Context, do func(context.Context) error) error {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil || !interrupted(err) {
			return err
		}
		b.log.Warn("trying again", "err", err)
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return err
		}
	}
}

// interrupted tells troubles of the connection to ZooKeeper, and of the session, from answers.
func interrupted(err error) bool {
	for _, code := range []zkproto.Code{zkproto.ConnectionLoss, zkproto.SessionExpired, zkproto.SessionMoved, zkproto.OperationTimeout} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// enroll registers the broker, and tells the parts of the cluster as it is with the broker in it. Then the broker can be
// given work. Until then it follows no leader: a replica in sync that is not registered would be nobody's to watch over.
func (b *Broker) enroll(ctx context.Context) (err error) {
	ctx, cancel, expired := b.session.during(ctx)
	defer cancel()
	var epoch int64
	if err = b.checkCluster(ctx); err == nil {
		epoch, err = b.register(ctx)
	}
	if err == nil {
		if b.firstEpoch == 0 {
			b.firstEpoch = epoch
		}
		err = b.seeRegistered(ctx, epoch)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return err
	}
	b.registeredIn = expired
	b.control.Registered(epoch)
	return nil
}

// seeRegistered waits until the parts have been told of this registration.
func (b *Broker) seeRegistered(ctx context.Context, epoch int64) error {
	registered := func(img *kzk.Image) bool {
		me := img.Brokers[b.id]
		return me != nil && me.Epoch >= epoch
	}
	if _, err := b.mirror.Wait(ctx, registered); err != nil {
		return err
	}
	b.applying.Do(func() { b.run(b.applyImages) })
	return b.applied.wait(ctx, registered)
}
