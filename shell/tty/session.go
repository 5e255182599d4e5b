package tty

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	// An ESC that is followed by nothing for this long is the Esc key.
	escapeDelay = 50 * time.Millisecond
	// A sequence, character or paste that has begun is given up after this long.
	sequenceDelay = time.Second
	// How long Ctrl-Z waits for the process to be stopped. It never is when
	// nobody could wake it up again (an orphaned process group).
	stopDelay = 200 * time.Millisecond
)

// A session is the time during which the terminal is raw: a Run, or a question
// outside of one. It owns the two goroutines that read keys and watch signals.
type session struct {
	t       *Terminal
	wg      sync.WaitGroup
	signals chan os.Signal
	cont    chan struct{} // a token: SIGCONT has come
	done    chan struct{}
}

// begin starts a session unless one is under way, and returns what ends it.
func (t *Terminal) begin() (end func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.closed {
		return nil, os.ErrClosed
	}
	if t.mu.session != nil {
		return nil, ErrBusy
	}
	if err := t.dev.raw(); err != nil {
		return nil, err
	}
	t.scr.begin()
	s := &session{
		t: t, signals: make(chan os.Signal, 4),
		cont: make(chan struct{}, 1), done: make(chan struct{}),
	}
	signal.Notify(s.signals, syscall.SIGWINCH, syscall.SIGCONT)
	s.wg.Go(s.readKeys)
	s.wg.Go(s.watchSignals)
	t.mu.session = s
	return s.end, nil
}

// end gives the terminal its modes back and waits for the goroutines.
func (s *session) end() {
	s.t.dev.cooked(false)
	s.t.scr.end()
	signal.Stop(s.signals)
	close(s.done)
	s.t.dev.wake()
	s.wg.Wait()
	s.t.dev.unwake()
	s.t.mu.Lock()
	s.t.mu.session = nil
	s.t.mu.Unlock()
}

// readKeys reads the keyboard until the session ends or the terminal is gone.
func (s *session) readKeys() {
	defer onPanic(s.t.Restore)
	var d decoder
	buf := make([]byte, 4096)
	for {
		ready, err := s.t.dev.wait(s.patience(&d))
		var n int
		if err == nil && ready {
			n, err = s.t.dev.readNow(buf)
		}
		if errors.Is(err, errWoken) {
			return
		}
		if err != nil {
			s.t.keys.fail(err)
			return
		}
		keys := d.feed(buf[:n])
		if !ready {
			keys = d.flush()
		}
		for _, k := range keys {
			s.handle(k)
		}
	}
}

// patience is how long to wait for the rest of what the decoder has begun.
func (s *session) patience(d *decoder) time.Duration {
	switch {
	case d.loneEscape():
		return escapeDelay
	case d.pending():
		return sequenceDelay
	}
	return -1
}

// handle does what cannot wait for its turn, and queues the rest.
func (s *session) handle(k key) {
	t := s.t
	switch k.code {
	case keyCtrlC:
		t.keys.drop()
		if t.interrupt() {
			t.scr.echo("^C\n")
			return
		}
	case keyCtrlZ:
		s.stop()
		return
	case keyCtrlBackslash:
		if t.running() {
			t.Restore()
			syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		}
		return
	}
	t.keys.push(k)
}

// stop does what Ctrl-Z does to other programs.
func (s *session) stop() {
	if s.t.scr.isLent() {
		return
	}
	select {
	case <-s.cont:
	default:
	}
	s.t.lend(func() error {
		if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
			return err
		}
		select {
		case <-s.cont:
		case <-s.done:
		case <-time.After(stopDelay):
		}
		return nil
	})
}

func (s *session) watchSignals() {
	defer onPanic(s.t.Restore)
	for {
		select {
		case <-s.done:
			return
		case sig := <-s.signals:
			if sig == syscall.SIGWINCH {
				s.t.scr.redraw()
				continue
			}
			s.continued()
		}
	}
}

// continued makes the terminal raw again: the parent shell has used it. When it
// is lent, that is the borrower's business.
func (s *session) continued() {
	select {
	case s.cont <- struct{}{}:
	default:
	}
	if !s.t.scr.isLent() {
		s.t.dev.raw()
		s.t.scr.lost()
	}
}

// Suspend lends the terminal, in the modes that Open found, to fn: an editor, a
// pager. Keys typed meanwhile are fn's; PrintAbove waits.
func (t *Terminal) Suspend(fn func() error) error {
	t.dev.reading.Lock() // no key of fn's is read here
	defer t.dev.reading.Unlock()
	return t.lend(fn)
}

func (t *Terminal) lend(fn func() error) error {
	t.lending.Lock()
	defer t.lending.Unlock()
	t.mu.Lock()
	active := t.mu.session != nil
	t.mu.Unlock()
	if !active {
		return fn()
	}
	t.scr.lend()
	defer t.scr.takeBack()
	if err := t.dev.cooked(false); err != nil {
		return err
	}
	defer t.dev.raw()
	return fn()
}

// onPanic is deferred by goroutines whose panic nobody else could see coming.
func onPanic(restore func()) {
	if r := recover(); r != nil {
		restore()
		panic(r)
	}
}
