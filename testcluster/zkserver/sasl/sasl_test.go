package sasl

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// The example of RFC 2831 section 4.
func TestResponse_MatchesTheRFC(t *testing.T) {
	d, err := parseDirectives([]byte(`charset=utf-8,username="chris",realm="elwood.innosoft.com",` +
		`nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",` +
		`response=d388dad90d4bbd760a152321f2143af7,qop=auth`))
	if err != nil {
		t.Fatal(err)
	}
	if got := response(d, "secret", "AUTHENTICATE:"); got != d["response"] {
		t.Errorf("response = %s, want %s", got, d["response"])
	}
	if got := response(d, "secret", ":"); got != "ea40f60335c427b5527b84dbabcdfffd" {
		t.Errorf("response-auth = %s", got)
	}
}

// client is the other side of an exchange, with every directive open to be wrong.
func client(t *testing.T, e *Exchange, password string, change func(d map[string]string)) ([]byte, error) {
	t.Helper()
	challenge, err := e.Step(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := parseDirectives(challenge)
	if err != nil {
		t.Fatal(err)
	}
	d = map[string]string{"username": "bob", "realm": d["realm"], "nonce": d["nonce"], "nc": "00000001",
		"cnonce": "xyz", "digest-uri": digestURI, "qop": "auth", "charset": "utf-8"}
	change(d)
	d["response"] = response(d, password, "AUTHENTICATE:")
	var b bytes.Buffer
	for k, v := range d {
		fmt.Fprintf(&b, `%s="%s",`, k, v)
	}
	return e.Step(b.Bytes())
}

func newExchange(t *testing.T) *Exchange {
	e, err := NewExchange(map[string]string{"bob": "bülder"}, strings.NewReader(strings.Repeat("r", 24)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExchange_RightPassword(t *testing.T) {
	e := newExchange(t)
	answer, err := client(t, e, "bülder", func(map[string]string) {})
	if err != nil || !bytes.HasPrefix(answer, []byte("rspauth=")) || !e.Done() || e.AuthorizationID() != "bob" {
		t.Fatalf("answer %q, error %v, done %v as %q", answer, err, e.Done(), e.AuthorizationID())
	}
	if _, err := e.Step(nil); !errors.Is(err, ErrRefused) {
		t.Errorf("a third token: %v", err)
	}
}

func TestExchange_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		change   func(map[string]string)
	}{
		"a wrong password":      {"x", func(map[string]string) {}},
		"an unknown user":       {"bülder", func(d map[string]string) { d["username"] = "eve" }},
		"a replayed nonce":      {"bülder", func(d map[string]string) { d["nonce"] = "old" }},
		"another realm":         {"bülder", func(d map[string]string) { d["realm"] = "r" }},
		"another service":       {"bülder", func(d map[string]string) { d["digest-uri"] = "imap/zk-sasl-md5" }},
		"a repeated count":      {"bülder", func(d map[string]string) { d["nc"] = "00000002" }},
		"no nonce of its own":   {"bülder", func(d map[string]string) { d["cnonce"] = "" }},
		"an integrity layer":    {"bülder", func(d map[string]string) { d["qop"] = "auth-int" }},
		"another user's rights": {"bülder", func(d map[string]string) { d["authzid"] = "super" }},
		"a broken quote":        {"bülder", func(d map[string]string) { d["a"] = `\` }},
		"too much":              {"bülder", func(d map[string]string) { d["a"] = strings.Repeat("x", maxToken) }},
	} {
		e := newExchange(t)
		if answer, err := client(t, e, c.password, c.change); !errors.Is(err, ErrRefused) || e.Done() || answer != nil {
			t.Errorf("%s: answer %q, error %v, done %v", name, answer, err, e.Done())
		}
		if _, err := e.Step(nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: the failed exchange went on: %v", name, err)
		}
	}
}

func TestParseJAAS(t *testing.T) {
	const file = `
// comment
QuorumServer { org.apache.zookeeper.server.auth.DigestLoginModule required user_test="test"; };
Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_super="super_secret"
    debug=true
    user_jaas.user="with \"quotes\"";
};`
	got, err := ParseJAAS(file, ServerSection)
	want := map[string]string{"super": "super_secret", "jaas.user": `with "quotes"`}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := ParseJAAS("", ServerSection); !errors.Is(err, ErrNoSection) {
		t.Errorf("an empty file: %v", err)
	}
	for bad, reason := range map[string]string{
		"":                            "no login section named Server",
		"Client { a required; };":     "no login section named Server",
		"Server {\n a required":       "line 2",
		"Server { a required x=; };":  "a value is expected",
		`Server { a required x="1 };`: "line 1",
		"Server { a required; }":      `';' is expected`,
	} {
		if _, err := ParseJAAS(bad, ServerSection); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: error %v, want %q in it", bad, err, reason)
		}
	}
}

func FuzzDirectives(f *testing.F) {
	f.Add([]byte(`a="b\"c",d=e, f = g`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDirectives(b)
		for k, v := range d {
			if err == nil && len(k)+len(v) > len(b) {
				t.Fatalf("%q: %q=%q is longer than its input", b, k, v)
			}
		}
	})
}

func FuzzParseJAAS(f *testing.F) {
	f.Add(`Server { m required user_a="b"; };`)
	f.Fuzz(func(t *testing.T, text string) { _, _ = ParseJAAS(text, ServerSection) })
}
