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

func TestServer_SASL(t *testing.T) {
	dir := t.TempDir()
	jaas := filepath.Join(dir, "jaas.conf")
	write(t, jaas, "Mine {\n org.apache.zookeeper.server.auth.DigestLoginModule required\n user_bob=\"builder\";\n};\n")
	text := "dataDir=DIR\nclientPort=2181\nsuperUser=bob\nauthProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n"
	file := Property{"java.security.auth.login.config", jaas}
	cfg, warnings, err := load(t, text, file, Property{"zookeeper.sasl.serverconfig", "Mine"})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	s, err := cfg.Server()
	if err != nil || s.SASLUsers["bob"] != "builder" || s.SASLSuper != "bob" {
		t.Errorf("%v, %q, %v", s.SASLUsers, s.SASLSuper, err)
	}
	cfg, warnings, err = load(t, text, file)
	if err != nil || cfg.Auth.Users != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "no login section named Server: no SASL") {
		t.Errorf("without the section: %v, %v", warnings, err)
	}
	write(t, jaas, "Server {")
	if _, _, err = load(t, text, file); err == nil || !strings.HasPrefix(err.Error(), "-Djava.security.auth.login.config: ") {
		t.Errorf("a broken file: %v", err)
	}
	file.Value = "/nowhere/jaas.conf"
	if _, _, err = load(t, text, file); err == nil || !strings.Contains(err.Error(), "/nowhere/jaas.conf: no such file") {
		t.Errorf("without the file: %v", err)
	}
	if cfg, _, err = load(t, text); err != nil || cfg.Auth.Users != nil {
		t.Errorf("without a setting: %v, %v", cfg.Auth.Users, err)
	}
}
