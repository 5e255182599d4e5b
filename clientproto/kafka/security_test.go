package kafka_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestApache_Security goes through each way into a broker of 2.7 that has a listener of each kind.
func TestApache_Security(t *testing.T) {
	zk := peertest.StartZK39(t, peertest.Options{})
	dir := t.TempDir()
	store, trust, jks := certificate(t, dir)
	listeners := map[string]string{}
	var names []string
	for _, protocol := range []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"} {
		listeners[protocol] = fmt.Sprintf("127.0.0.1:%d", peertest.FreePort(t))
		names = append(names, protocol+"://"+listeners[protocol])
	}
	const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required "
	const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required "
	peertest.StartKafka(t, "27", zk.Addr(), peertest.KafkaOptions{Config: []string{
		"listeners=" + strings.Join(names, ","),
		"sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.sasl_plaintext.plain.sasl.jaas.config=" + plain + `user_alice="se\\"cret";`,
		"listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=" + scram + ";",
		"listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=" + scram + ";",
		"listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN",
		"listener.name.sasl_ssl.plain.sasl.jaas.config=" + plain + `user_alice="se\\"cret";`,
		"ssl.keystore.type=PKCS12", "ssl.keystore.location=" + store, "ssl.keystore.password=secret", "ssl.key.password=secret",
	}})
	addUsers(t, listeners["PLAINTEXT"])

	alice := "sasl.jaas.config=" + plain + `username="alice" password="se\\"cret";`
	bob := "sasl.jaas.config=" + scram + `username="bob" password="hunter2";`
	ssl := "ssl.truststore.type=PEM\nssl.truststore.location=" + trust
	for name, row := range map[string]struct{ protocol, config, fails string }{
		"plain":         {"SASL_PLAINTEXT", "sasl.mechanism=PLAIN\n" + alice, ""},
		"scram-256":     {"SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-256\n" + bob, ""},
		"scram-512":     {"SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512\n" + bob, ""},
		"ssl":           {"SSL", ssl, ""},
		"sasl_ssl":      {"SASL_SSL", ssl + "\nsasl.mechanism=PLAIN\n" + alice, ""},
		"no hostname":   {"SSL", ssl + "\nssl.endpoint.identification.algorithm=", ""},
		"wrong secret":  {"SASL_PLAINTEXT", "sasl.mechanism=PLAIN\n" + strings.Replace(alice, "cret", "kret", 1), "SASL_AUTHENTICATION_FAILED"},
		"wrong scram":   {"SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512\n" + strings.Replace(bob, "2", "3", 1), "SASL_AUTHENTICATION_FAILED"},
		"not trusted":   {"SSL", "", "signed by nobody that is trusted here: ssl.truststore.location"},
		"no key store":  {"SSL", "ssl.keystore.location=" + filepath.Join(dir, "none.pem"), "none.pem"},
		"PKCS12":        {"SSL", "ssl.truststore.type=PKCS12\nssl.truststore.location=" + store + "\nssl.truststore.password=secret", ""},
		"JKS":           {"SSL", "ssl.truststore.location=" + jks + "\nssl.truststore.password=secret", ""},
		"JKS and key":   {"SSL", "ssl.truststore.location=" + jks + "\nssl.truststore.password=secret\nssl.keystore.location=" + store + "\nssl.keystore.password=secret", ""},
		"no password":   {"SSL", "ssl.truststore.location=" + store, "it has a password, and none is given: ssl.truststore.password"},
		"bad password":  {"SSL", "ssl.truststore.location=" + jks + "\nssl.truststore.password=kret", "the password is wrong, or the store is damaged: ssl.truststore.password"},
		"wrong type":    {"SSL", "ssl.truststore.type=PEM\nssl.truststore.location=" + jks, "it is a JKS store, and not PEM"},
		"plain for TLS": {"PLAINTEXT>SSL", "", "it wants TLS: security.protocol=SSL"},
		"TLS for plain": {"SSL>PLAINTEXT", ssl, "it is a broker that talks without TLS: security.protocol=PLAINTEXT"},
		"no SASL":       {"PLAINTEXT>SASL_PLAINTEXT", "", "the listener wants SASL (security.protocol=SASL_PLAINTEXT)"},
		"SASL for none": {"SASL_PLAINTEXT>PLAINTEXT", "sasl.mechanism=PLAIN\n" + alice, "the listener does not ask who we are: security.protocol=PLAINTEXT"},
		"no such way":   {"SASL_SSL", ssl + "\nsasl.mechanism=SCRAM-SHA-256\n" + bob, "the listener does not take sasl.mechanism=SCRAM-SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			protocol, listener, crossed := strings.Cut(row.protocol, ">")
			file := filepath.Join(t.TempDir(), "client.properties")
			ok(t, os.WriteFile(file, []byte("security.protocol="+protocol+"\n"+row.config+"\n"), 0o600))
			cfg := kafka.Config{File: file, ZooKeeper: session(t, zk.Addr())}
			if crossed {
				cfg.Bootstrap = listeners[listener]
			}
			began := time.Now()
			c, err := kafka.Dial(t.Context(), cfg)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			if row.fails != "" {
				if err == nil || !strings.Contains(err.Error(), row.fails) || strings.Contains(err.Error(), "kret") {
					t.Errorf("%v, want %q", err, row.fails)
				}
				return
			}
			ok(t, err)
			defer c.Close()
			if c.Bootstrap() != listeners[protocol] {
				t.Errorf("found %s, want %s", c.Bootstrap(), listeners[protocol])
			}
			if _, err := c.Topics(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("listener by name", func(t *testing.T) {
		c := dial(t, kafka.Config{Listener: "plaintext", ZooKeeper: session(t, zk.Addr())})
		if c.Bootstrap() != listeners["PLAINTEXT"] {
			t.Errorf("found %s", c.Bootstrap())
		}
		_, err := kafka.Dial(t.Context(), kafka.Config{Listener: "OUTSIDE", ZooKeeper: session(t, zk.Addr())})
		if err == nil || !strings.Contains(err.Error(), "no broker has a listener OUTSIDE; there are PLAINTEXT (PLAINTEXT) 127.0.0.1:") {
			t.Error(err)
		}
	})
}

func session(t *testing.T, servers string) *zkclient.Client {
	t.Helper()
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: servers})
	ok(t, err)
	t.Cleanup(func() { zk.Close(t.Context()) })
	return zk
}

// TestDiscover_None is a ZooKeeper without a broker.
func TestDiscover_None(t *testing.T) {
	zk := peertest.StartZK39(t, peertest.Options{})
	_, err := kafka.Dial(t.Context(), kafka.Config{ZooKeeper: session(t, zk.Addr())})
	if err == nil || !strings.Contains(err.Error(), "ZooKeeper knows of no Kafka cluster: there is no /brokers/ids") {
		t.Error(err)
	}
}

// addUsers makes bob, by both mechanisms.
func addUsers(t *testing.T, addr string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	ok(t, err)
	defer cl.Close()
	admin := kadm.NewClient(cl)
	for _, mechanism := range []kadm.ScramMechanism{kadm.ScramSha256, kadm.ScramSha512} {
		answers, err := admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: "bob", Mechanism: mechanism, Iterations: 4096, Password: "hunter2"}})
		ok(t, err)
		ok(t, answers.Error())
	}
	until(t, "bob", func() bool {
		users, err := admin.DescribeUserSCRAMs(t.Context(), "bob")
		return err == nil && len(users["bob"].CredInfos) == 2
	})
}

// certificate makes a Java key store for 127.0.0.1, and its certificate as clients trust it: in PEM, and in a JKS store.
func certificate(t *testing.T, dir string) (store, trust, jks string) {
	t.Helper()
	store, trust, jks = filepath.Join(dir, "key.p12"), filepath.Join(dir, "trust.pem"), filepath.Join(dir, "trust.jks")
	for _, args := range [][]string{
		{"-genkeypair", "-keyalg", "EC", "-dname", "CN=broker", "-ext", "SAN=IP:127.0.0.1", "-validity", "2"},
		{"-exportcert", "-rfc", "-file", trust},
		{"-importcert", "-noprompt", "-file", trust},
	} {
		args = append(args, "-alias", "broker", "-storepass", "secret")
		if args[0] == "-importcert" {
			args = append(args, "-storetype", "JKS", "-keystore", jks)
		} else {
			args = append(args, "-storetype", "PKCS12", "-keystore", store)
		}
		if out, err := exec.Command("keytool", args...).CombinedOutput(); err != nil {
			t.Fatalf("keytool: %v\n%s", err, out)
		}
	}
	return store, trust, jks
}
