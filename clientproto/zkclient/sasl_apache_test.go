package zkclient_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestApacheSASL: Java's own side of DIGEST-MD5 takes the right password and refuses a wrong one.
func TestApacheSASL(t *testing.T) {
	checkGoroutines(t)
	jaas := filepath.Join(t.TempDir(), "jaas.conf")
	section := `Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="pass\"word"; };`
	if err := os.WriteFile(jaas, []byte(section), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JAVA_TOOL_OPTIONS", "-Dzookeeper.fips-mode=false -Djava.security.auth.login.config="+jaas)
	s := peertest.StartZK39(t, peertest.Options{Config: []string{
		"authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"}})

	state := newEvents()
	p := startProxy(t, s.Addr())
	c := dial(t, zkclient.Config{Servers: p.addr(), OnEvent: state.take,
		SASL: func() zkclient.SASLMechanism { return zkclient.DigestMD5("bob", `pass"word`) }})
	for range 2 {
		state.state(t, zkproto.StateSaslAuthenticated)
		who, err := c.WhoAmI(ctx)
		if err != nil || !slices.Contains(who, zkproto.ClientInfo{Scheme: "sasl", User: "bob"}) {
			t.Fatalf("who am I: %v %v", who, err)
		}
		p.cut() // the next connection needs it again
	}

	wrong, err := zkclient.New(zkclient.Config{Servers: s.Addr(),
		SASL: func() zkclient.SASLMechanism { return zkclient.DigestMD5("bob", "guess") }})
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, wrong)
	if _, err := wrong.Exists(ctx, "/", nil); !errors.Is(err, zkproto.AuthFailed) {
		t.Errorf("with a wrong password: %v", err)
	}
}
