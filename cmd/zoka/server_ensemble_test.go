package main

import (
	"errors"
	"fmt"
	"net"
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

// ensembleFiles writes a zoo.cfg and a myid for each of three servers.
func ensembleFiles(t *testing.T) (paths []string, ports [][2]int) {
	t.Helper()
	lines := []string{"initLimit=10", "syncLimit=5", "admin.enableServer=false"}
	for id := 1; id <= 3; id++ {
		quorum, election := peertest.FreePort(t), peertest.FreePort(t)
		ports = append(ports, [2]int{quorum, election})
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, quorum, election))
	}
	for id := 1; id <= 3; id++ {
		path, data, _ := config(t, lines...)
		ok(t, os.MkdirAll(data, 0o755))
		ok(t, os.WriteFile(filepath.Join(data, "myid"), []byte(fmt.Sprintf("%d\n", id)), 0o644))
		paths = append(paths, path)
	}
	return paths, ports
}

// modeOf is what srvr says that a server is, "" where it does not serve.
func modeOf(t *testing.T, addr string) string {
	t.Helper()
	text, err := flw.Do(t.Context(), addr, "srvr", nil)
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(text, "Mode: ")
	mode, _, _ := strings.Cut(after, "\n")
	return mode
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("it has not come to it that %s", what)
		}
	}
}

// TestServer_Ensemble: three processes with zoo.cfg files are one service, of which one may
// die at any moment, and come back.
func TestServer_Ensemble(t *testing.T) {
	paths, _ := ensembleFiles(t)
	var servers []*served
	var addrs []string
	for _, path := range paths {
		s := startServed(t, path)
		servers, addrs = append(servers, s), append(addrs, s.addr)
	}
	leader := func() int {
		for i, addr := range addrs {
			if modeOf(t, addr) == "leader" {
				return i
			}
		}
		return -1
	}
	zk, err := zkclient.New(zkclient.Config{Servers: strings.Join(addrs, ",")})
	ok(t, err)
	ok(t, zk.Connected(t.Context()))
	_, _, err = zk.Create(t.Context(), "/e", nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
	ok(t, err)
	_, _, err = zk.Create(t.Context(), "/n", nil, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	ok(t, err)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		eventually(t, "one leads", func() bool { return leader() >= 0 })
		at := leader()
		code := 0
		if sig == syscall.SIGKILL {
			code = -1
		}
		servers[at].end(t, sig, code)
		eventually(t, "a write goes through", func() bool {
			_, err := zk.Set(t.Context(), "/n", []byte(sig.String()), -1)
			return err == nil
		})
		servers[at] = startServed(t, paths[at])
		eventually(t, "it serves again", func() bool { return modeOf(t, addrs[at]) == "follower" })
		back, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: addrs[at]})
		ok(t, err)
		ok(t, back.Sync(t.Context(), "/n"))
		data, _, err := back.Get(t.Context(), "/n", nil)
		ok(t, err)
		if string(data) != sig.String() {
			t.Errorf("after %v it has %q", sig, data)
		}
		_, err = back.Exists(t.Context(), "/e", nil)
		ok(t, err)
		ok(t, back.Close(t.Context()))
	}
	ok(t, zk.Close(t.Context()))
	for _, s := range servers {
		more := s.end(t, syscall.SIGTERM, 0)
		if len(more) == 0 || !strings.Contains(more[len(more)-1], "msg=stopped") {
			t.Errorf("it ended with %q", more)
		}
	}
}

// TestServer_TakenElectionPort: the reason names the port.
func TestServer_TakenElectionPort(t *testing.T) {
	paths, ports := ensembleFiles(t)
	addr := fmt.Sprintf("127.0.0.1:%d", ports[0][1])
	l, err := net.Listen("tcp", addr)
	ok(t, err)
	defer l.Close()
	out, err := exec.CommandContext(t.Context(), "zoka", "server", paths[0]).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "election port") || !strings.Contains(string(out), addr) {
		t.Errorf("%v\n%s", err, out)
	}
}
