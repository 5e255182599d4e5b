package zkcli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// patience bounds every wait for a condition: reached only by a failing test.
const patience = 60 * time.Second

// tutorial is what a person types who learns ZooKeeper.
var tutorial = []string{
	`ls /`,
	`create /sanguo "diaochan"`,
	`create /sanguo/shuguo "liubei"`,
	`create /sanguo/weiguo "caocao"`,
	`create -s /sanguo/weiguo/zhangliao "zhangliao"`,
	`create -s /sanguo/weiguo/zhangliao "zhangliao"`,
	`create -e /sanguo/wuguo "zhouyu"`,
	`create -e -s /sanguo/wuguo "zhouyu"`,
	`ls /sanguo`,
	`get -w /sanguo`,
	`set /sanguo "xishi"`,
	`ls -w /sanguo`,
	`create /sanguo/jin "simayi"`,
	`get -s /sanguo`,
	`ls -s /`,
	`ls -s /sanguo`,
	`stat /sanguo/wuguo`,
	`set /sanguo/weiguo "simayi"`,
	`get /sanguo/weiguo`,
	`history`,
	`delete -v 9 /sanguo/jin`,
	`delete /sanguo/jin`,
	`delete /sanguo`,
	`deleteall /sanguo`,
	`ls /`,
	`quit`,
}

// TestTerminalAgainstApache types the tutorial into Apache's zkCli.sh and into zoka's, on both servers, and compares
// what the screens show at the end.
func TestTerminalAgainstApache(t *testing.T) {
	apacheCli, zokaCli := peertest.ZkCli(t), built(t)
	pairs := []struct {
		name, cli, server string
		rows, events      []string
	}{
		{"Apache's zkCli.sh on Apache's server", apacheCli, apacheServer(t), nil, nil},
		{"zoka's zkCli.sh on Apache's server", zokaCli, apacheServer(t), nil, nil},
		{"Apache's zkCli.sh on zoka's server", apacheCli, zokaServer(t), nil, nil},
		{"zoka's zkCli.sh on zoka's server", zokaCli, zokaServer(t), nil, nil},
	}
	for i := range pairs {
		p := &pairs[i]
		term := startTerminal(t, p.cli, "-server", p.server)
		for n, line := range tutorial {
			term.wait(fmt.Sprintf(") %d]", n))
			term.typed(line + "\r")
		}
		term.waitExit()
		p.rows, p.events = screenOf(term, p.server)
	}
	if rows := pairs[0].rows; len(rows) < 2*len(tutorial) || len(pairs[0].events) != 4 {
		t.Fatalf("%d rows, %d events", len(rows), len(pairs[0].events))
	}
	for _, p := range pairs[1:] {
		t.Run(p.name, func(t *testing.T) {
			diff(t, "screen", strings.Join(p.rows, "\n"), strings.Join(pairs[0].rows, "\n"))
			diff(t, "events", strings.Join(p.events, "\n"), strings.Join(pairs[0].events, "\n"))
		})
	}
}

// barePrompt is a prompt from which an event has parted what was typed.
var barePrompt = regexp.MustCompile(`^\[zk: ADDR\(\w+\) \d+\]$`)

// screenOf takes a screen apart: events, which Apache's may draw in the middle of a prompt, and all other rows.
func screenOf(term *terminal, server string) (rows, events []string) {
	for _, row := range term.rows() {
		row = mask(strings.TrimRight(row, " "), server)
		switch i := strings.Index(row, "WatchedEvent "); {
		case i >= 0:
			events = append(events, row[i:])
			row = strings.TrimRight(row[:i], " ")
		case strings.HasSuffix(row, "WATCHER::"):
			row = strings.TrimRight(strings.TrimSuffix(row, "WATCHER::"), " ")
		}
		if row == "" {
			continue
		}
		if n := len(rows); n > 0 && barePrompt.MatchString(rows[n-1]) {
			rows[n-1] += " " + row
			continue
		}
		rows = append(rows, row)
	}
	return rows, events
}

// terminal is a pty with a program in it, and an emulated screen that is tall enough for all that the test prints.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	vt     vt10x.Terminal
	exited chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change of the screen
}

func startTerminal(t *testing.T, name string, args ...string) *terminal {
	t.Helper()
	const columns, lines = 120, 400
	h := &terminal{t: t, vt: vt10x.New(vt10x.WithSize(columns, lines)), exited: make(chan struct{}), changed: make(chan struct{})}
	master, slave, err := pty.Open()
	if err == nil {
		err = pty.Setsize(master, &pty.Winsize{Cols: columns, Rows: lines})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.master = master
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm", "TZ=UTC", "LC_ALL=C.UTF-8", "HOME="+t.TempDir(), "XDG_STATE_HOME=",
		"JAVA_HEAP=-Xmx64m -XX:TieredStopAtLevel=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.cmd = cmd
	var running sync.WaitGroup
	running.Go(h.draw)
	running.Go(func() {
		_ = cmd.Wait() // the exit code is compared by other tests
		slave.Close()  // then the reader finds the end of what was written
		close(h.exited)
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-h.exited
		running.Wait()
		master.Close()
		if t.Failed() {
			t.Logf("%s\n%s", name, strings.Join(h.rows(), "\n"))
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

// rows is the screen down to its last row that is not empty.
func (h *terminal) rows() []string {
	return strings.Split(strings.TrimRight(h.vt.String(), " \n"), "\n")
}

// wait waits until a row begins with a prompt and has the text in it.
func (h *terminal) wait(text string) {
	h.t.Helper()
	h.until("the screen never had a prompt with "+text, func() bool {
		return slices.ContainsFunc(h.rows(), func(row string) bool {
			return strings.HasPrefix(row, "[zk: ") && strings.Contains(row, text)
		})
	})
}

func (h *terminal) until(otherwise string, done func() bool) {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		h.mu.Lock()
		met, changed := done(), h.changed
		h.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			h.t.Fatal(otherwise)
		}
	}
}

func (h *terminal) typed(text string) {
	h.t.Helper()
	if _, err := io.WriteString(h.master, text); err != nil {
		h.t.Fatal(err)
	}
}

func (h *terminal) waitExit() {
	h.t.Helper()
	select {
	case <-h.exited:
	case <-time.After(patience):
		h.t.Fatal("the program does not end")
	}
	const last = "WatchedEvent state:Closed"
	h.until("the screen never had "+last, func() bool { return strings.Contains(h.vt.String(), last) })
}

// TestTerminal shows what a person has beyond Apache's: events that leave the line alone, keys, completion.
func TestTerminal(t *testing.T) {
	server := zokaServer(t)
	h := startTerminal(t, built(t), "-server", server)
	h.wait(") 0]")
	h.typed("create /watched v\r")
	h.wait(") 1]")
	h.typed("get -w /watched\r")
	h.wait(") 2]")
	h.typed("ls /wat")
	h.wait(") 2] ls /wat")
	if o := run(t, built(t), server, "", "set", "/watched", "w"); o.code != 0 {
		t.Fatal(o.stderr)
	}
	h.until("the event was never shown above the prompt", func() bool {
		rows := h.rows()
		at := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, "type:NodeDataChanged path:/watched") })
		return at >= 3 && strings.HasPrefix(rows[at-2], "WATCHER::") && at+1 < len(rows) &&
			strings.Contains(rows[at+1], ") 2] ls /wat")
	})
	h.typed("\t")
	h.wait(") 2] ls /watched")
	h.typed("\x03") // Ctrl-C: the line is given up, the shell is not
	h.typed("get /nope\r")
	h.wait(") 3]")
	h.typed("\x04") // Ctrl-D
	select {
	case <-h.exited:
	case <-time.After(patience):
		t.Fatal("Ctrl-D does not leave")
	}
	if code := h.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want that of the last command", code)
	}
}
