package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// dial tries once to reach the peer, and settles when the next try is due.
func (p *peer) dial() {
	e := p.port
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	p.mu.Lock()
	if p.mu.conn != nil { // it came while nobody looked
		p.mu.Unlock()
		return
	}
	p.mu.stopDial, p.mu.knocked = cancel, false
	told := p.mu.told
	p.mu.Unlock()

	nc, err := p.connect(ctx, told)
	if err == nil {
		err = p.say(nc)
	}
	p.mu.Lock()
	p.mu.stopDial = nil
	news := p.settleLocked(err)
	p.mu.Unlock()
	if news {
		e.o.Logger.Info("another server's election port cannot be reached", "peer", p.id, "error", err)
	}
	if err != nil && refused(err) {
		p.unreachable()
	}
}

// say tells the other end who has connected. If that one's id is the larger, it hangs up: the
// call is all that was wanted.
func (p *peer) say(nc net.Conn) error {
	e := p.port
	_ = nc.SetWriteDeadline(time.Now().Add(e.o.ConnectTimeout)) // the write will tell
	_, err := nc.Write(AppendHandshake(nil, Handshake{ID: e.o.ID, Addrs: []string{e.o.Advertise}}))
	if err == nil {
		err = nc.SetWriteDeadline(time.Time{})
	}
	if err != nil || p.id > e.o.ID {
		_ = nc.Close() // the handshake goes out or is lost, and is repeated either way
		return err
	}
	c := e.o.Cuts.cut(nc)
	c.setPeer(p.id)
	if !e.track(c) {
		return context.Canceled
	}
	if !p.adopt(newElectionConn(c, bufio.NewReaderSize(c, electionReadBuffer))) {
		e.drop(c)
	}
	return nil
}

// settleLocked plans the next dial after one that ended with err, and says whether that is
// news.
func (p *peer) settleLocked(err error) (news bool) {
	gap, now := retryGap, time.Now()
	if err == nil {
		gap = knockGap // if a connection stands, nobody dials anyway
	}
	p.mu.soonest = now.Add(gap)
	if p.mu.knocked { // while it was dialled
		p.mu.tryAt = p.mu.soonest
		return false
	}
	p.mu.wait = min(max(2*p.mu.wait, retryMin), retryMax)
	p.mu.tryAt = now.Add(max(p.mu.wait, gap))
	if err == nil || p.mu.conn != nil || p.mu.failing || p.port.ctx.Err() != nil {
		return false
	}
	p.mu.failing = true
	return true
}

// connect dials the addresses that are configured, then those that the peer told.
func (p *peer) connect(ctx context.Context, told []string) (net.Conn, error) {
	if err := p.awaitCuts(ctx); err != nil {
		return nil, fmt.Errorf("dial server %d: %w", p.id, err)
	}
	nc, err := p.dialAny(ctx, p.configured)
	if err == nil || len(told) == 0 {
		return nc, err
	}
	nc, second := p.dialAny(ctx, told)
	if second != nil && refused(second) && len(p.configured) > 0 {
		return nil, err // refused only where all of them were
	}
	return nc, second
}

func (p *peer) awaitCuts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.port.o.ConnectTimeout)
	defer cancel()
	return p.port.o.Cuts.AwaitDial(ctx, p.id)
}

var errNoAddress = errors.New("no address is known")

// dialAny dials all the addresses at a time and takes what answers first. Where some refused
// and others failed in another way, the error is of the second kind.
func (p *peer) dialAny(ctx context.Context, addrs []string) (net.Conn, error) {
	type result struct {
		nc  net.Conn
		err error
	}
	ctx, cancel := context.WithTimeout(ctx, p.port.o.ConnectTimeout)
	defer cancel()
	results := make(chan result)
	for _, addr := range addrs {
		go func() { // waited for below
			nc, err := p.port.o.Network.Dial(ctx, addr)
			if err != nil {
				err = fmt.Errorf("dial server %d at %s: %w", p.id, addr, err)
			}
			results <- result{nc, err}
		}()
	}
	var conn net.Conn
	failure := errNoAddress
	for range addrs {
		switch r := <-results; {
		case r.err != nil:
			if failure == errNoAddress || refused(failure) {
				failure = r.err
			}
		case conn == nil:
			conn = r.nc
			cancel()
		default:
			_ = r.nc.Close() // one is enough
		}
	}
	if conn == nil {
		return nil, failure
	}
	return conn, nil
}
