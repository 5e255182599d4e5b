package kafka

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "client.properties")
	text := `# of Java's clients
bootstrap.servers = a:1, b
security.protocol=sasl_ssl
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="u" password="p";
linger.ms=7
key.deserializer=org.example.K
max.poll.records=3
no.such.key=1
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := defaultSettings()
	var warned []string
	if err := s.load(path, func(line string) { warned = append(warned, line) }); err != nil {
		t.Fatal(err)
	}
	if want := []string{path + ":10: no.such.key does nothing here"}; !reflect.DeepEqual(warned, want) {
		t.Errorf("warned of %q, want %q", warned, want)
	}
	if s.bootstrap != "a:1, b" || s.protocol != "SASL_SSL" || *s.linger != 7*time.Millisecond {
		t.Errorf("settings %+v", s)
	}
	if m, err := s.saslMechanism(); err != nil || m.Name() != "SCRAM-SHA-512" {
		t.Errorf("mechanism %v, %v", m, err)
	}
}

func TestLoad_BadValues(t *testing.T) {
	for line, want := range map[string]string{
		"linger.ms=soon":                              `client.properties:1: linger.ms: "soon" is no number of milliseconds`,
		"security.protocol=HTTPS":                     `:1: security.protocol: "HTTPS" is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL`,
		"enable.idempotence=yes":                      `:1: enable.idempotence: "yes" is neither true nor false`,
		"fetch.max.bytes=1e6":                         `:1: fetch.max.bytes: "1e6" is no number that fits`,
		"max.request.size=" + strings.Repeat("9", 12): "is no number that fits",
		"transactional.id=t":                          "transactions are not written here",
		"ssl.protocol=SSLv3":                          `"SSLv3" is none of`,
	} {
		path := filepath.Join(t.TempDir(), "client.properties")
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := defaultSettings()
		err := s.load(path, nil)
		var bad *ConfigError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// Every property that counts takes some value, and refuses none of its own.
func TestPropertyTable(t *testing.T) {
	for name := range propertyTable {
		s := defaultSettings()
		taken := false
		for _, value := range []string{"1", "true", "PLAIN", "PLAINTEXT", "none", "earliest", "read_committed", "PEM", "TLSv1.2,TLSv1.3", "x"} {
			known, err := s.set(name, value)
			if !known {
				t.Fatalf("%s is not known", name)
			}
			taken = taken || err == nil
		}
		if !taken && name != "transactional.id" {
			t.Errorf("%s takes no value", name)
		}
		if ignored[name] {
			t.Errorf("%s counts, and is ignored too", name)
		}
	}
}

func TestParseJAAS(t *testing.T) {
	const module = "org.example.LoginModule required "
	for text, want := range map[string]map[string]string{
		module + `username="a" password="b";`:       {"username": "a", "password": "b"},
		module + `username=a password='b c' ;`:      {"username": "a", "password": "b c"},
		module + "password=\"a\\\"b\\\\c;\"\n;":     {"password": `a"b\c;`},
		module + ";":                                {},
		"M REQUIRED a=1;":                           {"a": "1"},
		"":                                          nil,
		"M username=a;":                             nil,
		module + `username="a`:                      nil,
		module + `username="a"`:                     nil,
		module + `user name="a";`:                   nil,
		module + `password="topsecret` + "\n" + `;`: nil,
	} {
		got, err := parseJAAS(text)
		if (err == nil) != (want != nil) || want != nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "topsecret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestParseAddrs(t *testing.T) {
	for text, want := range map[string]string{
		"a:1":                 "a:1",
		" a:1 ,b ":            "a:1 b:9092",
		"[::1]:9092":          "[::1]:9092",
		"PLAINTEXT://a:1":     "a:1",
		"":                    "",
		",":                   "",
		"a:x":                 "",
		"a:0":                 "",
		"a:1/kafka":           "",
		"zk1:2181,zk2:2181/k": "",
	} {
		got, err := parseAddrs(text)
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestSASL_WhatIsMissing(t *testing.T) {
	for mechanism, want := range map[string]string{
		"GSSAPI": "sasl.mechanism GSSAPI is not known here",
		"PLAIN":  "sasl.jaas.config: wanted for SASL",
	} {
		s := defaultSettings()
		s.protocol, s.mechanism = "SASL_PLAINTEXT", mechanism
		if _, err := s.saslMechanism(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
}
