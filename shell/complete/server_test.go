package complete_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/complete"
	"github.com/zoka-project/zoka/shell/zkcmd"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// TestServers completes znodes of zoka's server, follows a connect to Apache's, and survives close.
func TestServers(t *testing.T) {
	apache := peertest.StartZK39(t, peertest.Options{})
	fresh := make(chan struct{}, 1)
	sh, c := start(t, startServer(t), func() {
		select {
		case fresh <- struct{}{}:
		default:
		}
	})
	run := func(line string) {
		t.Helper()
		if sh.Line(t.Context(), line) {
			t.Fatalf("%s: leaves the shell", line)
		}
		c.Forget()
	}
	expect := func(line string, want ...string) {
		t.Helper()
		limit := time.After(10 * time.Second)
		for {
			var got []string
			for _, cand := range c.Complete(line, len(line)) {
				got = append(got, cand.Text+cand.Append)
			}
			if slices.Equal(got, want) {
				return
			}
			select {
			case <-fresh: // what came too late is there now
			case <-limit:
				t.Fatalf("%q offers %q, want %q", line, got, want)
			}
		}
	}
	// Without a session nothing is asked, and none is opened.
	if got := c.Complete("ls /", 4); len(got) > 0 {
		t.Errorf("before the first command: %v", got)
	}
	run("create -p /ours/a/b")
	run("create '/ours/with blank'")
	expect("ls /", "/ours", "/zookeeper")
	expect("ls /ours/", "/ours/a", "'/ours/with blank'")
	expect("ls /ours/a", "/ours/a/b")
	expect("ls /ours/a/b", "/ours/a/b ")
	run("cd /ours")
	expect("get w", "'with blank' ")
	run("delete 'with blank'")
	expect("get w")
	run("cd")
	run("connect " + apache.Addr())
	expect("ls /", "/zookeeper")
	run("create /theirs")
	expect("ls /t", "/theirs ")
	run("close")
	expect("ls /")
}

func start(t *testing.T, server string, fresh func()) (*shell.Shell, *complete.Completer) {
	t.Helper()
	registry, err := command.NewRegistry(zkcmd.Commands, builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	options := command.NewOptions(command.DefaultSettings())
	client := command.Client{Dial: func(ctx context.Context, target command.Target) (command.ZK, error) {
		zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: target.Servers, OnEvent: target.Events})
		if err != nil {
			return nil, err
		}
		return zk, nil
	}}
	env := &command.Env{Commands: registry, Options: options, Client: client, Notify: func(line string) { t.Error(line) }}
	env.Session = command.NewSessions(client, options, command.Target{Servers: server}, env.ShowEvent, func() {})
	c := complete.New(complete.ForEnv(env, fresh))
	t.Cleanup(func() {
		c.Close()
		if err := env.Session.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return shell.New(shell.Config{Env: env, Stdout: t.Output()}), c
}

// startServer starts a server of zoka's that keeps its files in memory.
func startServer(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := zkserver.New(zkserver.Config{
		Listeners: []net.Listener{listener}, FS: storage.NewMemory(), DataDir: "/data", PreAlloc: -1,
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
	return listener.Addr().String()
}
