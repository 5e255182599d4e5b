package tutorial

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// TestMain runs all tests at once, however few processors there are: what they do most of the time is to wait.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(testbin.Main(m))
}

// patience bounds every wait for what must come.
const patience = 30 * time.Second

// zooCfg is a tutorial's, with its comments. Below it come the server lines.
const zooCfg = `# The number of milliseconds of each tick
tickTime=2000
# The number of ticks that the initial
# synchronization phase can take
initLimit=10
# The number of ticks that can pass between
# sending a request and getting an acknowledgement
syncLimit=5
# do not use /tmp for storage, /tmp here is just example sakes.
dataDir=%s
# the port at which the clients will connect
clientPort=%d
clientPortAddress=127.0.0.1
# the maximum number of client connections.
#maxClientCnxns=60
#autopurge.snapRetainCount=3
#autopurge.purgeInterval=1
`

// host is one machine of the tutorial: a folder with conf/zoo.cfg and data/myid.
type host struct {
	t    *testing.T
	id   int
	dir  string
	cfg  string // conf/zoo.cfg
	addr string // of the client port
	ports
}

type ports struct{ client, quorum, election int }

// hosts are an ensemble's. The first is server 1.
type hosts []*host

// newHosts writes the files of voters and observers, and starts nothing.
func newHosts(t *testing.T, voters, observers int) hosts {
	t.Helper()
	var all hosts
	var lines strings.Builder
	for id := 1; id <= voters+observers; id++ {
		p := ports{peertest.FreePort(t), peertest.FreePort(t), peertest.FreePort(t)}
		dir := t.TempDir()
		h := &host{t, id, dir, filepath.Join(dir, "conf", "zoo.cfg"), "127.0.0.1:" + strconv.Itoa(p.client), p}
		fmt.Fprintf(&lines, "server.%d=127.0.0.1:%d:%d", id, h.quorum, h.election)
		if id > voters {
			lines.WriteString(":observer")
		}
		lines.WriteByte('\n')
		all = append(all, h)
	}
	for _, h := range all {
		h.write("conf/zoo.cfg", fmt.Sprintf(zooCfg, filepath.Join(h.dir, "data"), h.client)+lines.String())
		h.write("data/myid", strconv.Itoa(h.id)+"\n")
		t.Cleanup(h.kill)
	}
	return all
}

func (h *host) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
}

// said is what a command has shown.
type said struct {
	stdout, stderr string
	code           int
}

func run(t *testing.T, env []string, name string, args ...string) said {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), append([]string{"ZOKA=" + testbin.Zoka(t), "HOME=" + t.TempDir()}, env...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// zkServer types a verb of zkServer.sh on the host.
func (h *host) zkServer(verb string) said {
	h.t.Helper()
	return run(h.t, []string{"ZOO_LOG_DIR=" + filepath.Join(h.dir, "logs"),
		// The AdminServer's port is everybody's; cons, which tells who is where, is not in Apache's whitelist.
		"SERVER_JVMFLAGS=-Dzookeeper.admin.enableServer=false -Dzookeeper.4lw.commands.whitelist=*"},
		"../zkServer.sh", "--config", filepath.Dir(h.cfg), verb)
}

func (h *host) start() {
	h.t.Helper()
	if got := h.zkServer("start"); got.code != 0 || got.stdout != "Starting zookeeper ... STARTED\n" {
		h.t.Fatalf("server %d: start: %+v", h.id, got)
	}
}

func (h *host) stop() {
	h.t.Helper()
	if got := h.zkServer("stop"); got.code != 0 || got.stdout != "Stopping zookeeper ... STOPPED\n" {
		h.t.Fatalf("server %d: stop: %+v", h.id, got)
	}
}

// kill is kill -9, of a server that may not run. It waits until the process is gone, also from the system's table.
func (h *host) kill() {
	pid := h.server()
	if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
		return
	}
	h.eventually("to an end", func() bool { return syscall.Kill(pid, 0) != nil })
}

// server is the server's process id, 0 where it has none.
func (h *host) server() int {
	text, _ := os.ReadFile(filepath.Join(h.dir, "data", "zookeeper_server.pid")) // there is none after stop
	pid, _ := strconv.Atoi(string(text))                                         // the same
	return pid
}

// start starts all at once.
func (all hosts) start() {
	var starts sync.WaitGroup
	for _, h := range all {
		starts.Go(h.start)
	}
	starts.Wait()
}

// mode is what status says that the server is, "" where it does not serve.
func (h *host) mode() string {
	h.t.Helper()
	got := h.zkServer("status")
	found := fmt.Sprintf("Client port found: %d. Client address: 127.0.0.1. Client SSL: false.\n", h.client)
	mode, ok := strings.CutPrefix(got.stdout, found+"Mode: ")
	switch {
	case ok && got.code == 0:
		return strings.TrimSpace(mode)
	case got.stdout != found+"Error contacting service. It is probably not running.\n" || got.code != 1:
		h.t.Errorf("server %d: status: %+v", h.id, got)
	}
	return ""
}

// asked is what the server itself says that it is, "" where it does not serve.
func (h *host) asked() string {
	text, _ := flw.Do(h.t.Context(), h.addr, "srvr", nil) // it may not run
	_, after, _ := strings.Cut(text, "\nMode: ")
	mode, _, _ := strings.Cut(after, "\n")
	return mode
}

// await waits until the servers are what modes say, in their order, and has status say the same.
func (all hosts) await(modes ...string) {
	all[0].t.Helper()
	for i, want := range modes {
		all[i].eventually("to be "+strconv.Quote(want), func() bool { return all[i].asked() == want })
		if got := all[i].mode(); got != want {
			all[i].t.Errorf("server %d: status: %q, want %q", all[i].id, got, want)
		}
	}
}

// serving waits until all serve, and returns who leads.
func (all hosts) serving() (leader *host) {
	all[0].t.Helper()
	for _, h := range all {
		h.eventually("to serve", func() bool { return h.asked() != "" })
	}
	for _, h := range all {
		if h.asked() == "leader" {
			leader = h
		}
	}
	if leader == nil {
		all[0].t.Fatal("nobody leads")
	}
	return leader
}

// but are the hosts without some.
func (all hosts) but(not ...*host) hosts {
	var rest hosts
next:
	for _, h := range all {
		for _, n := range not {
			if n == h {
				continue next
			}
		}
		rest = append(rest, h)
	}
	return rest
}

// connect is the connect string of the hosts.
func (all hosts) connect() string {
	var addrs []string
	for _, h := range all {
		addrs = append(addrs, h.addr)
	}
	return strings.Join(addrs, ",")
}

// eventually waits for what a server is to come to.
func (h *host) eventually(what string, holds func() bool) {
	h.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(end) {
			h.t.Fatalf("server %d does not come %s", h.id, what)
		}
	}
}

// log is the server's log: what its messages say, with their attributes, and neither times nor levels.
func (h *host) log() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "logs", "*.out"))
	if err != nil || len(files) != 1 {
		h.t.Fatalf("logs: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		h.t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if _, msg, ok := strings.Cut(line, "msg="); ok {
			lines = append(lines, strings.TrimSpace(strings.ReplaceAll(msg, `"`, "")))
		}
	}
	return lines
}

// tells demands that the log has lines that begin like these, in their order, after what tells has found before.
func (h *host) tells(want ...string) {
	h.t.Helper()
	log := h.log()
	rest := log
	for _, w := range want {
		for len(rest) > 0 && !strings.HasPrefix(rest[0], w) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			h.t.Errorf("server %d does not tell, in this order: %s\nthe log:\n%s", h.id, strings.Join(want, "; "), strings.Join(log, "\n"))
			return
		}
		rest = rest[1:]
	}
}

// zoka types one command of the shell.
func (all hosts) zoka(args ...string) said {
	all[0].t.Helper()
	return run(all[0].t, nil, testbin.Zoka(all[0].t), append([]string{"-s", all.connect()}, args...)...)
}

// does types a command that must work, and returns its output without the last line's end.
func (all hosts) does(args ...string) string {
	all[0].t.Helper()
	got := all.zoka(args...)
	if got.code != 0 || got.stderr != "" {
		all[0].t.Fatalf("%s: %+v", strings.Join(args, " "), got)
	}
	return strings.TrimSuffix(got.stdout, "\n")
}

// shows types a command on each host by itself.
func (all hosts) shows(want string, args ...string) {
	all[0].t.Helper()
	for _, h := range all {
		if got := (hosts{h}).does(args...); got != want {
			h.t.Errorf("server %d: %s: %q, want %q", h.id, strings.Join(args, " "), got, want)
		}
	}
}

// agree types sync and a read on each host by itself.
func (all hosts) agree(want, read, path string) {
	all[0].t.Helper()
	all.shows("Sync is OK\n"+want, "-c", "sync "+path+"; "+read+" "+path)
}
