package zoocfg

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

func TestServer(t *testing.T) {
	cfg, _, err := load(t, "dataDir=DIR\nclientPort=2181\ntickTime=100\nmaxClientCnxns=0\nforceSync=no\npreAllocSize=64\n"+
		"txnLogSizeLimitInKb=2\nsnapshot.compression.method=gz\nautopurge.purgeInterval=2\nextendedTypesEnabled=true\n"+
		"skipACL=yes\nDigestAuthenticationProvider.enabled=false\n4lw.commands.whitelist=ruok, mntr\n",
		Property{"znode.container.checkIntervalMs", "250"})
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Server()
	if s.Ensemble != nil || s.TickTime != 100*time.Millisecond || s.MinSessionTimeout != 200*time.Millisecond || s.MaxSessionTimeout != 2*time.Second ||
		s.MaxClientCnxns != -1 || !s.NoSync || s.PreAlloc != 64<<10 || s.LogSizeLimit != 2<<10 || s.Compression != txnlog.Gzip ||
		s.PurgeInterval != 2*time.Hour || !s.ExtendedTypes || !s.SkipACL || !s.NoDigestAuth || s.NoCreate ||
		s.ContainerCheck != 250*time.Millisecond || strings.Join(s.Words, " ") != "ruok mntr" || s.LogDir != s.DataDir {
		t.Errorf("%+v", s)
	}
}

// TestServer_Ensemble: server lines make a member. The text is what ZooKeeper 3.9 shows in /zookeeper/config.
func TestServer_Ensemble(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "myid"), "3")
	write(t, filepath.Join(dir, "zoo.cfg"), `dataDir=`+dir+`
initLimit=5
syncLimit=2
clientPort=2183
leaderServes=no
quorumListenOnAllIPs=true
localSessionsEnabled=true
fastleader.maxNotificationInterval=1000
snapshotSizeFactor=-1
server.10=[::1]:10:11:observer
server.2=b:3:4;2182
server.1=a2:5:6|a1:1:2;10.0.0.1:2181
server.3=c:7:8
`)
	cfg, warnings, err := loadIn(t, dir)
	if err != nil || len(warnings) != 1 || !strings.HasSuffix(warnings[0], "zoo.cfg:7: localSessionsEnabled: has no effect: every session is known to all servers") {
		t.Fatal(err, warnings)
	}
	s := cfg.Server()
	const text = "server.1=a1:1:2|a2:5:6:participant;10.0.0.1:2181\nserver.2=b:3:4:participant;0.0.0.0:2182\n" +
		"server.3=c:7:8:participant\nserver.10=[::1]:10:11:observer\nversion=0"
	e := s.Ensemble
	if s.ServerID != 3 || string(e.Text) != text || e.InitLimit != 5 || e.SyncLimit != 2 || !e.LeaderRests || !e.ListenAll ||
		e.NotifyMax != time.Second || e.SnapshotSizeFactor != -1 || len(e.Members) != 4 {
		t.Fatalf("%+v\n%s", e, e.Text)
	}
	want := zkserver.EnsembleMember{ID: 1, Quorum: []string{"a2:5", "a1:1"}, Election: []string{"a2:6", "a1:2"}, Client: "10.0.0.1:2181"}
	if !reflect.DeepEqual(e.Members[0], want) || !e.Members[3].Observer || e.Members[3].Quorum[0] != "[::1]:10" {
		t.Errorf("%+v", e.Members)
	}
}

func TestServer_Groups(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "myid"), "1")
	write(t, filepath.Join(dir, "zoo.cfg"), "dataDir="+dir+"\nclientPort=1\ninitLimit=5\nsyncLimit=2\nserver.1=a:1:2\nserver.2=b:1:2\n"+
		"server.3=c:1:2\ngroup.1=2:1\ngroup.2=3\nweight.3=0\n")
	cfg, _, err := loadIn(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	e := cfg.Server().Ensemble
	if !strings.HasSuffix(string(e.Text), "group.1=1:2\ngroup.2=3\nweight.1=1\nweight.2=1\nweight.3=0\nversion=0") {
		t.Errorf("%s", e.Text)
	}
	m := e.Members
	if m[0].Group != m[1].Group || m[0].Group == m[2].Group || m[0].Weight != 1 || m[2].Weight != 0 {
		t.Errorf("%+v", m)
	}
}

// TestServer_Unsafe: what would leave an ensemble open is no configuration.
func TestServer_Unsafe(t *testing.T) {
	for line, want := range map[string]string{
		"sslQuorum=true":              "sslQuorum: zoka's servers do not speak TLS among themselves yet",
		"quorum.auth.enableSasl=true": "quorum.auth.enableSasl: zoka's servers do not authenticate to each other yet",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "myid"), "1")
		write(t, filepath.Join(dir, "zoo.cfg"), line+"\ndataDir="+dir+"\nclientPort=1\ninitLimit=5\nsyncLimit=2\nserver.1=a:1:2\nserver.2=b:1:2\n")
		if _, _, err := loadIn(t, dir); err == nil || !strings.HasSuffix(err.Error(), "zoo.cfg:1: "+want) {
			t.Errorf("%s: %v", line, err)
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
	s := cfg.Server()
	if s.SASLUsers["bob"] != "builder" || s.SASLSuper != "bob" {
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
