package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestBasics is what everybody learns of ZooKeeper first, typed and seen, on a server of our own as zkServer.sh
// starts it.
func TestBasics(t *testing.T) {
	l := newLauncher(t)
	l.says(t, "start", "Starting zookeeper ... STARTED\n", 0)
	l.says(t, "start", "Starting zookeeper ... already running as process "+l.pid(t)+".\n", 1)
	l.says(t, "status", "Client port found: "+l.port+". Client address: localhost. Client SSL: false.\nMode: standalone\n", 0)
	basics(t, "127.0.0.1:"+l.port)

	// What was written is there after a restart, what was ephemeral is not.
	h := open(t, "127.0.0.1:"+l.port)
	h.does("create /kept \"liubei\"", "Created /kept")
	h.does("create -e /kept/member", "Created /kept/member")
	h.leaves()
	l.says(t, "restart", "Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n", 0)
	h = open(t, "127.0.0.1:"+l.port)
	h.does("get /kept", "liubei")
	h.does("ls /kept", "[]")
	h.leaves()
	l.says(t, "stop", "Stopping zookeeper ... STOPPED\n", 0)
	l.says(t, "status", "Client port found: "+l.port+". Client address: localhost. Client SSL: false.\n"+
		"Error contacting service. It is probably not running.\n", 1)
}

// TestBasics_Apache is the same on Apache's server.
func TestBasics_Apache(t *testing.T) {
	basics(t, peertest.StartZK39(t, peertest.Options{}).Addr())
}

func basics(t *testing.T, server string) {
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: server})
	ok(t, err)
	defer zk.Close(t.Context())
	for _, part := range []struct {
		name string
		run  func(*testing.T, string, *zkclient.Client)
	}{
		{"Tree", basicTree}, {"Stat", basicStat}, {"Watches", basicWatches}, {"Ephemeral", basicEphemeral},
		{"Limit", basicLimit}, {"Sync", basicSync}, {"Order", basicOrder}, {"Atomic", basicAtomic},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, server, zk) }) {
			return // its znodes are in the way of the next one's
		}
	}
}

// basicTree is a tree of znodes with data, made and taken down.
func basicTree(t *testing.T, server string, _ *zkclient.Client) {
	h := open(t, server)
	h.does("ls /", "[zookeeper]")
	h.does("create /sanguo \"diaochan\"", "Created /sanguo")
	h.does("create /sanguo/shuguo \"liubei\"", "Created /sanguo/shuguo")
	h.does("create /sanguo/weiguo \"caocao\"", "Created /sanguo/weiguo")
	h.does("create /sanguo/weiguo \"caocao\"", "create /sanguo/weiguo: znode exists already")
	h.does("ls /sanguo", "[shuguo, weiguo]")
	h.does("get /sanguo/weiguo", "caocao")

	// A sequential znode may have the same name many times; each gets ten digits of its own.
	h.does("create /sanguo/weiguo/zhangliao \"zhangliao\"", "Created /sanguo/weiguo/zhangliao")
	h.does("create -s /sanguo/weiguo/zhangliao \"zhangliao\"", "Created /sanguo/weiguo/zhangliao0000000001")
	h.does("create -s /sanguo/weiguo/zhangliao \"zhangliao\"", "Created /sanguo/weiguo/zhangliao0000000002")
	h.does("create -s -e /sanguo/weiguo/xuchu \"xuchu\"", "Created /sanguo/weiguo/xuchu0000000003")

	h.does("delete /sanguo/weiguo", "delete /sanguo/weiguo: znode has children")
	h.does("delete -v 7 /sanguo/weiguo/zhangliao", "delete /sanguo/weiguo/zhangliao: version does not match")
	h.does("delete -v 0 /sanguo/weiguo/zhangliao")
	h.does("delete /sanguo/shuguo")
	h.does("history 3", "13 - delete -v 0 /sanguo/weiguo/zhangliao", "14 - delete /sanguo/shuguo", "15 - history 3")
	h.does("deleteall /sanguo", "deleted 5 znodes")
	h.does("ls /", "[zookeeper]")
	h.leaves()
}

// basicStat is what a znode says of itself, and how a write changes it.
func basicStat(t *testing.T, server string, _ *zkclient.Client) {
	h := open(t, server)
	h.does("create /sanguo \"diaochan\"", "Created /sanguo")
	h.does("create /sanguo/weiguo \"caocao\"", "Created /sanguo/weiguo")
	stat := func(cversion, version, ephemeralOwner, length, children string) []string {
		return []string{
			"cZxid = 0x…", "ctime = …", "mZxid = 0x…", "mtime = …", "pZxid = 0x…",
			"cversion = " + cversion, "dataVersion = " + version, "aclVersion = 0",
			"ephemeralOwner = " + ephemeralOwner, "dataLength = " + length, "numChildren = " + children,
		}
	}
	h.does("get -s /sanguo", append([]string{"diaochan"}, stat("1", "0", "0x0", "8", "1")...)...)
	h.does("set /sanguo \"simayi\"")
	h.does("get -s /sanguo", append([]string{"simayi"}, stat("1", "1", "0x0", "6", "1")...)...)
	h.does("set -v 0 /sanguo \"late\"", "set /sanguo: version does not match")
	h.does("set -v 1 /sanguo \"caopi\"")
	h.does("stat /sanguo", stat("1", "2", "0x0", "5", "1")...)
	h.does("create -e /sanguo/wuguo \"zhouyu\"", "Created /sanguo/wuguo")
	h.does("stat /sanguo/wuguo", stat("0", "0", "0x…", "6", "0")...)
	h.does("ls -s /sanguo", append([]string{"[weiguo, wuguo]"}, stat("2", "2", "0x0", "5", "2")...)...)
	h.does("ls -s /", append([]string{"[sanguo, zookeeper]"}, stat("…", "0", "0x0", "0", "2")...)...)
	h.does("deleteall /sanguo", "deleted 3 znodes")
	h.leaves()
}

// basicWatches has one session watch and another one change: the event comes above the line being typed, and once.
func basicWatches(t *testing.T, server string, _ *zkclient.Client) {
	watcher, writer := open(t, server), open(t, server)
	writer.does("create /sanguo \"diaochan\"", "Created /sanguo")
	watcher.does("get -w /sanguo", "diaochan")
	watcher.typed("ls -w")
	watcher.wait(watcher.prompt() + " ls -w")
	writer.does("set /sanguo \"xishi\"")
	watcher.wait("… event NodeDataChanged /sanguo zxid=0x…", watcher.prompt()+" ls -w")
	writer.does("set /sanguo \"again\"") // a watch tells once
	watcher.typed(" /sanguo\r")
	watcher.answered("ls -w /sanguo", "[]")
	writer.does("create /sanguo/jin \"simayi\"", "Created /sanguo/jin")
	watcher.wait("… event NodeChildrenChanged /sanguo zxid=0x…", watcher.prompt())
	watcher.does("get -w /sanguo/jin", "simayi")
	writer.does("deleteall /sanguo", "deleted 2 znodes")
	watcher.wait("… event NodeDeleted /sanguo/jin zxid=0x…", watcher.prompt())
	if seen := strings.Count(strings.Join(watcher.rows(), "\n"), "NodeDataChanged"); seen != 1 {
		t.Errorf("one watch was told of %d changes", seen)
	}
	watcher.leaves()
	writer.leaves()
}

// basicEphemeral: an ephemeral znode goes with its client, and who watches is told.
func basicEphemeral(t *testing.T, server string, _ *zkclient.Client) {
	watcher, member := open(t, server), open(t, server)
	member.does("create /sanguo", "Created /sanguo")
	member.does("create -e /sanguo/wuguo \"zhouyu\"", "Created /sanguo/wuguo")
	watcher.does("ls -w /sanguo", "[wuguo]")
	member.leaves()
	watcher.wait("… event NodeChildrenChanged /sanguo zxid=0x…", watcher.prompt())
	watcher.does("ls /sanguo", "[]")
	watcher.does("delete /sanguo")
	watcher.leaves()
}

// basicLimit: a write over 1 MB gets an error that names the limit, and the session lives on.
func basicLimit(t *testing.T, server string, _ *zkclient.Client) {
	big, err := os.CreateTemp("", "big")
	ok(t, err)
	t.Cleanup(func() { os.Remove(big.Name()) })
	ok(t, big.Truncate(1_100_000))
	ok(t, big.Close())
	h := open(t, server)
	h.does("create -e /sanguo \"diaochan\"", "Created /sanguo")
	h.does("set /sanguo @"+big.Name(), "set /sanguo: the request has 11… bytes, the limit (jute.maxbuffer) is 1048575")
	h.does("get /sanguo", "diaochan")
	h.does("getEphemerals", "[/sanguo]")
	h.leaves()
}

// basicSync: a read after sync has what anybody wrote before.
func basicSync(t *testing.T, server string, zk *zkclient.Client) {
	h := open(t, server)
	h.does("create /sanguo 0", "Created /sanguo")
	for i := range 5 {
		_, err := zk.Set(t.Context(), "/sanguo", []byte(strconv.Itoa(i)), -1)
		ok(t, err)
		h.does("sync /sanguo; get /sanguo", "Sync is OK", strconv.Itoa(i))
	}
	h.does("delete /sanguo")
	h.leaves()
}

// basicOrder: what one client sends is carried out in its order, also when it does not wait for answers.
func basicOrder(t *testing.T, server string, zk *zkclient.Client) {
	const many = 200
	script := []string{"create /order"}
	for i := range many {
		script = append(script, fmt.Sprintf("create -s -q /order/n- %d; set /order %d", i, i))
	}
	cmd := exec.CommandContext(t.Context(), "zoka", "-server", server, "--keep-going")
	cmd.Stdin = strings.NewReader(strings.Join(script, "\n"))
	out, err := cmd.Output()
	ok(t, err)
	want := "Created /order\n"
	for i := range many {
		path := fmt.Sprintf("/order/n-%010d", i)
		want += path + "\n"
		if data, _, err := zk.Get(t.Context(), path, nil); err != nil || string(data) != strconv.Itoa(i) {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
	if string(out) != want {
		t.Errorf("the answers came in another order:\n%s", out)
	}
	h := open(t, server)
	h.does("get /order", strconv.Itoa(many-1))
	h.does("deleteall /order", fmt.Sprintf("deleted %d znodes", many+1))
	h.leaves()
}

// basicAtomic: a multi, which programs have and shells have not, happens wholly or not at all.
func basicAtomic(t *testing.T, server string, zk *zkclient.Client) {
	h := open(t, server)
	h.does("create /sanguo 0", "Created /sanguo")
	ops := func(version int32) []zkproto.MultiOp {
		return []zkproto.MultiOp{
			zkclient.CreateOp("/sanguo/shuguo", nil, nil, zkproto.ModePersistent, 0),
			{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: "/sanguo", Data: []byte("1"), Version: version}},
			zkclient.CreateOp("/sanguo/weiguo", nil, nil, zkproto.ModePersistent, 0),
		}
	}
	if _, err := zk.Multi(t.Context(), ops(7)); !errors.Is(err, zkproto.BadVersion) {
		t.Fatalf("a multi with a wrong version: %v", err)
	}
	h.does("ls /sanguo; get /sanguo", "[]", "0")
	_, err := zk.Multi(t.Context(), ops(0))
	ok(t, err)
	h.does("ls /sanguo; get /sanguo", "[shuguo, weiguo]", "1")
	h.does("deleteall /sanguo", "deleted 3 znodes")
	h.leaves()
}

// person is a terminal with somebody who waits for each answer.
type person struct {
	*terminal
	server string
	line   int
}

// open runs zoka at a terminal and waits for its prompt.
func open(t *testing.T, server string) *person {
	t.Helper()
	p := &person{terminal: startTerminal(t, "-server", server), server: server}
	p.wait(p.prompt())
	return p
}

func (p *person) prompt() string { return prompt(p.server, strconv.Itoa(p.line)) }

// does types a line; these rows and no others must be the answer.
func (p *person) does(line string, want ...string) {
	p.t.Helper()
	p.typed(line + "\r")
	p.answered(line, want...)
}

// answered waits for the answer to a line that has been typed.
func (p *person) answered(line string, want ...string) {
	p.t.Helper()
	rows := append([]string{p.prompt() + " " + line}, want...)
	p.line++
	p.wait(append(rows, p.prompt())...)
}

// leaves ends the session by Ctrl-D.
func (p *person) leaves() {
	p.t.Helper()
	p.typed("\x04")
	p.waitExit(0)
}

// launcher is scripts/zkServer.sh with a zoo.cfg of its own.
type launcher struct {
	script, config, port, pidFile string
	env                           []string
}

// newLauncher writes the zoo.cfg that the books have, for one server.
func newLauncher(t *testing.T) *launcher {
	t.Helper()
	dir := t.TempDir()
	script, err := filepath.Abs("../../scripts/zkServer.sh")
	ok(t, err)
	zoka, err := exec.LookPath("zoka")
	ok(t, err)
	l := &launcher{
		script: script, config: filepath.Join(dir, "zoo.cfg"), port: strconv.Itoa(peertest.FreePort(t)),
		pidFile: filepath.Join(dir, "zkData", "zookeeper_server.pid"),
		// The file stays as it is; a test listens on 127.0.0.1 alone.
		env: []string{"ZOKA=" + zoka, "ZOO_LOG_DIR=" + filepath.Join(dir, "logs"),
			"JVMFLAGS=-Dzookeeper.clientPortAddress=127.0.0.1 -Dzookeeper.admin.enableServer=false"},
	}
	ok(t, os.WriteFile(l.config, fmt.Appendf(nil, `# The number of milliseconds of each tick
tickTime=2000
# The number of ticks that the initial
# synchronization phase can take
initLimit=10
# The number of ticks that can pass between
# sending a request and getting an acknowledgement
syncLimit=5
# the directory where the snapshot is stored.
# do not use /tmp for storage, /tmp here is just
# example sakes.
dataDir=%s
# the port at which the clients will connect
clientPort=%s
# the maximum number of client connections.
# increase this if you need to handle more clients
#maxClientCnxns=60
# The number of snapshots to retain in dataDir
#autopurge.snapRetainCount=3
# Purge task interval in hours
# Set to "0" to disable auto purge feature
#autopurge.purgeInterval=1
`, filepath.Dir(l.pidFile), l.port), 0o644))
	t.Cleanup(func() {
		if _, err := os.Stat(l.pidFile); err == nil {
			l.says(t, "stop", "Stopping zookeeper ... STOPPED\n", 0)
		}
	})
	return l
}

// says runs one verb, which must print this and end with this code.
func (l *launcher) says(t *testing.T, verb, want string, code int) {
	t.Helper()
	cmd := exec.Command(l.script, verb, l.config)
	cmd.Env = append(cmd.Environ(), l.env...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); string(out) != want || got != code {
		t.Fatalf("zkServer.sh %s: exit code %d\n%s\nwant %d\n%s", verb, got, out, code, want)
	}
}

func (l *launcher) pid(t *testing.T) string {
	t.Helper()
	pid, err := os.ReadFile(l.pidFile)
	ok(t, err)
	return string(pid)
}
