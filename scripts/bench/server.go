package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// kind is one of the two programs compared.
type kind struct{ name string }

var kinds = [2]kind{{"zoka"}, {"apache"}}

// debianClassPath has the server of Debian's package zookeeper; without slf4j-simple its
// log is empty, with it the server would spend time on one.
const debianClassPath = "/usr/share/java/zookeeper.jar"

const debianCli = "/usr/share/zookeeper/bin/zkCli.sh"

// server is a running server.
type server struct {
	kind kind
	addr string
	dir  string
	cmd  *exec.Cmd
}

// startServer starts a server on the named folder, which may have data, and waits until
// it serves.
func (b *bench) startServer(ctx context.Context, k kind, name string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s, err := b.launch(ctx, k, filepath.Join(b.dir, name), port, "tickTime=2000\n")
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// launch starts a server on a folder and a port, with further lines of zoo.cfg.
func (b *bench) launch(ctx context.Context, k kind, dir string, port int, more string) (*server, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	cfg := filepath.Join(dir, "zoo.cfg")
	text := fmt.Sprintf("dataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\nadmin.enableServer=false\n4lw.commands.whitelist=*\n%s", dir, port, more)
	if err := os.WriteFile(cfg, []byte(text), 0o644); err != nil {
		return nil, err
	}
	s := &server{kind: k, dir: dir, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	if k == kinds[0] {
		s.cmd = exec.CommandContext(ctx, b.zoka, "server", cfg)
	} else {
		// The heap is that of Apache's zkServer.sh.
		s.cmd = exec.CommandContext(ctx, "java", "-Xmx1000m", "-Djava.awt.headless=true", "-cp", debianClassPath,
			"org.apache.zookeeper.server.quorum.QuorumPeerMain", cfg)
	}
	log, err := os.OpenFile(filepath.Join(dir, "server.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

// await knocks until the server answers srvr with its mode.
func (s *server) await(ctx context.Context) error {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.mode() != "" {
			return nil
		}
	}
	return fmt.Errorf("%s does not serve after two minutes; see %s", s.kind.name, filepath.Join(s.dir, "server.out"))
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	_ = s.cmd.Wait() // a server ended by a signal reports just that
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed: the error says so
}

// mode is leader, follower, standalone, or "" while the server does not serve.
func (s *server) mode() string {
	answer, err := ask(s.addr, "srvr")
	if err != nil {
		return ""
	}
	_, mode, _ := strings.Cut(answer, "Mode: ")
	mode, _, _ = strings.Cut(mode, "\n")
	return mode
}

// cpu is the processor time that the server has used.
func (s *server) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The fields after the name, which stands in brackets: state is the first, utime and stime are 12 and 13.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("no times in /proc")
	}
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil // USER_HZ is 100 on Linux
}

// resident is the server's resident memory in MB of a million bytes.
func (s *server) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

// ask sends a four-letter word.
func ask(addr, word string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, word); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
