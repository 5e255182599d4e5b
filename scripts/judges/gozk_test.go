package judges

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	gozk = "github.com/go-zookeeper/zk"
	// gozkTimeout is several times what the tests take.
	gozkTimeout = 5 * time.Minute
)

func TestGoZookeeper(t *testing.T) {
	t.Parallel()
	judge(t, suite{"go-zookeeper", runGozk})
}

// runGozk runs all of go-zookeeper's tests, those on three servers too. Its two tests of reconfiguration leave
// themselves out: without ZK_VERSION in the environment they do not know what the server can, and the configuration
// that they write does not enable it, at Apache's either.
func runGozk(t *testing.T, s side, only []string) outcome {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Error(err)
		return nil
	}
	var skip []string
	build, pkg := []string{"test", "-c", "-o", filepath.Join(dir, "zk.test")}, gozk
	server := filepath.Join(bin, "zkServer.sh")
	if s.zoka != "" {
		launcher, err := filepath.Abs("../zkServer.sh")
		if err != nil {
			t.Error(err)
			return nil
		}
		script(t, server, `ZOKA="`+s.zoka+`" exec "`+launcher+`" "$@"`+"\n")
	} else {
		java := s.apache.Java()
		script(t, server, `exec `+java[0]+` $SERVER_JVMFLAGS '`+strings.Join(java[1:], "' '")+`' org.apache.zookeeper.server.quorum.QuorumPeerMain "$2"`+"\n")
		skip = []string{"TestFLWSrvr"} // it tests the old date, without a server
		build, pkg = append([]string{"-C", readsNewDates(t, dir)}, build...), "."
	}
	if out, err := exec.Command("go", append(build, pkg)...).CombinedOutput(); err != nil {
		t.Errorf("build %s's tests: %v\n%s", gozk, err, out)
		return nil
	}
	// Most of the time is spent waiting: those of ensembles run beside the others.
	runs := []gozkRun{{skip: append(skip, gozkEnsemble...)}, {run: gozkEnsemble}}
	if only != nil {
		runs = []gozkRun{{run: only}}
	}
	outs := make([]string, len(runs))
	var wg sync.WaitGroup
	for i, r := range runs {
		wg.Go(func() {
			cmd := exec.Command(filepath.Join(dir, "zk.test"), "-test.v", "-test.timeout", gozkTimeout.String(),
				"-test.run", names(r.run), "-test.skip", names(r.skip))
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "ZOOKEEPER_BIN_PATH="+bin)
			outs[i] = output(t, gozkTimeout, cmd)
		})
	}
	wg.Wait()
	return gozkOutcome(t, s, outs)
}

// gozkRun is one process of tests: those of run, or all but those of skip.
type gozkRun struct{ run, skip []string }

// names is the pattern of tests of these names; of none it is empty, which stands for all, and for a skip of nothing.
func names(tests []string) string {
	if len(tests) == 0 {
		return ""
	}
	return "^(" + strings.Join(tests, "|") + ")$"
}

// gozkEnsemble are the tests that start three servers.
var gozkEnsemble = []string{
	"TestIntegration_BasicCluster", "TestIntegration_ClientClusterFailover", "TestIntegration_NoQuorum",
	"TestIntegration_RecurringReAuthHang", "TestIntegration_DNSHostProviderReconnect",
	"TestIntegration_IncrementalReconfig", "TestIntegration_Reconfig",
}

var gozkLine = regexp.MustCompile(`(?m)^--- (PASS|FAIL): (\S+)`)

func gozkOutcome(t *testing.T, s side, outs []string) outcome {
	all := outcome{}
	for _, out := range outs {
		o := outcome{}
		for _, m := range gozkLine.FindAllStringSubmatch(out, -1) {
			o[m[2]] = m[1] == "PASS"
		}
		if s.zoka != "" && o.passed() < len(o) || strings.Contains(out, "panic: ") {
			t.Logf("go-zookeeper on %s:\n%s", s.name, tail(out, 60))
		}
		maps.Copy(all, o)
	}
	return all
}

// readsNewDates makes a copy of go-zookeeper that reads the srvr answer of Apache's
// servers since 3.7, which write the build date in another order: its tests wait for an
// answer that they can read. It returns the copy's folder.
func readsNewDates(t *testing.T, dir string) string {
	mod, err := exec.Command("go", "list", "-f", "{{.Dir}}", gozk).Output()
	if err != nil {
		t.Error(err)
		return ""
	}
	copied := filepath.Join(dir, "zk")
	if err := os.CopyFS(copied, os.DirFS(strings.TrimSpace(string(mod)))); err != nil {
		t.Error(err)
		return ""
	}
	file := filepath.Join(copied, "flw.go")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return ""
	}
	text := strings.NewReplacer(`\d\d/\d\d/\d\d\d\d`, `\d\d\d\d-\d\d-\d\d`, "01/02/2006", "2006-01-02").Replace(string(src))
	_ = os.Remove(file) // the copy of a read-only file is read-only
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
	return copied
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
