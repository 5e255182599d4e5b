package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// served is a process of zoka server.
type served struct {
	cmd  *exec.Cmd
	addr string
	log  []string      // what it wrote until it served
	rest chan []string // what it wrote then, when it has ended
}

// startServed runs zoka server and waits until it says where it listens.
func startServed(t *testing.T, args ...string) *served {
	t.Helper()
	return startProcess(t, exec.Command("zoka", append([]string{"server"}, args...)...))
}

func startProcess(t *testing.T, cmd *exec.Cmd) *served {
	t.Helper()
	s := &served{cmd: cmd, rest: make(chan []string, 1)}
	stderr, err := s.cmd.StderrPipe()
	ok(t, err)
	ok(t, s.cmd.Start())
	t.Cleanup(func() { s.cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for s.addr == "" {
		if !lines.Scan() {
			t.Fatalf("it ended: %v, %s", s.cmd.Wait(), strings.Join(s.log, "\n"))
		}
		s.log = append(s.log, lines.Text())
		if _, after, found := strings.Cut(lines.Text(), `msg="listening on `); found {
			s.addr, _, _ = strings.Cut(after, `"`)
			if !strings.Contains(after, "mode=") {
				t.Errorf("no mode in %s", lines.Text())
			}
		}
	}
	go func() { // ends with the process
		var more []string
		for lines.Scan() {
			more = append(more, lines.Text())
		}
		s.rest <- more
	}()
	return s
}

// end sends a signal and returns what the server wrote from when it served.
func (s *served) end(t *testing.T, sig syscall.Signal, code int) []string {
	t.Helper()
	ok(t, s.cmd.Process.Signal(sig))
	more := <-s.rest
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d; it wrote %q", got, code, more)
	}
	return more
}

// config writes a zoo.cfg for a free port and returns its path and the data's.
func config(t *testing.T, more ...string) (path, data string, port int) {
	t.Helper()
	dir := t.TempDir()
	path, data, port = filepath.Join(dir, "zoo.cfg"), filepath.Join(dir, "data"), peertest.FreePort(t)
	lines := append([]string{
		"tickTime=200", "dataDir=" + data, "clientPortAddress=127.0.0.1", fmt.Sprintf("clientPort=%d", port),
	}, more...)
	ok(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	return path, data, port
}

// TestServer_Restart: what was written is there after SIGTERM, SIGINT and SIGKILL.
func TestServer_Restart(t *testing.T) {
	path, _, _ := config(t, "admin.enableServer=false")
	for i, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL, syscall.SIGTERM} {
		s := startServed(t, path)
		zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: s.addr})
		ok(t, err)
		_, _, err = zk.Create(t.Context(), fmt.Sprintf("/n%d", i), nil, nil, zkproto.ModePersistent, 0)
		ok(t, err)
		names, _, err := zk.Children(t.Context(), "/", nil)
		ok(t, err)
		if len(names) != i+2 { // and /zookeeper
			t.Errorf("start %d: %q", i, names)
		}
		code := 0
		if sig == syscall.SIGKILL {
			code = -1
		}
		more := s.end(t, sig, code)
		if sig != syscall.SIGKILL && !strings.Contains(strings.Join(more, "\n"), "msg=stopped") {
			t.Errorf("%v: it wrote %q", sig, more)
		}
		_ = zk.Close(t.Context()) // there is nobody to hear it
	}
}

// TestServer_Hangup: a terminal that goes ends the server, unless nohup has it ignore that.
func TestServer_Hangup(t *testing.T) {
	path, _, _ := config(t, "admin.enableServer=false")
	startServed(t, path).end(t, syscall.SIGHUP, 0)
	s := startProcess(t, exec.Command("nohup", "zoka", "server", path))
	ok(t, s.cmd.Process.Signal(syscall.SIGHUP))
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: s.addr})
	ok(t, err)
	ok(t, zk.Close(t.Context()))
	s.end(t, syscall.SIGTERM, 0)
}

// TestServer_Refused: a second server on the folder, or on the port, is refused in one line, and harms nothing.
func TestServer_Refused(t *testing.T) {
	path, data, port := config(t, "admin.enableServer=false")
	s := startServed(t, path)
	other, _, _ := config(t, "admin.enableServer=false", "dataDir="+data)
	samePort, _, _ := config(t, "admin.enableServer=false", fmt.Sprintf("clientPort=%d", port))
	broken, brokenData, _ := config(t, "admin.enableServer=false")
	ok(t, os.MkdirAll(filepath.Join(brokenData, "version-2"), 0o755))
	ok(t, os.WriteFile(filepath.Join(brokenData, "version-2", "snapshot.0"), []byte("no snapshot"), 0o644))
	ensemble, ensembleData, _ := config(t, "initLimit=5", "syncLimit=2", "server.1=a:1:2", "server.2=b:1:2")
	ok(t, os.MkdirAll(ensembleData, 0o755))
	wrong, _, _ := config(t, "tickTime=abc")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // of the last line
	}{
		{"same folder", []string{other}, 1, "another server has it"},
		{"same port", []string{samePort}, 1, "address already in use"},
		{"broken data", []string{broken}, 1, "version-2"},
		{"bad value", []string{wrong}, 2, wrong + `:5: tickTime: "abc" is not a whole number of milliseconds`},
		{"bad override", []string{"-Dzookeeper.snapCount=x", path}, 2, `-Dzookeeper.snapCount: snapCount: "x" is not a whole number`},
		{"no file", []string{"/nowhere/zoo.cfg"}, 2, "/nowhere/zoo.cfg: no such file or directory"},
		{"ensemble without myid", []string{ensemble}, 2, "myid: is missing: it holds the number of this server, one of 1, 2"},
		{"no argument", nil, 2, "usage: zoka server"},
		{"unknown flag", []string{"--fast", path}, 2, "--fast: unknown flag"},
		{"arguments", []string{"port", "/nowhere"}, 2, `command line: clientPort: "port" is not a port number`},
	} {
		out, err := exec.CommandContext(t.Context(), "zoka", append([]string{"server"}, tt.args...)...).CombinedOutput()
		var exit *exec.ExitError
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		last := lines[len(lines)-1]
		if !errors.As(err, &exit) || exit.ExitCode() != tt.code || !strings.HasPrefix(last, "zoka: ") || !strings.Contains(last, tt.want) {
			t.Errorf("%s: %v\n%s\nwant %d and %s", tt.name, err, out, tt.code, tt.want)
		}
	}
	if answer, err := flw.Do(t.Context(), s.addr, "srvr", nil); err != nil || !strings.Contains(answer, "Mode: standalone") {
		t.Errorf("the server is not what it was: %q, %v", answer, err)
	}
	s.end(t, syscall.SIGTERM, 0)
}

// TestServer_Web: AdminServer and metrics by zoo.cfg; a taken AdminServer port is a warning, a taken metrics port not.
func TestServer_Web(t *testing.T) {
	adminPort, metricsPort := peertest.FreePort(t), peertest.FreePort(t)
	web := []string{
		"admin.serverAddress=127.0.0.1", fmt.Sprintf("admin.serverPort=%d", adminPort),
		"metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
		"metricsProvider.httpHost=127.0.0.1", fmt.Sprintf("metricsProvider.httpPort=%d", metricsPort),
	}
	path, _, _ := config(t, web...)
	s := startServed(t, "-Dzookeeper.admin.commandURL=/ask", path)
	for url, want := range map[string]string{
		fmt.Sprintf("http://127.0.0.1:%d/ask/ruok", adminPort):  `"command" : "ruok"`,
		fmt.Sprintf("http://127.0.0.1:%d/ask/icfg", adminPort):  `tickTime=200\ndataDir=`,
		fmt.Sprintf("http://127.0.0.1:%d/ask/sysp", adminPort):  `"zookeeper.admin.commandURL" : "/ask"`,
		fmt.Sprintf("http://127.0.0.1:%d/metrics", metricsPort): "\nznode_count 5.0\n",
	} {
		r, err := http.Get(url)
		ok(t, err)
		body, err := io.ReadAll(r.Body)
		ok(t, err)
		r.Body.Close()
		if !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, want %s", url, body, want)
		}
	}

	second, _, _ := config(t, web[:2]...)
	s2 := startServed(t, second)
	if log := strings.Join(s2.log, "\n"); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "no AdminServer") {
		t.Errorf("no warning of the taken port: %s", log)
	}
	s2.end(t, syscall.SIGTERM, 0)
	third, _, _ := config(t, web...)
	out, err := exec.CommandContext(t.Context(), "zoka", "server", third).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "zoka: server: metrics: ") {
		t.Errorf("a taken metrics port: %v, %s", err, out)
	}
	s.end(t, syscall.SIGTERM, 0)
	for _, port := range []int{adminPort, metricsPort} {
		if _, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second); err == nil {
			t.Errorf("port %d is open after the end", port)
		}
	}
}

// TestServer_Args is the form of ZooKeeperServerMain without a file.
func TestServer_Args(t *testing.T) {
	port := peertest.FreePort(t)
	s := startServed(t, "-Dzookeeper.admin.enableServer=false", "-Dzookeeper.4lw.commands.whitelist=conf",
		fmt.Sprint(port), filepath.Join(t.TempDir(), "data"), "500", "7")
	answer, err := flw.Do(t.Context(), fmt.Sprintf("127.0.0.1:%d", port), "conf", nil)
	if err != nil || !strings.Contains(answer, "tickTime=500\nmaxClientCnxns=7\n") || !strings.Contains(answer, fmt.Sprintf("clientPort=%d\n", port)) {
		t.Errorf("%q, %v", answer, err)
	}
	s.end(t, syscall.SIGINT, 0)
}

// TestServer_Settings: what zoo.cfg says is in force.
func TestServer_Settings(t *testing.T) {
	path, _, _ := config(t, "admin.enableServer=false", "maxClientCnxns=2", "minSessionTimeout=3000", "enforceQuota=true", "tickTme=1")
	s := startServed(t, "-Djute.maxbuffer=1000", path)
	if log := strings.Join(s.log, "\n"); !strings.Contains(log, "tickTme: unknown key (did you mean tickTime?)") {
		t.Errorf("no warning: %s", log)
	}
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: s.addr})
	ok(t, err)
	defer zk.Close(t.Context())
	if _, _, err := zk.Create(t.Context(), "/small", make([]byte, 800), nil, zkproto.ModePersistent, 0); err != nil {
		t.Error(err)
	}
	if _, _, err := zk.Create(t.Context(), "/large", make([]byte, 1000), nil, zkproto.ModePersistent, 0); err == nil {
		t.Error("jute.maxbuffer is not in force")
	}
	var code zkproto.Code
	if _, _, err := zk.Get(t.Context(), "/large", nil); !errors.As(err, &code) || code != zkproto.NoNode {
		t.Errorf("after the large one: %v", err)
	}
	s.end(t, syscall.SIGTERM, 0)
}
