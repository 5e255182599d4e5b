package zkcli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestNoServer compares what is said where nobody listens.
func TestNoServer(t *testing.T) {
	server := unused(t)
	const lines = "ls /\nget /x\nset /x y\nconfig\nsync /\ngetEphemerals\nremovewatches /a\nversion\nhistory\n"
	for _, in := range []struct {
		name, script string
		args         []string
	}{
		{"script that fails", lines + "ls /\n", nil},
		{"ls", "", []string{"ls", "/"}},
		{"quit", "", []string{"quit"}},
	} {
		// Apache's prompts are masked like those after connect.
		compare(t, in.name, run(t, built(t), server, in.script, in.args...), run(t, peertest.ZkCli(t), server, in.script, in.args...))
	}
}

// TestRefusedCredential: Apache's goes on until the answer is there, so that the lines behind addauth may still be
// carried out, or fail in two ways. What it comes to is the same.
func TestRefusedCredential(t *testing.T) {
	server := zokaServer(t)
	for _, cli := range []string{built(t), peertest.ZkCli(t)} {
		o := run(t, cli, server, "addauth nonsense x\nget /zookeeper\nget /zookeeper\nget /zookeeper\nget /zookeeper\n")
		want := connected + "\nWatchedEvent state:AuthFailed type:None path:null zxid: -1"
		if got := strings.Join(o.events, "\n"); got != want {
			t.Errorf("%s: events\n%s", cli, got)
		}
		if !strings.HasSuffix(o.stdout, "\nNot connected\n[zk: ADDR(AUTH_FAILED) 5] ") {
			t.Errorf("%s: stdout\n%s", cli, o.stdout)
		}
	}
}

// TestLostServer follows a session through the loss of its server, and that server's return.
func TestLostServer(t *testing.T) {
	dir := t.TempDir()
	first := start(t, ensemble.Options{Nodes: 1, Dir: dir})
	addr := first.ConnectString()
	c := converse(t, addr)
	c.expect("(CONNECTED) 0] ")
	c.say("create -e /e v")
	c.expect("(CONNECTED) 1] ")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	c.expect("\nWATCHER::\n\nWatchedEvent state:Disconnected type:None path:null zxid: -1\n")
	c.say("ls /")
	c.expect("ls /\n[zk: " + addr + "(CONNECTING) 2] ")
	start(t, ensemble.Options{Nodes: 1, Dir: dir, Addr: addr})
	c.expect("\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null zxid: -1\n")
	c.say("ls /")
	c.expect("ls /\n[e, zookeeper]\n[zk: " + addr + "(CONNECTED) 3] ")
	if code, stderr := c.end(); code != 0 || stderr != "Created /e\nKeeperErrorCode = ConnectionLoss for /\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	// The session has been ended with the program.
	if o := run(t, built(t), addr, "", "ls", "/"); o.stdout != "Connecting to ADDR\n[zookeeper]\n" {
		t.Errorf("stdout %q", o.stdout)
	}
}

// TestExpiry: a session that is over stays so until connect.
func TestExpiry(t *testing.T) {
	first := start(t, ensemble.Options{Nodes: 1, TickTime: 100 * time.Millisecond})
	addr := first.ConnectString()
	c := converse(t, addr, "-timeout", "600")
	c.expect("(CONNECTED) 0] ")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	const event = "\nWATCHER::\n\nWatchedEvent state:%s type:None path:null zxid: -1\n"
	c.expect(fmt.Sprintf(event, "Disconnected") + fmt.Sprintf(event, "Expired"))
	start(t, ensemble.Options{Nodes: 1, TickTime: 100 * time.Millisecond, Addr: addr})
	c.say("")
	c.expect("(CLOSED) 0] ")
	c.say("ls /")
	c.expect("ls /\nNot connected\n[zk: " + addr + "(CLOSED) 1] ")
	c.say("connect")
	c.expect("connect\n" + fmt.Sprintf(event, "SyncConnected") + "[zk: " + addr + "(CONNECTED) 2] ")
	c.say("ls /")
	c.expect("ls /\n[zookeeper]\n[zk: " + addr + "(CONNECTED) 3] ")
	if code, stderr := c.end(); code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// TestQuotaExceeded: the words for a hard limit, which only a server that enforces quotas says.
func TestQuotaExceeded(t *testing.T) {
	server := peertest.StartZK39(t, peertest.Options{Config: []string{"enforceQuota=true"}}).Addr()
	const script = "create /q v\nsetquota -N 1 /q\ncreate /q/a v\ndelquota -N /q\nsetquota -B 3 /q\nset /q longer\ndelquota /q\ndelete /q\nquit\n"
	compare(t, "quota", run(t, built(t), server, script), run(t, peertest.ZkCli(t), server, script))
}

func start(t *testing.T, opts ensemble.Options) *ensemble.Ensemble {
	t.Helper()
	e, err := ensemble.Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // the test may have closed it
	return e
}

// conversation is a run of zoka's zkCli.sh whose lines depend on what it has said.
type conversation struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr strings.Builder
}

func converse(t *testing.T, server string, args ...string) *conversation {
	t.Helper()
	c := &conversation{t: t, cmd: command(t, built(t), server, "", args...)}
	c.cmd.Stdin = nil // a pipe instead
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.out, c.cmd.Stderr = in, bufio.NewReader(out), &c.stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *conversation) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads until the text has been said.
func (c *conversation) expect(text string) {
	c.t.Helper()
	var said []byte
	for !strings.HasSuffix(string(said), text) {
		b, err := c.out.ReadByte()
		if err != nil {
			c.t.Fatalf("%v; wanted %q, heard %q", err, text, said)
		}
		said = append(said, b)
	}
}

// end closes standard input and waits.
func (c *conversation) end() (code int, stderr string) {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Fatal(err)
	}
	if _, err := io.ReadAll(c.out); err != nil {
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait() // the exit code says it
	return c.cmd.ProcessState.ExitCode(), c.stderr.String()
}
