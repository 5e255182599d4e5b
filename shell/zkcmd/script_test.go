package zkcmd_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/shelltest"
	"github.com/zoka-project/zoka/shell/zkcmd"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// The files of testdata/commands are what people type and what they get, one file a command: see shelltest. Each runs
// on every server. $SERVER is the server's address.

// TestCommands_Apache runs the files on Apache's server.
func TestCommands_Apache(t *testing.T) {
	s := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true", "enforceQuota=true"}})
	runFiles(t, s.Addr(), "testdata/commands/*.txt")
	runFiles(t, s.Addr(), "testdata/whole/*.txt") // these are alone on their server, or the last
}

// TestCommands_Own runs them on zoka's.
func TestCommands_Own(t *testing.T) {
	addr := startOwn(t)
	runFiles(t, addr, "testdata/commands/*.txt")
	runFiles(t, addr, "testdata/whole/*.txt")
}

// TestEnsemble_Apache runs the files that want an ensemble, on one of a single member.
func TestEnsemble_Apache(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "myid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client, quorum, election := peertest.FreePort(t), peertest.FreePort(t), peertest.FreePort(t)
	s := peertest.StartZK39(t, peertest.Options{DataDir: dir, ClientPort: client, Config: []string{
		"standaloneEnabled=false", "reconfigEnabled=true", "skipACL=yes",
		fmt.Sprintf("server.1=127.0.0.1:%d:%d:participant;127.0.0.1:%d", quorum, election, client),
	}})
	runFiles(t, s.Addr(), "testdata/ensemble/*.txt")
}

// startOwn is the address of a server of zoka's.
func startOwn(t *testing.T) (addr string) {
	t.Helper()
	return startServer(t).Addr().String()
}

// startServer starts a server of zoka's that keeps its files in memory.
func startServer(t *testing.T) *zkserver.Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := zkserver.New(zkserver.Config{
		Listeners: []net.Listener{listener}, FS: storage.NewMemory(), DataDir: "/data",
		ExtendedTypes: true, EnforceQuota: true, Words: []string{"*"}, PreAlloc: -1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }() // waited for by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return server
}

func runFiles(t *testing.T, server, pattern string) {
	t.Helper()
	shelltest.RunFiles(t, pattern, map[string]string{"$SERVER": server}, func(t *testing.T) *shelltest.Session { return newSession(t, server) })
}

func newSession(t *testing.T, server string) *shelltest.Session {
	t.Helper()
	registry, err := command.NewRegistry(zkcmd.Commands, builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	options := command.NewOptions(command.DefaultSettings())
	client := command.Client{
		Dial: func(ctx context.Context, target command.Target) (command.ZK, error) {
			zk, err := zkclient.Dial(ctx, zkclient.Config{
				Servers: target.Servers, SessionTimeout: target.Timeout, OnEvent: target.Events,
			})
			if err != nil {
				return nil, err
			}
			return zk, nil
		},
		WithSent: zkclient.WithSent,
		FourLetter: func(ctx context.Context, server, word string) (string, error) {
			return flw.Do(ctx, server, word, nil)
		},
	}
	env := &command.Env{Commands: registry, Options: options, Client: client, Version: "test"}
	s := shelltest.NewSession(env)
	env.Session = command.NewSessions(client, options, command.Target{Servers: server}, env.ShowEvent, func() {})
	t.Cleanup(func() {
		if err := env.Session.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}
