package peertest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		home  func(testing.TB) Home
		start func(testing.TB, Options) *Server
	}{
		{"3.9.4", ZK39, StartZK39},
		{"Debian", Debian, StartDebian},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := tt.home(t)
			s := tt.start(t, Options{Config: []string{"maxClientCnxns=7"}})
			expect(t, s, "ruok", "imok")
			expect(t, s, "srvr", "Zookeeper version: "+home.Version)
			expect(t, s, "srvr", "Mode: standalone")
			expect(t, s, "conf", "maxClientCnxns=7")
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			if answer, err := s.Ask("ruok"); err == nil {
				t.Errorf("a stopped server answers %q", answer)
			}
		})
	}
}

// TestRestart: what zkCli.sh writes to a server that is then killed is there for the next one on the same folder.
func TestRestart(t *testing.T) {
	cli := ZkCli(t)
	first := StartZK39(t, Options{})
	runCli(t, cli, first, "create", "/kept", "by the folder")
	first.Kill()
	second := StartZK39(t, Options{DataDir: first.DataDir})
	if out := runCli(t, cli, second, "get", "/kept"); !strings.Contains(out, "by the folder\n") {
		t.Errorf("get /kept says:\n%s", out)
	}
}

func runCli(t *testing.T, cli string, s *Server, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cli, append([]string{"-server", s.Addr()}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("zkCli.sh %s: %v\n%s", args, err, out)
	}
	return string(out)
}

func expect(t *testing.T, s *Server, word, want string) {
	t.Helper()
	answer, err := s.Ask(word)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, want) {
		t.Errorf("%s says %q, want %q in it", word, answer, want)
	}
}

// TestMissing runs itself in a second process, where the peers are looked for in an empty folder.
func TestMissing(t *testing.T) {
	remedy := "peers.sh install zk39"
	if _, err := exec.LookPath("java"); err != nil {
		remedy = "apt-get install openjdk" // what is missing first
	}
	for _, tt := range []struct {
		name, peers, want string
		ok                bool
	}{
		{"skip", "", "--- SKIP: TestStart/3.9.4", true},
		{"require", "require", "ZOKA_PEERS=require", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), testBinary(t), "-test.v", "-test.run=^TestStart$/^3.9.4$")
			cmd.Env = append(cmd.Environ(), "ZOKA_ZK39="+t.TempDir(), "ZOKA_PEERS="+tt.peers)
			out, err := cmd.CombinedOutput()
			if (err == nil) != tt.ok || !strings.Contains(string(out), tt.want) ||
				!strings.Contains(string(out), remedy) {
				t.Errorf("ended with %v, want %q in:\n%s", err, tt.want, out)
			}
		})
	}
}

func testBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}
