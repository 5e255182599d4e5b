package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// apacheLauncher copies Apache's own zkServer.sh beside settings that keep it out of the system's folders.
func apacheLauncher(t *testing.T) string {
	t.Helper()
	home := peertest.Debian(t)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(home.ZkCli), "zkServer.sh"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "zkServer.sh")
	write(t, script, string(text), 0o755)
	write(t, filepath.Join(dir, "zkEnv.sh"), "JAVA=java\nJVMFLAGS='-Xmx256m -XX:TieredStopAtLevel=1'\nZOOCFGDIR=/etc/zookeeper/conf\n"+
		"CLASSPATH=/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-nop.jar\n", 0o644)
	return script
}

// apacheServer makes a program that is called like zoka and runs Apache's server.
func apacheServer(t *testing.T) string {
	t.Helper()
	home := peertest.ZK39(t)
	program := filepath.Join(t.TempDir(), "zoka")
	write(t, program, fmt.Sprintf("#!/bin/sh\nshift\nJAVA_HEAP=-Xmx256m exec %s \"$@\"\n",
		filepath.Join(filepath.Dir(home.ZkCli), "zkServer-foreground.sh")), 0o755)
	return program
}

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// TestZkServer_Session walks both launchers through a server's life; lines and exit codes are the same. Ours also runs
// Apache's server, so that a difference can be laid to the script or to the server.
func TestZkServer_Session(t *testing.T) {
	t.Parallel()
	zoka := func(t *testing.T) string { return testbin.Zoka(t) }
	programs := map[string]func(*testing.T) string{"Apache": apacheServer, "zoka": zoka}
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sameSession(t, newServer(t, apacheLauncher(t)), newServer(t, abs(t, "zkServer.sh"), "ZOKA="+program(t)))
		})
	}
}

func sameSession(t *testing.T, apache, ours *server) {
	for _, verb := range []string{"status", "stop", "start", "start", "status", "restart", "status", "stop", "stop", "status", "nonsense"} {
		want, got := apache.run(t, verb, apache.cfg), ours.run(t, verb, ours.cfg)
		if got.stdout != want.stdout || got.code != want.code || !slices.Equal(lines(got.stderr), lines(want.stderr)) {
			t.Errorf("%s\n  Apache: %+v\n  ours:   %+v", verb, want, got)
		}
		if (verb == "start" || verb == "restart") && got.code == 0 {
			apache.await(t)
			ours.await(t)
		}
	}
}

// lines are the distinct lines of text: Apache's restart runs the script for each half, and each says where it is.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	slices.Sort(all)
	return slices.Compact(all)
}

// TestZkServer_StatusPort compares where the launchers look for the port that status asks.
func TestZkServer_StatusPort(t *testing.T) {
	t.Parallel()
	apacheScript := apacheLauncher(t)
	for _, tt := range []struct{ name, cfg, dynamic string }{
		{"client port", "clientPort=%d\n", ""},
		{"client port and address", "clientPort=%d\nclientPortAddress=127.0.0.1\n", ""},
		{"server line", "server.7=localhost:2888:3888;%d\nserver.8=localhost:2889:3889;1\n", ""},
		{"server line with address", "server.7=localhost:2888:3888:participant;127.0.0.1:%d\n", ""},
		{"server line with IPv6", "server.7=localhost:2888:3888;[::1]:%d\n", ""},
		{"dynamic file", "server.7=localhost:2888:3888\ndynamicConfigFile=DIR/dynamic\n", "server.7=localhost:2888:3888:participant;127.0.0.1:%d\n"},
		{"nowhere", "server.7=localhost:2888:3888\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen [2]outcome
			for i, script := range []string{apacheScript, abs(t, "zkServer.sh")} {
				s := newServer(t, script)
				write(t, filepath.Join(s.dir, "data", "myid"), "7\n", 0o644)
				fill := func(text string) string {
					text = strings.ReplaceAll(text, "DIR", s.dir)
					return strings.ReplaceAll(text, "%d", fmt.Sprint(s.port))
				}
				write(t, filepath.Join(s.dir, "dynamic"), fill(tt.dynamic), 0o644)
				write(t, s.cfg, "dataDir="+s.dir+"/data\n"+fill(tt.cfg), 0o644)
				seen[i] = s.run(t, "status", s.cfg)
			}
			if seen[0].stdout != seen[1].stdout || seen[0].code != seen[1].code {
				t.Errorf("\n  Apache: %+v\n  ours:   %+v", seen[0], seen[1])
			}
		})
	}
}

func TestZkServer_StatusTLS(t *testing.T) {
	s := newServer(t, abs(t, "zkServer.sh"))
	write(t, s.cfg, fmt.Sprintf("secureClientPort=%d\n", s.port), 0o644)
	got := s.run(t, "status", s.cfg)
	if got.code != 1 || !strings.Contains(got.stdout, "Client port found: PORT. Client address: localhost. Client SSL: true.\n") ||
		!strings.Contains(got.stderr, "speaks TLS") {
		t.Errorf("got %+v", got)
	}
}

// TestZkServer_Config: where the configuration is looked for. print-cmd starts nothing.
func TestZkServer_Config(t *testing.T) {
	s := newServer(t, abs(t, "zkServer.sh"), "ZOKA=/bin/true")
	s.env = append(s.env, "ZOOCFGDIR="+s.dir)
	other := t.TempDir()
	write(t, filepath.Join(other, "zookeeper-env.sh"), "ZOO_LOG_DIR=/var/log/theirs\n", 0o644)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"print-cmd"}, "DIR/zoo.cfg"},
		{[]string{"print-cmd", "second.cfg"}, "DIR/second.cfg"},
		{[]string{"print-cmd", "/etc/third.cfg"}, "/etc/third.cfg"},
		{[]string{"print-cmd", "./fourth.cfg"}, "./fourth.cfg"},
		{[]string{"--config", other, "print-cmd"}, other + "/zoo.cfg"},
		{[]string{"--config", other, "print-cmd", "fifth.cfg"}, other + "/fifth.cfg"},
	} {
		got := s.run(t, tt.args...)
		logs := "DIR/logs"
		if tt.args[0] == "--config" {
			logs = "/var/log/theirs"
		}
		command := fmt.Sprintf("\"/bin/true\" server %q > \"%s/zookeeper-tester-server-", tt.want, logs)
		if got.code != 0 || !strings.HasPrefix(got.stdout, command) || !strings.HasSuffix(got.stdout, ".out\" 2>&1 < /dev/null\n") {
			t.Errorf("%s: got %+v, want %s", tt.args, got, command)
		}
		if want := "Using config: " + tt.want + "\n"; !strings.Contains(got.stderr, want) {
			t.Errorf("%s: stderr %q, want %q", tt.args, got.stderr, want)
		}
	}
}

func TestZkServer_PidFile(t *testing.T) {
	t.Parallel()
	s := newServer(t, abs(t, "zkServer.sh"), "ZOKA="+apacheServer(t))
	s.pidFile = filepath.Join(s.dir, "run", "other.pid")
	s.env = append(s.env, "ZOOPIDFILE="+s.pidFile, "JMXDISABLE=true")
	if got := s.run(t, "start", s.cfg); got.stdout != "Starting zookeeper ... STARTED\n" || !strings.HasPrefix(got.stderr, "JMX disabled by user request\n") {
		t.Fatalf("start: %+v", got)
	}
	pid := s.pid()
	if pid == 0 {
		t.Fatalf("no pid in %s", s.pidFile)
	}
	if got := s.run(t, "stop", s.cfg); got.stdout != "Stopping zookeeper ... STOPPED\n" || got.code != 0 {
		t.Fatalf("stop: %+v", got)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is there after stop", pid)
	}
	if _, err := os.Stat(s.pidFile); err == nil {
		t.Errorf("%s is there after stop", s.pidFile)
	}
}

// TestZkServer_FailedToStart: a server that ends at once leaves no pid file, and its last words are shown.
func TestZkServer_FailedToStart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "zoka")
	write(t, program, "#!/bin/sh\necho \"no such key in $2\" >&2\nexit 1\n", 0o755)
	s := newServer(t, abs(t, "zkServer.sh"), "ZOKA="+program)
	got := s.run(t, "start", s.cfg)
	if got.stdout != "Starting zookeeper ... FAILED TO START\n" || got.code != 1 || !strings.Contains(got.stderr, "no such key in DIR/zoo.cfg\n") {
		t.Errorf("start: %+v", got)
	}
	if _, err := os.Stat(s.pidFile); err == nil {
		t.Errorf("%s is there", s.pidFile)
	}
	got = s.run(t, "start", filepath.Join(s.dir, "absent.cfg"))
	if got.stdout != "Starting zookeeper ... FAILED TO START\n" || got.code != 1 || !strings.Contains(got.stderr, "no dataDir in DIR/absent.cfg") {
		t.Errorf("start without a configuration: %+v", got)
	}
}

// TestFindZoka: the launchers use the binary beside them, also through a link, and say what they miss.
func TestFindZoka(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"zkCli.sh", "zkEnv.sh", "findZoka.sh"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "scripts", name), string(text), 0o755)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "scripts", "zkCli.sh"), link); err != nil {
		t.Fatal(err)
	}
	s := &server{script: link, dir: dir, env: []string{"PATH=/usr/bin:/bin"}}
	if got := s.run(t); got.code != 127 || !strings.Contains(got.stderr, "link: no zoka binary: put it beside") {
		t.Errorf("without a binary: %+v", got)
	}
	// /bin/sh -c shows the name it is called by.
	if err := os.Symlink("/bin/sh", filepath.Join(dir, "zoka")); err != nil {
		t.Fatal(err)
	}
	if got := s.run(t, "-c", "echo $0"); got.stdout != "zkCli.sh\n" {
		t.Errorf("with a binary: %+v", got)
	}
	s.env = append(s.env, "ZOKA=/nowhere/zoka")
	if got := s.run(t); got.code != 127 || !strings.Contains(got.stderr, "no zoka binary at /nowhere/zoka") {
		t.Errorf("with a wrong ZOKA: %+v", got)
	}
}
