package tty_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
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

// A host is the terminal in which a program runs: the pty, an emulated screen,
// and the pipes to and from the program.
type host struct {
	t       *testing.T
	cmd     *exec.Cmd
	master  *os.File
	slave   *os.File
	before  unix.Termios
	vt      vt10x.Terminal
	control *os.File
	exited  chan struct{}

	mu      sync.Mutex
	raw     strings.Builder // all bytes that came
	ran     []string        // what the program says it ran
	changed chan struct{}   // closed and replaced at each change
}

type hostOption func(*host)

func withEnv(kv ...string) hostOption {
	return func(h *host) { h.cmd.Env = append(h.cmd.Env, kv...) }
}

// withSize sets the size that the pty tells; the emulator keeps 80 by 24 for 0.
func withSize(cols, rows uint16) hostOption {
	return func(h *host) { h.setSize(cols, rows) }
}

func withStdout(f *os.File) hostOption {
	return func(h *host) { h.cmd.Stdout = f }
}

// start runs the program and waits for its first prompt.
func start(t *testing.T, opts ...hostOption) *host {
	t.Helper()
	h := launch(t, opts...)
	h.waitScreen("the first prompt", func(rows []string) bool { return rows[0] == "z 0>" })
	return h
}

func launch(t *testing.T, opts ...hostOption) *host {
	t.Helper()
	h := &host{t: t, changed: make(chan struct{}), exited: make(chan struct{})}
	h.vt = vt10x.New(vt10x.WithSize(80, 24))
	var err error
	var master *os.File
	master, h.slave, err = pty.Open()
	check(t, err)
	h.master = pollable(t, master)
	h.setSize(80, 24)
	h.before = h.termios()
	self, err := os.Executable()
	check(t, err)
	h.cmd = exec.Command(self)
	h.cmd.Env = append(os.Environ(), programEnv+"=1", "TERM=xterm")
	h.cmd.Stdin, h.cmd.Stdout, h.cmd.Stderr = h.slave, h.slave, h.slave
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	controlR, controlW, err := os.Pipe()
	check(t, err)
	ranR, ranW, err := os.Pipe()
	check(t, err)
	h.cmd.ExtraFiles = []*os.File{controlR, ranW}
	h.control = controlW
	for _, o := range opts {
		o(h)
	}
	check(t, h.cmd.Start())
	controlR.Close()
	ranW.Close()
	h.run(ranR)
	return h
}

// pollable makes f a file whose Close ends a Read that is under way.
func pollable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	check(t, err)
	check(t, unix.SetNonblock(fd, true))
	check(t, f.Close())
	return os.NewFile(uintptr(fd), f.Name())
}

// run starts what listens to the program, and ends it with the test.
func (h *host) run(ran *os.File) {
	var wg sync.WaitGroup
	wg.Go(func() { h.readScreen() })
	wg.Go(func() { h.readRan(ran) })
	wg.Go(func() {
		h.cmd.Wait()
		close(h.exited)
		h.change(func() {})
	})
	h.t.Cleanup(func() {
		h.cmd.Process.Kill()
		<-h.exited
		h.slave.Close()
		h.master.Close()
		wg.Wait()
		ran.Close()
		h.control.Close()
		if h.t.Failed() {
			h.t.Logf("screen:\n%s\nbytes: %q", strings.Join(h.rows(), "\n"), h.raw.String())
		}
	})
}

func (h *host) readScreen() {
	buf := make([]byte, 4096)
	for {
		n, err := h.master.Read(buf)
		if n > 0 {
			h.change(func() {
				h.vt.Write(buf[:n])
				h.raw.Write(buf[:n])
			})
		}
		if err != nil {
			return
		}
	}
}

func (h *host) readRan(r io.Reader) {
	for in := bufio.NewScanner(r); in.Scan(); {
		h.change(func() { h.ran = append(h.ran, in.Text()) })
	}
}

func (h *host) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

// rows is the screen without trailing blanks; always at least one row.
func (h *host) rows() []string {
	rows := strings.Split(strings.TrimRight(h.vt.String(), " \n"), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

// wait waits until cond holds; it is asked at each change, under the lock.
func (h *host) wait(what string, cond func() bool) {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		h.mu.Lock()
		ok, changed := cond(), h.changed
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			h.mu.Lock()
			defer h.mu.Unlock()
			h.t.Fatalf("never saw %s; ran %q; screen:\n%s", what, h.ran, strings.Join(h.rows(), "\n"))
		}
	}
}

func (h *host) waitScreen(what string, cond func(rows []string) bool) {
	h.t.Helper()
	// Half a frame may look like another one; the cursor is hidden until it is whole.
	h.wait(what, func() bool { return h.vt.CursorVisible() && cond(h.rows()) })
}

// waitRows waits until the screen is exactly these rows.
func (h *host) waitRows(want ...string) {
	h.t.Helper()
	h.waitScreen(fmt.Sprintf("%q", want), func(rows []string) bool {
		return strings.Join(rows, "\n") == strings.Join(want, "\n")
	})
}

// waitCursor waits until the cursor is visible and stands at this column and row.
func (h *host) waitCursor(x, y int) {
	h.t.Helper()
	h.wait(fmt.Sprintf("the cursor at %d,%d", x, y), func() bool {
		c := h.vt.Cursor()
		return h.vt.CursorVisible() && c.X == x && c.Y == y
	})
}

// waitRan waits until exactly these lines were run.
func (h *host) waitRan(lines ...string) {
	h.t.Helper()
	for i := range lines {
		lines[i] = strconv.Quote(lines[i])
	}
	h.waitReports(lines...)
}

func (h *host) waitReports(want ...string) {
	h.t.Helper()
	h.wait(fmt.Sprintf("reports %q", want), func() bool {
		return strings.Join(h.ran, "\n") == strings.Join(want, "\n")
	})
}

func (h *host) typed(s string) {
	h.t.Helper()
	_, err := io.WriteString(h.master, s)
	check(h.t, err)
}

func (h *host) tell(s string) {
	h.t.Helper()
	_, err := io.WriteString(h.control, s+"\n")
	check(h.t, err)
}

// setSize resizes the window. The emulator's comes first, and nothing is drawn in between:
// the program may answer before Setsize returns.
func (h *host) setSize(cols, rows uint16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cols > 0 && rows > 0 {
		h.vt.Resize(int(cols), int(rows))
	}
	check(h.t, pty.Setsize(h.slave, &pty.Winsize{Cols: cols, Rows: rows}))
}

func (h *host) termios() unix.Termios {
	h.t.Helper()
	t, err := unix.IoctlGetTermios(int(h.slave.Fd()), unix.TCGETS)
	check(h.t, err)
	return *t
}

// waitExit waits for the end of the program and checks what it leaves behind:
// the terminal's modes as they were, paste mode off, the cursor visible.
func (h *host) waitExit(code int) {
	h.t.Helper()
	select {
	case <-h.exited:
	case <-time.After(patience):
		h.t.Fatalf("the program does not end")
	}
	if got := h.cmd.ProcessState.ExitCode(); got != code {
		h.t.Errorf("exit code %d, want %d", got, code)
	}
	if now := h.termios(); now != h.before {
		h.t.Errorf("modes of the terminal:\nbefore %+v\nafter  %+v", h.before, now)
	}
	h.wait("paste mode off", func() bool {
		raw := h.raw.String()
		return strings.LastIndex(raw, "\x1b[?2004l") > strings.LastIndex(raw, "\x1b[?2004h")
	})
	h.wait("the cursor", h.vt.CursorVisible)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
