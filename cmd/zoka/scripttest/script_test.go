package scripttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// TestScripts runs the scripts on a server of our own.
func TestScripts(t *testing.T) { runOn(t, 1) }

// TestScripts_Ensemble runs them on an ensemble, with a session on whichever server takes it.
func TestScripts_Ensemble(t *testing.T) { runOn(t, 5) }

func runOn(t *testing.T, nodes int) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, e.ConnectString())
}

// TestScripts_Apache runs the scripts on Apache's server.
func TestScripts_Apache(t *testing.T) {
	run(t, peertest.StartZK39(t, peertest.Options{}).Addr())
}

// run runs testdata/script. Each script has a znode of its own for its root, and besides testscript's commands two
// of ours:
//
//	exit CODE PROGRAM [ARG…]   runs a program that must end with that code
//	megabytes N FILE           makes a file
func run(t *testing.T, server string) {
	bin := filepath.Dir(testbin.Zoka(t))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			root := "/" + filepath.Base(env.WorkDir)
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("SERVER", server)
			env.Setenv("ZOKA_SERVER", server+root)
			return mkroot(t, server, root)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit":      exitCode,
			"megabytes": megabytes,
		},
	})
}

// TestCluster runs testdata/cluster: scripts that start their own ensembles, in the folder that they run in.
func TestCluster(t *testing.T) {
	zoka := testbin.Zoka(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(zoka)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Defer(func() { // no node outlives a script that has failed
				if data := filepath.Join(env.WorkDir, "zoka-cluster"); exists(data) {
					if out, err := exec.Command(zoka, "cluster", "down", "--data", data).CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				}
			})
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exit": exitCode},
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func mkroot(t *testing.T, server, root string) error {
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: server})
	if err != nil {
		return err
	}
	_, _, err = zk.Create(t.Context(), root, nil, nil, zkproto.ModePersistent, 0)
	return errors.Join(err, zk.Close(t.Context()))
}

func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func megabytes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: megabytes N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), make([]byte, n<<20), 0o600))
}
