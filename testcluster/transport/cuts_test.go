package transport_test

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

var second = []zab.ServerID{2}

// cutLinks are a link with cuts, to server 2, and the other end's link, without.
func cutLinks(t *testing.T, network transport.Network) (*transport.Cuts, *transport.Link, *transport.Link) {
	t.Helper()
	cuts := new(transport.Cuts)
	a, b := pair(t, network)
	near, far := transport.NewLink(a, transport.LinkOptions{Cuts: cuts}), transport.NewLink(b, transport.LinkOptions{})
	near.SetPeer(2)
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	return cuts, near, far
}

// TestCuts_HoldAndHeal: what was held goes on, in order, and the other direction never stopped.
func TestCuts_HoldAndHeal(t *testing.T) {
	for _, direction := range []string{"in", "out"} {
		t.Run(direction, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cuts, near, far := cutLinks(t, transport.NewMemory())
				from, to := near, far
				if direction == "in" {
					cuts.Set(second, nil)
					from, to = far, near
				} else {
					cuts.Set(nil, second)
				}
				got := make(chan *zab.Packet)
				go func() {
					for range 3 {
						got <- read(t, to)
					}
				}()
				to.Send(ack(100))
				if p := read(t, from); p.Zxid != 100 {
					t.Errorf("the open direction has %v", p)
				}
				for i := range int64(3) {
					from.Send(ack(i))
					synctest.Wait()
				}
				time.Sleep(time.Hour)
				select {
				case p := <-got:
					t.Fatalf("%v comes through the cut", p)
				default:
				}
				cuts.Set(nil, nil)
				for i := range zab.Zxid(3) {
					if p := <-got; p.Zxid != i {
						t.Errorf("%v comes, not %d", p, i)
					}
				}
			})
		})
	}
}

// TestCuts_ReadTimeout: a cut is no excuse for silence, whether something is held or not.
func TestCuts_ReadTimeout(t *testing.T) {
	for _, held := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cuts, near, far := cutLinks(t, transport.NewMemory())
			near.SetReadTimeout(time.Second)
			cuts.Set(second, nil)
			if held {
				far.Send(ack(1))
				synctest.Wait()
			}
			begun := time.Now()
			if _, err := near.ReadPacket(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Second {
				t.Errorf("%v after %s", err, time.Since(begun))
			}
			synctest.Wait()
			if far.Err() != nil { // nothing is cut in that direction
				t.Errorf("the other end: %v", far.Err())
			}
			if _, err := far.ReadPacket(); err == nil {
				t.Error("the other end does not hear of the end")
			}
		})
	}
}

// TestCuts_TheEndIsHeldToo: neither side hears that the other has closed before the cut heals,
// and closing takes no time.
func TestCuts_TheEndIsHeldToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cuts, near, far := cutLinks(t, transport.NewMemory())
		cuts.Set(second, nil)
		ended := make(chan error, 1)
		go func() {
			_, err := near.ReadPacket()
			ended <- err
		}()
		_ = far.Close()
		time.Sleep(time.Hour)
		select {
		case err := <-ended:
			t.Fatalf("the end comes through the cut: %v", err)
		default:
		}
		cuts.Set(nil, nil)
		if err := <-ended; err != io.EOF {
			t.Errorf("healed: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cuts, near, far := cutLinks(t, transport.NewMemory())
		cuts.Set(second, second)
		begun := time.Now()
		reading := make(chan error, 1)
		go func() {
			_, err := near.ReadPacket()
			reading <- err
		}()
		near.Send(ack(1)) // the writer is held
		synctest.Wait()
		_ = near.Close()
		if err := <-reading; !errors.Is(err, transport.ErrLinkClosed) || time.Since(begun) != 0 {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		ended := make(chan error, 1)
		go func() {
			_, err := far.ReadPacket()
			ended <- err
		}()
		time.Sleep(time.Hour)
		select {
		case err := <-ended:
			t.Fatalf("the end comes through the cut: %v", err)
		default:
		}
		cuts.Set(nil, nil)
		if err := <-ended; err != io.EOF {
			t.Errorf("healed: %v", err)
		}
	})
}

// TestCuts_CloseOverTCP: a reader in the kernel and a writer at the cut are woken by Close,
// although the socket stays open until the cut heals.
func TestCuts_CloseOverTCP(t *testing.T) {
	noLeaks(t)
	cuts, near, far := cutLinks(t, transport.TCP())
	near.SetReadTimeout(time.Hour)
	cuts.Set(nil, second)
	reading := make(chan error, 1)
	go func() {
		_, err := near.ReadPacket()
		reading <- err
	}()
	near.Send(ack(1))
	far.Send() // nothing
	_ = near.Close()
	if err := <-reading; !errors.Is(err, transport.ErrLinkClosed) {
		t.Errorf("the reader gets %v", err)
	}
	far.SetReadTimeout(20 * time.Millisecond)
	if _, err := far.Body().Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the other end gets %v", err)
	}
	cuts.Set(nil, nil)
}

// TestCuts_LearnerSaysWhoItIs: a leader's link knows its peer from the first packet, which is
// held already.
func TestCuts_LearnerSaysWhoItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cuts := new(transport.Cuts)
		cuts.Set(second, nil)
		a, b := pair(t, transport.NewMemory())
		leader, learner := transport.NewLink(a, transport.LinkOptions{Cuts: cuts}), transport.NewLink(b, transport.LinkOptions{})
		defer leader.Close()
		defer learner.Close()
		learner.Send(&zab.Packet{Type: zab.FollowerInfo, Data: jute.AppendLong(nil, 2)})
		got := make(chan *zab.Packet, 1)
		go func() { got <- read(t, leader) }()
		time.Sleep(time.Hour)
		if len(got) != 0 {
			t.Error("it comes through the cut")
		}
		cuts.Set(nil, nil)
		if p := <-got; p.Type != zab.FollowerInfo {
			t.Errorf("%v", p)
		}
	})
}

// TestCuts_KeepFewClosedOnes: a long partition does not collect connections without bound.
func TestCuts_KeepFewClosedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		cuts := new(transport.Cuts)
		cuts.Set(nil, second)
		const dialled = 200
		ended := make(chan error, dialled)
		for range dialled {
			a, b := pair(t, m)
			near, far := transport.NewLink(a, transport.LinkOptions{Cuts: cuts}), transport.NewLink(b, transport.LinkOptions{})
			near.SetPeer(2)
			_ = near.Close()
			go func() {
				defer far.Close()
				_, err := far.ReadPacket()
				ended <- err
			}()
		}
		synctest.Wait()
		if held := dialled - len(ended); held < 1 || held > 100 {
			t.Errorf("%d connections are kept", held)
		}
		cuts.Set(nil, nil)
		for range dialled {
			if err := <-ended; err != io.EOF {
				t.Errorf("an end is %v", err)
			}
		}
	})
}
