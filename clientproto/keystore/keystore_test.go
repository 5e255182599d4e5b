package keystore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stores are files that Java's keytool and OpenSSL have made, by name.
type stores map[string][]byte

const storePassword, keyPassword = "store secret", "key secret"

// newStores makes a key with its certificate in each format, and stores that trust it.
func newStores(t *testing.T) stores {
	t.Helper()
	for _, program := range []string{"keytool", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	run := func(line ...string) {
		t.Helper()
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(line, " "), err, out)
		}
	}
	keytool := func(kind, file string, more ...string) {
		t.Helper()
		run(append([]string{"keytool", "-noprompt", "-alias", "one", "-storetype", kind, "-keystore", file, "-storepass", storePassword}, more...)...)
	}
	dname := []string{"-genkeypair", "-keyalg", "EC", "-dname", "CN=one", "-validity", "2"}
	keytool("JKS", "key.jks", append(dname, "-keypass", keyPassword)...)
	keytool("PKCS12", "key.p12", dname...)
	keytool("PKCS12", "rsa.p12", "-genkeypair", "-keyalg", "RSA", "-dname", "CN=one", "-validity", "2")
	keytool("JKS", "key.jks", "-exportcert", "-rfc", "-file", "cert.pem")
	keytool("JKS", "trust.jks", "-importcert", "-file", "cert.pem")
	keytool("PKCS12", "trust.p12", "-importcert", "-file", "cert.pem")
	run("openssl", "pkcs12", "-in", "rsa.p12", "-passin", "pass:"+storePassword, "-nodes", "-out", "rsa.pem")
	run("openssl", "pkcs8", "-topk8", "-in", "rsa.pem", "-passout", "pass:"+keyPassword, "-out", "sealed.pem")
	run("openssl", "pkcs12", "-in", "rsa.p12", "-passin", "pass:"+storePassword, "-nokeys", "-out", "chain.pem")
	run("sh", "-c", "cat sealed.pem chain.pem > both.pem")
	found := stores{}
	for _, name := range []string{"key.jks", "key.p12", "rsa.p12", "trust.jks", "trust.p12", "cert.pem", "rsa.pem", "both.pem", "chain.pem"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = data
	}
	return found
}

func TestStores(t *testing.T) {
	files := newStores(t)
	t.Run("trusted", func(t *testing.T) { testTrusted(t, files) })
	t.Run("own", func(t *testing.T) { testOwn(t, files) })
}

func testTrusted(t *testing.T, files stores) {
	for _, c := range []struct {
		file     string
		kind     Kind
		password string
		want     string // of the error
	}{
		{"trust.jks", JKS, storePassword, ""},
		{"trust.jks", Any, storePassword, ""},
		{"trust.jks", JKS, "", ""}, // as in Java: it is only not known whether it is whole
		{"trust.jks", PKCS12, storePassword, ""},
		{"trust.p12", PKCS12, storePassword, ""},
		{"trust.p12", JKS, storePassword, ""},
		{"key.jks", JKS, storePassword, ""},
		{"key.p12", PKCS12, storePassword, ""},
		{"cert.pem", PEM, "", ""},
		{"cert.pem", Any, "", ""},
		{"trust.jks", JKS, "wrong", "the password is wrong, or the store is damaged"},
		{"trust.p12", PKCS12, "wrong", "the password is wrong"},
		{"trust.p12", PKCS12, "", "it has a password, and none is given"},
		{"trust.jks", PEM, storePassword, "it is a JKS store, and not PEM"},
		{"cert.pem", PKCS12, "", "it is a PEM store, and not PKCS12"},
	} {
		certs, err := Trusted(files[c.file], c.kind, c.password)
		if c.want == "" && (err != nil || len(certs) != 1 || certs[0].Subject.CommonName != "one") || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s as %q: %d certificates, %v, want %q", c.file, c.kind, len(certs), err, c.want)
		}
	}
	if _, err := Trusted([]byte("hello"), JKS, ""); err == nil || err.Error() != "it is no store of certificates: neither JKS, PKCS12 nor PEM" {
		t.Error(err)
	}
}

func testOwn(t *testing.T, files stores) {
	for _, c := range []struct {
		file       string
		store, key string
		want       error
	}{
		{"key.jks", storePassword, keyPassword, nil},
		{"key.jks", "", keyPassword, nil},
		{"key.p12", storePassword, "", nil},
		{"key.p12", storePassword, storePassword, nil},
		{"rsa.p12", storePassword, "", nil},
		{"rsa.pem", "", "", nil},
		{"both.pem", "", keyPassword, nil},
		{"key.jks", "wrong", keyPassword, ErrPassword},
		{"key.jks", storePassword, "", ErrPassword},
		{"key.p12", "wrong", "", ErrPassword},
		{"both.pem", "", "wrong", ErrPassword},
		{"both.pem", "", "", ErrNoPassword},
		{"trust.jks", storePassword, "", ErrNoKey},
		{"trust.p12", storePassword, "", ErrNoKey},
		{"chain.pem", "", "", ErrNoKey},
	} {
		cert, err := Own(files[c.file], Any, c.store, c.key)
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || cert.Leaf.Subject.CommonName != "one" || !signs(t, cert)) {
			t.Errorf("%s with %q, %q: %v, want %v", c.file, c.store, c.key, err, c.want)
		}
	}
}

// signs tells whether the key is that of the certificate, by what crypto/tls thinks.
func signs(t *testing.T, cert tls.Certificate) bool {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return err == nil
}

// selfMade is a JKS store with one certificate, as the comment in jks.go draws it.
func selfMade(t testing.TB, password string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "one"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	out := []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x03one\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05X.509")
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(der))), der...)
	sum := sha1.Sum(append(append(utf16be(password), whitener...), out...)) //nolint:gosec // the format's own
	return append(out, sum[:]...)
}

// TestReadJKS_Cut: a store that ends anywhere is an error.
func TestReadJKS_Cut(t *testing.T) {
	whole := selfMade(t, "p")
	if certs, err := Trusted(whole, JKS, "p"); err != nil || len(certs) != 1 {
		t.Fatal(certs, err)
	}
	for n := range len(whole) {
		if _, err := Trusted(whole[:n], JKS, ""); err == nil {
			t.Errorf("%d of %d bytes are taken for a store", n, len(whole))
		}
	}
}

// FuzzStores: no file makes the decoders panic, and none makes them take more memory than it has bytes.
func FuzzStores(f *testing.F) {
	f.Add(selfMade(f, ""), "")
	f.Add(selfMade(f, "p"), "p")
	f.Add([]byte("0\x82\x01\x00\x02\x01\x03"), "p")
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"), "p")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if kind, _ := kindOf(data, Any); kind == PKCS12 { // the library's own affair
			return
		}
		certs, err := Trusted(data, Any, password)
		if err == nil && len(certs) == 0 {
			t.Error("no certificate, and no error")
		}
		if cert, err := Own(data, Any, password, ""); err == nil && cert.Leaf == nil {
			t.Error("no certificate, and no error")
		}
	})
}
