package judges

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// kazooTests is where Debian's package python3-kazoo has its tests.
const kazooTests = "/usr/lib/python3/dist-packages/kazoo/tests"

const (
	// kazooPorts are those of one server, the AdminServer's among them.
	kazooPorts = 4
	// kazooTimeout is several times what the tests take. They wait for a server that has gone for ever.
	kazooTimeout = 8 * time.Minute
)

func TestKazoo(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import kazoo, pytest, mock, objgraph, gevent, eventlet, puresasl").CombinedOutput(); err != nil {
		peertest.Missing(t, "kazoo, or what its tests import, is not installed: "+tail(string(out), 1), "scripts/peers/peers.sh install debian")
	}
	judge(t, suite{"kazoo", runKazoo})
}

func runKazoo(t *testing.T, s side, only []string) outcome {
	dir := t.TempDir()
	report := filepath.Join(dir, "report.xml")
	args := []string{"-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report, kazooTests}
	if only != nil {
		args = append(args, "-k", kazooNames(only))
	}
	cmd := exec.Command("/usr/bin/python3", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"TMPDIR="+dir,
		"ZOOKEEPER_VERSION=3.9.4",
		"ZOOKEEPER_CLUSTER_SIZE=1",
		"ZOOKEEPER_PORT_OFFSET="+strconv.Itoa(peertest.FreePorts(t, kazooPorts)),
	)
	if s.zoka == "" {
		cmd.Env = append(cmd.Env, "ZOOKEEPER_CLASSPATH="+s.apache.ClassPath())
	} else {
		script(t, filepath.Join(dir, "java"), javaShim(s.zoka))
		cmd.Env = append(cmd.Env, "ZOOKEEPER_CLASSPATH=none", "PATH="+dir+":"+os.Getenv("PATH"))
	}
	start := time.Now()
	out := output(t, kazooTimeout, cmd)
	o := kazooOutcome(report)
	t.Logf("kazoo on %s took %v", s.name, time.Since(start).Round(time.Second))
	if len(o) == 0 || s.zoka != "" && o.passed() < len(o) {
		t.Logf("kazoo on %s:\n%s", s.name, tail(out, 40))
	}
	return o
}

// javaShim is a java command that takes the arguments kazoo gives Apache's server: the
// system properties stay, the class path goes, the last argument is zoo.cfg.
func javaShim(zoka string) string {
	return `for last; do :; done
set -- "$@" --
while [ "$1" != -- ]; do
  case $1 in
  -Dzookeeper.log.dir=* | -Dzookeeper.root.logger=*) ;;
  -Dzookeeper.* | -Dreadonlymode.enabled=* | -Djava.security.auth.login.config=*) set -- "$@" "$1" ;;
  esac
  shift
done
shift
exec "` + zoka + `" server "$@" "$last"
`
}

type kazooCase struct {
	Class   string    `xml:"classname,attr"`
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Error   *struct{} `xml:"error"`
	Skipped *struct{} `xml:"skipped"`
}

func kazooOutcome(report string) outcome {
	o := outcome{}
	b, err := os.ReadFile(report)
	if err != nil {
		return o
	}
	var doc struct {
		Cases []kazooCase `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return o
	}
	for _, c := range doc.Cases {
		if c.Skipped == nil {
			o[c.Class+"."+c.Name] = c.Failure == nil && c.Error == nil
		}
	}
	return o
}

// kazooNames is pytest's -k expression for tests named class.method.
func kazooNames(only []string) string {
	expr := ""
	for _, name := range only {
		class, method := filepath.Ext(name[:len(name)-len(filepath.Ext(name))]), filepath.Ext(name)
		if expr != "" {
			expr += " or "
		}
		expr += "(" + class[1:] + " and " + method[1:] + ")"
	}
	return expr
}
