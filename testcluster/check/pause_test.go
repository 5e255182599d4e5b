package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/check"
)

// The server is stopped for longer than sessions last, goes on, and is sometimes killed
// instead. Sessions may expire; nothing acknowledged is lost, and no write half done.
func TestPause_LongerThanSessionsLast(t *testing.T) {
	t.Parallel()
	s := newProcess(t, "tickTime=100", "maxSessionTimeout=20000")
	s.start()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), killTime(t))
	defer cancel()
	writers := make([]*writer, 4)
	var wg sync.WaitGroup
	for i := range writers {
		writers[i] = &writer{root: fmt.Sprintf("/w%d", i), rnd: rand.New(rand.NewPCG(seed, uint64(i))), timeout: 300 * time.Millisecond}
		wg.Go(func() { writers[i].run(ctx, t, s.addr) })
	}
	pauses := s.pauseAtRandom(ctx, rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()
	acknowledged := 0
	for _, w := range writers {
		acknowledged += w.ledger.Writes(check.Acknowledged)
	}
	t.Logf("%d pauses, %d writes acknowledged", pauses, acknowledged)
	if pauses == 0 || acknowledged == 0 {
		t.Fatal("nothing was put to the test")
	}
	verify(t, "after the pauses", s.addr, writers)
	s.kill()
	s.start()
	verify(t, "after a kill", s.addr, writers)
}

// pauseAtRandom stops the server for a while, again and again, until ctx ends. It leaves it
// running.
func (s *process) pauseAtRandom(ctx context.Context, rnd *rand.Rand) (pauses int) {
	for ctx.Err() == nil {
		wait(ctx, time.Duration(100+rnd.IntN(500))*time.Millisecond)
		if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			s.t.Error(err)
			return pauses
		}
		pauses++
		wait(ctx, time.Duration(50+rnd.IntN(1200))*time.Millisecond)
		if rnd.IntN(4) == 0 { // some never wake up again
			s.kill()
			s.start()
			continue
		}
		if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			s.t.Error(err)
			return pauses
		}
	}
	return pauses
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
