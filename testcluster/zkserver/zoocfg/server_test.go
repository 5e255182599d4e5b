package zoocfg

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/txnlog"
)

func TestServer(t *testing.T) {
	cfg, _, err := load(t, "dataDir=DIR\nclientPort=2181\ntickTime=100\nmaxClientCnxns=0\nforceSync=no\npreAllocSize=64\n"+
		"txnLogSizeLimitInKb=2\nsnapshot.compression.method=gz\nautopurge.purgeInterval=2\nextendedTypesEnabled=true\n"+
		"skipACL=yes\nDigestAuthenticationProvider.enabled=false\n4lw.commands.whitelist=ruok, mntr\n",
		Property{"znode.container.checkIntervalMs", "250"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := cfg.Server()
	if err != nil {
		t.Fatal(err)
	}
	if s.TickTime != 100*time.Millisecond || s.MinSessionTimeout != 200*time.Millisecond || s.MaxSessionTimeout != 2*time.Second ||
		s.MaxClientCnxns != -1 || !s.NoSync || s.PreAlloc != 64<<10 || s.LogSizeLimit != 2<<10 || s.Compression != txnlog.Gzip ||
		s.PurgeInterval != 2*time.Hour || !s.ExtendedTypes || !s.SkipACL || !s.NoDigestAuth || s.NoCreate ||
		s.ContainerCheck != 250*time.Millisecond || strings.Join(s.Words, " ") != "ruok mntr" || s.LogDir != s.DataDir {
		t.Errorf("%+v", s)
	}
}

func TestServer_Ensemble(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "myid"), "1")
	const text = "clientPort=2181\ninitLimit=5\nsyncLimit=2\nserver.1=a:1:2\nserver.2=b:1:2\n"
	for _, text := range []string{text, strings.Replace(text, "server.2=b:1:2", "standaloneEnabled=false", 1)} {
		write(t, filepath.Join(dir, "zoo.cfg"), text+"dataDir="+dir)
		cfg, _, err := loadIn(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = cfg.Server()
		if !errors.Is(err, ErrEnsemble) || !strings.Contains(err.Error(), "zoo.cfg:4: the configuration has ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
