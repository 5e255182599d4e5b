package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestDial_NotReached: whatever is at an address, or is not, is told by name, in one line, soon, and without a word of
// the library's.
func TestDial_NotReached(t *testing.T) {
	trust, chain := authority(t, "127.0.0.1")
	_, stranger := authority(t, "127.0.0.1")
	_, elsewhere := authority(t, "10.9.8.7")
	secure := func(cfg *tls.Config) string {
		return serve(t, func(conn net.Conn) {
			secured := tls.Server(conn, cfg)
			if secured.Handshake() == nil {
				answerKafka(secured, nil)
			}
		})
	}
	ssl := "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=" + trust + "\n"
	sasl := "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=a.b required username=\"u\" password=\"se-cret\";\n"
	for name, c := range map[string]struct{ addr, config, want string }{
		"nobody":            {closed(t), "", "connection refused"},
		"no such host":      {"host.invalid:9092", "", "no such host"},
		"two":               {closed(t) + "," + closed(t), "", `127\.0\.0\.1:\d+: connection refused; 127\.0\.0\.1:\d+: connection refused`},
		"closes":            {serve(t, func(net.Conn) {}), "", "the connection was taken, and closed at once: no broker, or one that does not serve yet"},
		"says nothing":      {serve(t, silent), "", "the connection was taken, and then no answer: the broker is stopped or overloaded, or it is none"},
		"other":             {serve(t, func(conn net.Conn) { io.WriteString(conn, "220 mail.example ESMTP\r\n"); silent(conn) }), "", "what answers is no broker"},
		"web":               {serve(t, web), "", "a web server answers there: it is no broker's port"},
		"ZooKeeper":         {serve(t, zookeeper), "", `a ZooKeeper server answers there; -server 127\.0\.0\.1:\d+ finds the brokers through it`},
		"TLS":               {secure(&tls.Config{Certificates: chain}), "", `it wants TLS: security\.protocol=SSL \(or SASL_SSL\) in the configuration file`},
		"no TLS":            {serve(t, func(conn net.Conn) { answerKafka(conn, nil) }), ssl, `it is a broker that talks without TLS: security\.protocol=PLAINTEXT \(or SASL_PLAINTEXT\), or another port`},
		"TLS and ZooKeeper": {serve(t, zookeeper), ssl, `a ZooKeeper server answers there; .*`},
		"TLS and silence":   {serve(t, silent), ssl, "TLS: the connection was taken, and then no answer"},
		"not trusted":       {secure(&tls.Config{Certificates: stranger}), ssl, `TLS: the broker's certificate is signed by nobody that is trusted here: ssl\.truststore\.location names .*`},
		"another's name":    {secure(&tls.Config{Certificates: elsewhere}), "security.protocol=SSL\nssl.truststore.certificates=" + pemOf(elsewhere), `TLS: x509: certificate is valid for 10\.9\.8\.7, not 127\.0\.0\.1; ssl\.endpoint\.identification\.algorithm= .*`},
		"wants ours":        {secure(&tls.Config{Certificates: chain, ClientAuth: tls.RequireAnyClientCert}), ssl, `TLS: the broker wants a certificate of ours that it trusts \(certificate required\): ssl\.keystore\.location .*`},
		"old TLS":           {secure(&tls.Config{Certificates: chain, MaxVersion: tls.VersionTLS12}), ssl + "ssl.enabled.protocols=TLSv1.3\n", `TLS: the broker has no version of TLS that ssl\.enabled\.protocols allows`},
		"SASL wanted":       {serve(t, func(conn net.Conn) { answerKafka(conn, nil) }), "", `a broker greets there, and closes the connection at the first question: the listener wants SASL \(security\.protocol=SASL_PLAINTEXT\), or is not for clients`},
		"no SASL":           {serve(t, func(conn net.Conn) { answerKafka(conn, handshake(34)) }), sasl, `the listener does not ask who we are: security\.protocol=PLAINTEXT is for it`},
		"other SASL":        {serve(t, func(conn net.Conn) { answerKafka(conn, handshake(33)) }), sasl, `UNSUPPORTED_SASL_MECHANISM: the listener does not take sasl\.mechanism=PLAIN; .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Bootstrap: c.addr}
			if c.config != "" {
				cfg.File = filepath.Join(t.TempDir(), "client.properties")
				if err := os.WriteFile(cfg.File, []byte(c.config), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			_, err := Dial(t.Context(), cfg)
			if err == nil || !regexp.MustCompile(`^no Kafka broker at `+regexp.QuoteMeta(c.addr)+": "+c.want+"$").MatchString(err.Error()) {
				t.Errorf("%v, want %q", err, c.want)
			}
			var unknown interface{ OutcomeUnknown() bool }
			if !errors.As(err, &unknown) || !unknown.OutcomeUnknown() {
				t.Errorf("%T is no error of what may yet be", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("told after %s", took)
			}
		})
	}
}

// TestAdvertised_NotReached: a broker that says of itself what is not so is named with what it says.
func TestAdvertised_NotReached(t *testing.T) {
	for want, host := range map[string]string{"connection refused": "127.0.0.1", "no such host": "broker.invalid"} {
		_, text, _ := net.SplitHostPort(closed(t))
		port, _ := strconv.Atoi(text)
		addr := serve(t, func(conn net.Conn) { answerKafka(conn, metadata(host, int32(port))) })
		c, err := Dial(t.Context(), Config{Bootstrap: addr})
		if err != nil {
			t.Fatal(err)
		}
		dirs, err := c.LogDirs(t.Context(), 7)
		text = "broker 7 is not reached at " + net.JoinHostPort(host, text) + ", which it advertises: " + want + "; " + addr + " did answer: "
		if err != nil || len(dirs) != 1 || dirs[0].Err == nil || !regexp.MustCompile("^"+regexp.QuoteMeta(text)).MatchString(dirs[0].Err.Error()) {
			t.Errorf("%v, %v, want %s", dirs, err, text)
		}
		c.Close()
	}
}

// silent waits for the other side to give up.
func silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// answerKafka answers ApiVersions, and whatever else comes as row says; where that is nil the connection ends.
func answerKafka(conn net.Conn, row func(key, version int16) kmsg.Response) {
	for {
		var head [12]byte // size, key, version, correlation id
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		size := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
		if size < 8 || size > 1<<16 {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(size-8)); err != nil {
			return
		}
		key, version := int16(head[4])<<8|int16(head[5]), int16(head[6])<<8|int16(head[7])
		var answer kmsg.Response
		switch {
		case key == 18:
			versions := kmsg.NewPtrApiVersionsResponse()
			versions.Version = version
			for k, most := range map[int16]int16{3: 4, 17: 1, 18: 3, 35: 1, 36: 1} {
				versions.ApiKeys = append(versions.ApiKeys, kmsg.ApiVersionsResponseApiKey{ApiKey: k, MaxVersion: most})
			}
			answer = versions
		case row != nil:
			answer = row(key, version)
		}
		if answer == nil {
			return
		}
		body := answer.AppendTo(append([]byte{0, 0, 0, 0}, head[8:12]...))
		n := len(body) - 4
		body[0], body[1], body[2], body[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
		if _, err := conn.Write(body); err != nil {
			return
		}
	}
}

// handshake refuses SaslHandshake with a code.
func handshake(code int16) func(key, version int16) kmsg.Response {
	return func(key, version int16) kmsg.Response {
		if key != 17 {
			return nil
		}
		resp := kmsg.NewPtrSASLHandshakeResponse()
		resp.Version, resp.ErrorCode = version, code
		return resp
	}
}

// metadata has one broker, 7.
func metadata(host string, port int32) func(key, version int16) kmsg.Response {
	return func(key, version int16) kmsg.Response {
		if key != 3 {
			return nil
		}
		resp := kmsg.NewPtrMetadataResponse()
		resp.Version, resp.ControllerID = version, 7
		resp.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 7, Host: host, Port: port}}
		return resp
	}
}

// authority makes a certificate that signs itself, for an address, and a file of it to trust.
func authority(t *testing.T, ip string) (file string, chain []tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: ip}, IPAddresses: []net.IP{net.ParseIP(ip)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	chain = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	file = filepath.Join(t.TempDir(), "trust.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, chain
}

// pemOf is a certificate as the value of a property.
func pemOf(chain []tls.Certificate) string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].Certificate[0]}))
	return regexp.MustCompile("\n").ReplaceAllString(text, "\\n")
}
