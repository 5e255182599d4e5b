package scripts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/shell/compat/kafkatools"
)

// TestKafkaTools: each tool has a launcher of its name, which works through a link too.
func TestKafkaTools(t *testing.T) {
	for _, name := range kafkatools.Names() {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(abs(t, name), link); err != nil {
			t.Fatal(err)
		}
		s := &server{script: link, dir: t.TempDir(), port: -1, env: []string{"ZOKA=" + testbin.Zoka(t)}}
		// The first line of a usage text says which tool it is.
		want := strings.Split(kafkatools.Usage(name), "\n")[0]
		if got := s.run(t, "--help"); got.code != 0 || got.stdout != "" || !strings.HasPrefix(got.stderr, want+"\n") {
			t.Errorf("%s --help: %+v", name, got)
		}
	}
}
