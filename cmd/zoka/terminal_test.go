package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// patience bounds every wait for a condition: reached only by a failing test.
const patience = 20 * time.Second

// terminal is a pty with zoka in it, and an emulated screen.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File
	before unix.Termios
	vt     vt10x.Terminal
	exited chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change of the screen
}

// startTerminal runs zoka with a terminal for its three files and for its controlling one.
func startTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	h := &terminal{t: t, vt: vt10x.New(vt10x.WithSize(100, 30)), exited: make(chan struct{}), changed: make(chan struct{})}
	var err error
	h.master, h.slave, err = pty.Open()
	ok(t, err)
	ok(t, pty.Setsize(h.master, &pty.Winsize{Cols: 100, Rows: 30}))
	h.before = h.modes()
	h.cmd = exec.Command("zoka", args...)
	h.cmd.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir(), "XDG_STATE_HOME=")
	h.cmd.Stdin, h.cmd.Stdout, h.cmd.Stderr = h.slave, h.slave, h.slave
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ok(t, h.cmd.Start())
	var wg sync.WaitGroup
	wg.Go(h.draw)
	wg.Go(func() {
		_ = h.cmd.Wait() // the exit code is looked at by waitExit
		close(h.exited)
	})
	t.Cleanup(func() {
		h.cmd.Process.Kill()
		<-h.exited
		h.slave.Close()
		h.master.Close()
		wg.Wait()
		if t.Failed() {
			t.Logf("screen:\n%s", strings.Join(h.rows(), "\n"))
		}
	})
	return h
}

func (h *terminal) draw() {
	buf := make([]byte, 4096)
	for {
		n, err := h.master.Read(buf)
		h.mu.Lock()
		_, _ = h.vt.Write(buf[:n])
		close(h.changed)
		h.changed = make(chan struct{})
		h.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// rows is the screen without trailing blanks.
func (h *terminal) rows() []string {
	rows := strings.Split(strings.TrimRight(h.vt.String(), " \n"), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

// wait waits until these rows stand on the screen. In a row, … stands for anything.
func (h *terminal) wait(want ...string) {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		h.mu.Lock()
		// The cursor is hidden until a frame is whole.
		rows, changed, whole := h.rows(), h.changed, h.vt.CursorVisible()
		h.mu.Unlock()
		if whole && contains(rows, want) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			h.t.Fatalf("the screen never had\n%s", strings.Join(want, "\n"))
		}
	}
}

// contains tells whether the rows stand on the screen, one below another. A menu may be below them.
func contains(rows, want []string) bool {
	for at := 0; at+len(want) <= len(rows); at++ {
		if matches(rows[at:at+len(want)], want) {
			return true
		}
	}
	return false
}

func matches(rows, want []string) bool {
	for i, row := range rows {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want[i]), "…", ".+") + "$"
		if !regexp.MustCompile(pattern).MatchString(row) {
			return false
		}
	}
	return true
}

func (h *terminal) typed(s string) {
	h.t.Helper()
	_, err := io.WriteString(h.master, s)
	ok(h.t, err)
}

func (h *terminal) modes() unix.Termios {
	h.t.Helper()
	modes, err := unix.IoctlGetTermios(int(h.slave.Fd()), unix.TCGETS)
	ok(h.t, err)
	return *modes
}

// waitExit waits for the end of zoka, and checks that the terminal is as it was.
func (h *terminal) waitExit(code int) {
	h.t.Helper()
	select {
	case <-h.exited:
	case <-time.After(patience):
		h.t.Fatal("zoka does not end")
	}
	status := h.cmd.ProcessState
	if got := status.ExitCode(); got != code {
		h.t.Errorf("exit code %d (%v), want %d", got, status, code)
	}
	if now := h.modes(); now != h.before {
		h.t.Errorf("modes of the terminal:\nbefore %+v\nafter  %+v", h.before, now)
	}
}
