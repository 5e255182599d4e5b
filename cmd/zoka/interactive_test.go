package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestInteractive is a person at a terminal.
func TestInteractive(t *testing.T) { interactive(t, ownServer(t)) }

// TestInteractive_Ensemble is a person at a terminal, on one of three servers.
func TestInteractive_Ensemble(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 3})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	server, _, _ := strings.Cut(e.ConnectString(), ",") // the prompt shows it
	interactive(t, server)
}

// TestInteractive_Apache is a person at a terminal, on Apache's server.
func TestInteractive_Apache(t *testing.T) {
	interactive(t, peertest.StartZK39(t, peertest.Options{}).Addr())
}

func interactive(t *testing.T, server string) {
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: server})
	ok(t, err)
	defer zk.Close(t.Context())
	t.Run("Tutorial", func(t *testing.T) { tutorial(t, server, zk) })
	t.Run("CtrlC", func(t *testing.T) { ctrlC(t, server) })
	t.Run("Signals", func(t *testing.T) { signals(t, server, zk) })
}

// TestInteractive_Embedded is what the README begins with.
func TestInteractive_Embedded(t *testing.T) {
	h := startTerminal(t, "--embedded")
	h.wait("three servers and three brokers of its own, gone when you leave; `cluster status` shows them:",
		"127.0.0.1:…,127.0.0.1:…,127.0.0.1:…", "[zk: 127.0.0.1:…(CONNECTED) 0]")
	h.typed("create /sanguo liubei\r")
	h.wait("Created /sanguo", "[zk: 127.0.0.1:…(CONNECTED) 1]")
	h.typed("\x04")
	h.waitExit(0)
}

// TestInteractive_EmbeddedNodes: each server may die, that of the session too, and the session lives.
func TestInteractive_EmbeddedNodes(t *testing.T) {
	h := startTerminal(t, "--embedded")
	h.wait("[zk: 127.0.0.1:…(CONNECTED) 0]")
	h.typed("create -e /mine liubei\r")
	h.wait("Created /mine", "[zk: 127.0.0.1:…(CONNECTED) 1]")
	for n, node := range []string{"1", "2", "3"} {
		h.typed("cluster kill " + node + "\r")
		h.wait("killed node " + node)
		h.typed("cluster status\r")
		h.wait("node …pid  server …role …epoch  zxid …sessions  znodes  latency  broker")
		h.wait("   " + node + " …-  127.0.0.1:…  down …")
		h.typed("get /mine; echo got it without " + node + "\r") // events may come in between
		h.wait("got it without " + node)
		h.wait("[zk: 127.0.0.1:…(CONNECTED) " + strconv.Itoa(4*n+4) + "]")
		h.typed("cluster restart " + node + "\r")
		h.wait("restarted node " + node)
		h.wait("[zk: 127.0.0.1:…(CONNECTED) " + strconv.Itoa(4*n+5) + "]")
	}
	h.typed("cluster kill 4\r")
	h.wait("cluster kill: node 4: no such node: they are 1 to 3")
	h.typed("\x04")
	h.waitExit(0)
}

// TestInteractive_ServerGoesAndComes shows above the prompt, and in it, what becomes of the session.
func TestInteractive_ServerGoesAndComes(t *testing.T) {
	dir := t.TempDir()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Dir: dir})
	ok(t, err)
	server := e.ConnectString()
	h := startTerminal(t, "-server", server)
	h.wait(prompt(server, "0"))
	h.typed("create -e /mine; get -w /mine\r")
	h.wait("Created /mine", "null (no data)", prompt(server, "1"))
	ok(t, e.Close())
	h.wait("… session Disconnected", "[zk: "+server+"(CONNECTING) 1]")
	e, err = ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Dir: dir, Addr: server})
	ok(t, err)
	defer e.Close()
	h.wait("… session SyncConnected", prompt(server, "1"))
	h.typed("set /mine still\r")
	h.wait("… event NodeDataChanged /mine…", prompt(server, "2"))
	h.typed("\x04")
	h.waitExit(0)
}

// TestInteractive_SessionExpires says so, and opens a new session for the next command.
func TestInteractive_SessionExpires(t *testing.T) {
	dir := t.TempDir()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Dir: dir, TickTime: 50 * time.Millisecond})
	ok(t, err)
	server := e.ConnectString()
	h := startTerminal(t, "-server", server, "-timeout", "400")
	h.wait(prompt(server, "0"))
	h.typed("create -e /mine; get -w /mine\r")
	h.wait("Created /mine", "null (no data)", prompt(server, "1"))
	ok(t, e.Close())
	h.wait("… session Expired")
	h.wait("… watch on /mine ended: session Expired")
	h.wait("[zk: " + server + "(CLOSED) 1]")
	h.typed("ls /\r")
	h.wait("no ZooKeeper server: "+server+": connection refused", "[zk: "+server+"(CLOSED) 2]")
	e, err = ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Dir: dir, Addr: server, TickTime: 50 * time.Millisecond})
	ok(t, err)
	defer e.Close()
	h.typed("ls /zookeeper\r")
	h.wait("[config, quota]", prompt(server, "3"))
	h.typed("\x04")
	h.waitExit(0)
}

// TestInteractive_History keeps lines across sessions, but no secrets, in a file that nobody else can read.
func TestInteractive_History(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history")
	t.Setenv("ZOKA_HISTORY", file)
	server := ownServer(t)
	h := startTerminal(t, "-server", server)
	h.wait(prompt(server, "0"))
	h.typed("addauth digest bob:hunter2\r")
	h.wait(prompt(server, "0")+" addauth digest bob:hunter2", prompt(server, "0"))
	h.typed("nosuch ssl.key.password=hunter2\r")
	h.wait("nosuch: no such command; `help` lists them", prompt(server, "0"))
	h.typed("ls /\r")
	h.wait("[zookeeper]", prompt(server, "1"))
	h.typed("\x04")
	h.waitExit(0)
	h = startTerminal(t, "-server", server)
	h.wait(prompt(server, "1"))
	h.typed("history\r")
	h.wait("0 - ls /", "1 - history", prompt(server, "2"))
	h.typed("\x1b[A\x1b[A")
	h.wait(prompt(server, "2") + " ls /")
	h.typed("\r")
	h.wait("[zookeeper]", prompt(server, "3"))
	h.typed("quit\r")
	h.waitExit(0)
	kept, err := os.ReadFile(file)
	ok(t, err)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || string(kept) != "ls /\nhistory\nls /\nquit\n" {
		t.Errorf("%s: %v, %q", file, info.Mode(), kept)
	}
}

// TestInteractive_NoServer ends before the first prompt.
func TestInteractive_NoServer(t *testing.T) {
	h := startTerminal(t, "-server", "127.0.0.1:1")
	h.wait("zoka: no ZooKeeper server: 127.0.0.1:1: connection refused")
	h.waitExit(3)
}

func prompt(server, number string) string { return "[zk: " + server + "(CONNECTED) " + number + "]" }

func tutorial(t *testing.T, server string, zk *zkclient.Client) {
	h := startTerminal(t, "-server", server)
	h.wait(prompt(server, "0"))
	h.typed("create /sanguo liubei\r")
	h.wait("Created /sanguo", prompt(server, "1"))
	h.typed("create -e \"/sanguo/wu\" \"sun quan\"\r")
	h.wait("Created /sanguo/wu", prompt(server, "2"))
	h.typed("get -w /sanguo\r")
	h.wait("liubei", prompt(server, "3"))
	h.typed("crate\r")
	h.wait("crate: no such command; did you mean create?", prompt(server, "4"))

	// An event comes while a line is being typed: it stands above, and the line goes on.
	h.typed("ls /san")
	h.wait(prompt(server, "4") + " ls /san")
	_, err := zk.Set(t.Context(), "/sanguo", []byte("simayi"), -1)
	ok(t, err)
	h.wait("… event NodeDataChanged /sanguo zxid=0x…", prompt(server, "4")+" ls /san")
	h.typed("guo\r")
	h.wait("[wu]", prompt(server, "5"))

	// The working znode stands in the prompt; a quote goes on in the next line.
	h.typed("cd /sanguo\r")
	h.wait("[zk: " + server + "(CONNECTED) /sanguo 6]")
	h.typed("create shu 'zhuge\rliang'\r")
	h.wait("> liang'", "Created /sanguo/shu", "[zk: "+server+"(CONNECTED) /sanguo 7]")
	h.typed("get shu; cd\r")
	h.wait("zhuge", "liang", prompt(server, "8"))
	h.typed("redo 5\r")
	h.wait("[zk: "+server+"(CONNECTED) 8] redo 5", "[zk: "+server+"(CONNECTED) /sanguo 9]")
	h.typed("history 2\r")
	h.wait("8 - redo 5", "9 - history 2", "[zk: "+server+"(CONNECTED) /sanguo 10]")

	// close and connect are seen in the prompt.
	h.typed("close\r")
	h.wait("[zk: " + server + "(CLOSED) /sanguo 11]")
	h.typed("ls\r")
	h.wait("ls: not connected: `connect` opens a session", "[zk: "+server+"(CLOSED) /sanguo 12]")
	h.typed("connect; create -e mine; cd\r")
	h.wait("Created /sanguo/mine", prompt(server, "13"))

	// Tab completes commands, and znodes into their children, also from the working znode.
	h.typed("hist\t3\r")
	h.wait("11 - ls", "12 - connect; create -e mine; cd", "13 - history 3", prompt(server, "14"))
	h.typed("get /sang\t")
	h.wait(prompt(server, "14") + " get /sanguo") // it may have to be fetched first
	h.typed("\r")
	h.wait("simayi", prompt(server, "15"))

	// Ctrl-D leaves, and ends the session.
	h.typed("\x04")
	h.waitExit(0)
	gone(t, zk, "/sanguo/mine")
}

// ctrlC cancels the command that runs, here one that waits for a server that does not answer, and not the shell.
func ctrlC(t *testing.T, server string) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer silent.Close()
	h := startTerminal(t, "-server", server)
	h.wait(prompt(server, "0"))
	h.typed("connect " + silent.Addr().String() + "\r")
	conn, err := silent.Accept()
	ok(t, err)
	defer conn.Close()
	h.typed("\x03")
	h.wait("^C", "connect: interrupted", prompt(server, "1"))
	h.typed("half a line")
	h.wait(prompt(server, "1") + " half a line")
	h.typed("\x03")
	h.wait(prompt(server, "1")+" half a line^C", prompt(server, "1"))
	h.typed("echo alive\r")
	h.wait("alive", prompt(server, "2"))
	h.typed("quit\r")
	h.waitExit(0)
}

// signals end the shell as Ctrl-D does: the terminal is restored and the session ended.
func signals(t *testing.T, server string, zk *zkclient.Client) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		path := "/" + strings.ReplaceAll(sig.String(), " ", "-")
		h := startTerminal(t, "-server", server)
		h.wait(prompt(server, "0"))
		h.typed("create -e " + path + "\r")
		h.wait("Created "+path, prompt(server, "1"))
		ok(t, h.cmd.Process.Signal(sig))
		h.waitExit(128 + int(sig))
		gone(t, zk, path)
	}
}

// gone checks that a znode is not there any more.
func gone(t *testing.T, zk *zkclient.Client, path string) {
	t.Helper()
	ok(t, zk.Sync(t.Context(), path))
	if _, err := zk.Exists(t.Context(), path, nil); !errors.Is(err, zkproto.NoNode) {
		t.Errorf("%s: %v: the session was not ended", path, err)
	}
}
