// Package testbin builds zoka for the tests that run the real program.
//
//	func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }
//	…
//	cmd := exec.Command(testbin.Zoka(t), "server", cfg)
//
// It imports all that the program is made of, without using it: so the results of those
// tests are not taken from go test's cache when any of it has changed.
package testbin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/zoka-project/zoka/clientproto/flw"
	_ "github.com/zoka-project/zoka/clientproto/kafka"
	_ "github.com/zoka-project/zoka/clientproto/kmodel"
	_ "github.com/zoka-project/zoka/clientproto/zkclient"
	_ "github.com/zoka-project/zoka/clientproto/zkproto"
	_ "github.com/zoka-project/zoka/render"
	_ "github.com/zoka-project/zoka/render/theme"
	_ "github.com/zoka-project/zoka/shell"
	_ "github.com/zoka-project/zoka/shell/builtin"
	_ "github.com/zoka-project/zoka/shell/clustercmd"
	_ "github.com/zoka-project/zoka/shell/command"
	_ "github.com/zoka-project/zoka/shell/compat/kafkatools"
	_ "github.com/zoka-project/zoka/shell/compat/zkcli"
	_ "github.com/zoka-project/zoka/shell/complete"
	_ "github.com/zoka-project/zoka/shell/kafkacmd"
	_ "github.com/zoka-project/zoka/shell/lex"
	_ "github.com/zoka-project/zoka/shell/tty"
	_ "github.com/zoka-project/zoka/shell/zkcmd"
	_ "github.com/zoka-project/zoka/testcluster/ensemble"
	_ "github.com/zoka-project/zoka/testcluster/ensemble/control"
	_ "github.com/zoka-project/zoka/testcluster/ensemble/process"
	_ "github.com/zoka-project/zoka/testcluster/kbroker"
	_ "github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	_ "github.com/zoka-project/zoka/testcluster/transport"
	_ "github.com/zoka-project/zoka/testcluster/zkserver"
	_ "github.com/zoka-project/zoka/testcluster/zkserver/admin"
	_ "github.com/zoka-project/zoka/testcluster/zkserver/httpd"
	_ "github.com/zoka-project/zoka/testcluster/zkserver/metrics"
	_ "github.com/zoka-project/zoka/testcluster/zkserver/zoocfg"
)

var built struct {
	once sync.Once
	dir  string
	err  error
}

// Zoka is the path of the program, built once for all tests of a package.
func Zoka(t testing.TB) string {
	t.Helper()
	built.once.Do(build)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "zoka")
}

func build() {
	built.dir, built.err = os.MkdirTemp("", "zoka-testbin-")
	if built.err == nil {
		built.err = os.Chmod(built.dir, 0o755) // for tests that run it as another user
	}
	if built.err != nil {
		return
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "zoka"), "github.com/zoka-project/zoka/cmd/zoka").CombinedOutput()
	if err != nil {
		built.err = fmt.Errorf("build zoka: %w\n%s", err, out)
	}
}

// Main runs a package's tests, removes the program and returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // a temporary folder's rest does no harm
	}
	return code
}
