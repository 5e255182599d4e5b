package peertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Member is one server of an ensemble, running or not. Kill, Stop, Ask, Addr and Log are those of the present process.
// Its methods are for one goroutine at a time.
type Member struct {
	*Server
	// ID is the number in its server line and in its myid file.
	ID int
	// Observer is set for a member without a vote.
	Observer bool

	e                        *Ensemble
	quorumPort, electionPort int
	logs                     []string // the paths of the earlier processes' logs
	paused                   bool
}

func newMember(t testing.TB, e *Ensemble, id int, program Program) *Member {
	t.Helper()
	dir := t.TempDir()
	m := &Member{
		Server: &Server{
			ClientPort: FreePort(t),
			DataDir:    filepath.Join(dir, "data"),
			ConfigFile: filepath.Join(dir, "zoo.cfg"),
			program:    program,
		},
		ID: id, e: e, quorumPort: FreePort(t), electionPort: FreePort(t),
	}
	if err := os.Mkdir(m.DataDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.DataDir, "myid"), fmt.Appendf(nil, "%d\n", id), 0o644); err != nil {
		t.Fatal(err)
	}
	return m
}

// String names the member, with what runs it.
func (m *Member) String() string { return fmt.Sprintf("server %d (%s)", m.ID, m.program.Name) }

// Program is what runs the member now, or will at the next Start.
func (m *Member) Program() Program { return m.program }

// Running says whether the member has been started, and has not ended since.
func (m *Member) Running() bool {
	if m.cmd == nil {
		return false
	}
	select {
	case <-m.done:
		return false
	default:
		return true
	}
}

// Start starts the member on its folder, and does not wait until it serves.
func (m *Member) Start(t testing.TB) {
	t.Helper()
	if m.Running() {
		t.Fatalf("start %v: it runs", m)
	}
	if m.LogFile != "" {
		m.logs = append(m.logs, m.LogFile)
	}
	m.LogFile = filepath.Join(filepath.Dir(m.ConfigFile), fmt.Sprintf("log-%d", len(m.logs)+1))
	m.run(t, m.e.config)
}

// StartAs starts the member on its folder, run by another program from now on.
func (m *Member) StartAs(t testing.TB, program Program) {
	t.Helper()
	m.program = program
	m.Start(t)
}

// Restart starts the member and waits until it serves.
func (m *Member) Restart(t testing.TB) {
	t.Helper()
	m.Start(t)
	m.Await(t)
}

// Empty removes the data of a member that does not run; its number stays.
func (m *Member) Empty(t testing.TB) {
	t.Helper()
	if m.Running() {
		t.Fatalf("empty the folder of %v: it runs", m)
	}
	if err := os.RemoveAll(filepath.Join(m.DataDir, "version-2")); err != nil {
		t.Fatal(err)
	}
}

// Pause stops the process (SIGSTOP) and waits until it has stopped: it neither reads nor writes, and its connections
// stay.
func (m *Member) Pause(t testing.TB) {
	t.Helper()
	m.signal(t, syscall.SIGSTOP)
	if err := awaitStopped(m.Pid()); err != nil {
		t.Fatalf("wait until %v has stopped: %v", m, err)
	}
	m.paused = true
}

// Resume lets a paused process go on.
func (m *Member) Resume(t testing.TB) {
	t.Helper()
	m.signal(t, syscall.SIGCONT)
	m.paused = false
}

func (m *Member) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := m.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("send %s to %v: %v", sig, m, err)
	}
}

// Kill ends the process at once (SIGKILL), paused or not, and waits until it is gone.
func (m *Member) Kill() {
	m.Server.Kill()
	m.paused = false
}

// Mode is the member's role: leader, follower or observer. The error is a member that does not serve.
func (m *Member) Mode() (string, error) {
	if m.paused || !m.Running() {
		return "", fmt.Errorf("%v does not run", m)
	}
	answer, err := m.Ask("srvr")
	if err != nil {
		return "", err
	}
	_, mode, ok := strings.Cut(answer, "Mode: ")
	if !ok {
		return "", fmt.Errorf("%v does not serve: %s", m, strings.TrimSpace(answer))
	}
	mode, _, _ = strings.Cut(mode, "\n")
	return mode, nil
}

// AwaitProcess waits until the process answers at all: it is up, but alone it does not serve.
func (m *Member) AwaitProcess(t testing.TB) {
	t.Helper()
	if !poll(startTimeout, func() bool {
		answer, err := m.Ask("ruok")
		return err == nil && answer == "imok"
	}) {
		t.Fatalf("%v does not answer after %s; its log ends:\n%s", m, startTimeout, tail(m.Log(), 20))
	}
}

// Metrics are the lines of mntr: names as the server gives them, zk_server_state and so on.
func (m *Member) Metrics(t testing.TB) map[string]string {
	t.Helper()
	answer, err := m.Ask("mntr")
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	metrics := map[string]string{}
	for line := range strings.Lines(answer) {
		if name, value, ok := strings.Cut(line, "\t"); ok {
			metrics[name] = strings.TrimSpace(value)
		}
	}
	return metrics
}

// showLogs shows the ends of the logs of the last three processes.
func (m *Member) showLogs(t testing.TB) {
	t.Helper()
	all := append(m.logs, m.LogFile)
	for _, path := range all[max(0, len(all)-3):] {
		if text, err := os.ReadFile(path); err == nil {
			t.Logf("%s of server %d, last %s, ends:\n%s", filepath.Base(path), m.ID, m.program.Name, tail(string(text), 25))
		}
	}
}
