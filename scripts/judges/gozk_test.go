package judges

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const gozk = "github.com/go-zookeeper/zk"

// gozkEnsemble matches the tests that start three servers.
const gozkEnsemble = "^TestIntegration_(BasicCluster|ClientClusterFailover|NoQuorum|RecurringReAuthHang|DNSHostProviderReconnect|IncrementalReconfig|Reconfig)$"

func TestGoZookeeper(t *testing.T) {
	t.Parallel()
	judge(t, suite{"go-zookeeper", runGozk})
}

func runGozk(t *testing.T, s side, only []string) outcome {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Error(err)
		return nil
	}
	build := []string{"test", "-c", "-o", filepath.Join(dir, "zk.test")}
	server := filepath.Join(bin, "zkServer.sh")
	if s.zoka != "" {
		launcher, err := filepath.Abs("../zkServer.sh")
		if err != nil {
			t.Error(err)
			return nil
		}
		script(t, server, `ZOKA="`+s.zoka+`" exec "`+launcher+`" "$@"`+"\n")
	} else {
		script(t, server, `exec java -Xmx256m -Djava.awt.headless=true $SERVER_JVMFLAGS -cp "`+s.apache.ClassPath()+
			`" org.apache.zookeeper.server.quorum.QuorumPeerMain "$2"`+"\n")
		build = append(build, "-overlay", readsNewDates(t, dir))
	}
	if out, err := exec.Command("go", append(build, gozk)...).CombinedOutput(); err != nil {
		t.Errorf("build %s's tests: %v\n%s", gozk, err, out)
		return nil
	}
	args := []string{"-test.v", "-test.timeout", "300s", "-test.skip", gozkEnsemble}
	if only != nil {
		args = append(args, "-test.run", "^("+strings.Join(only, "|")+")$")
	}
	cmd := exec.Command(filepath.Join(dir, "zk.test"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ZOOKEEPER_BIN_PATH="+bin)
	out, _ := cmd.CombinedOutput() // failed tests are what the output is read for
	return gozkOutcome(t, s, string(out))
}

var gozkLine = regexp.MustCompile(`(?m)^--- (PASS|FAIL): (\S+)`)

func gozkOutcome(t *testing.T, s side, out string) outcome {
	o := outcome{}
	for _, m := range gozkLine.FindAllStringSubmatch(out, -1) {
		o[m[2]] = m[1] == "PASS"
	}
	if s.zoka != "" && o.passed() < len(o) || strings.Contains(out, "panic: ") {
		t.Logf("go-zookeeper on %s:\n%s", s.name, tail(out, 60))
	}
	return o
}

// readsNewDates lets go-zookeeper read the srvr answer of Apache's servers since 3.7,
// which write the build date in another order: its tests wait for a readable answer.
func readsNewDates(t *testing.T, dir string) string {
	mod, err := exec.Command("go", "list", "-f", "{{.Dir}}", gozk).Output()
	if err != nil {
		t.Error(err)
		return ""
	}
	from := filepath.Join(strings.TrimSpace(string(mod)), "flw.go")
	src, err := os.ReadFile(from)
	if err != nil {
		t.Error(err)
		return ""
	}
	text := strings.NewReplacer(`\d\d/\d\d/\d\d\d\d`, `\d\d\d\d-\d\d-\d\d`, "01/02/2006", "2006-01-02").Replace(string(src))
	to := filepath.Join(dir, "flw.go")
	overlay, _ := json.Marshal(map[string]map[string]string{"Replace": {from: to}})
	file := filepath.Join(dir, "overlay.json")
	for path, b := range map[string][]byte{to: []byte(text), file: overlay} {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Error(err)
		}
	}
	return file
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
