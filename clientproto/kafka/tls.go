package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// tlsSettings are the ssl.* properties.
type tlsSettings struct {
	trustType, trustFile, trustPEM, trustPassword string
	keyType, keyFile, chainPEM, keyPEM            string
	keyPassword                                   string
	verifyHost                                    bool
	min, max                                      uint16
}

// storeType is a property that names the kind of a store of certificates.
func storeType(field func(*settings) *string) property {
	return oneOf(field, "PEM", "JKS", "PKCS12")
}

// setVersions takes TLS, TLSv1.2, TLSv1.3 or a list of them.
func (t *tlsSettings) setVersions(list string) error {
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13, "TLS": 0, "TLSv1": 0, "TLSv1.1": 0}
	t.min, t.max = 0, 0
	for name := range strings.SplitSeq(list, ",") {
		v, ok := versions[strings.TrimSpace(name)]
		if !ok {
			return fmt.Errorf("%q is none of TLSv1.2, TLSv1.3", strings.TrimSpace(name))
		}
		if v != 0 && (t.min == 0 || v < t.min) {
			t.min = v
		}
		t.max = max(t.max, v)
	}
	return nil
}

// tlsConfig is how to talk TLS, nil for not at all.
func (s *settings) tlsConfig() (*tls.Config, error) {
	if !strings.HasSuffix(s.protocol, "SSL") {
		return nil, nil
	}
	t := s.tls
	cfg := &tls.Config{MinVersion: t.min, MaxVersion: t.max}
	var err error
	if cfg.RootCAs, err = t.roots(); err != nil {
		return nil, &ConfigError{Err: err}
	}
	if cfg.Certificates, err = t.own(); err != nil {
		return nil, &ConfigError{Err: err}
	}
	if !t.verifyHost { // the chain is verified all the same, as Java does
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, cfg.RootCAs) }
	}
	return cfg, nil
}

func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, cert := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(opts)
	return err
}

// roots are the certificates to trust, nil for those of the system.
func (t tlsSettings) roots() (*x509.CertPool, error) {
	text := t.trustPEM
	if text == "" && t.trustFile == "" {
		return nil, nil
	}
	from := "ssl.truststore.certificates"
	if text == "" {
		from = "ssl.truststore.location " + t.trustFile
		data, err := readPEM(t.trustFile, t.trustType)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		text = string(data)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, fmt.Errorf("%s: no certificate in it", from)
	}
	return pool, nil
}

// own is the certificate to show, none where there is no key.
func (t tlsSettings) own() ([]tls.Certificate, error) {
	chain, key, from := []byte(t.chainPEM), []byte(t.keyPEM), "ssl.keystore.key"
	if t.keyFile != "" {
		from = "ssl.keystore.location " + t.keyFile
		data, err := readPEM(t.keyFile, t.keyType)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		chain, key = data, data
	}
	if len(key) == 0 {
		return nil, nil
	}
	if block, _ := pem.Decode(key); block != nil && strings.Contains(block.Type, "ENCRYPTED") {
		return nil, fmt.Errorf("%s: an encrypted key is not read here; openssl pkey -in KEY -out PLAIN decrypts it", from)
	}
	cert, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return []tls.Certificate{cert}, nil
}

// readPEM reads a store. Java's own formats are told by their first bytes, whatever type was named.
func readPEM(path, kind string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	switch {
	case len(data) > 4 && string(data[:4]) == "\xfe\xed\xfe\xed":
		return nil, errors.New("a JKS store; keytool -importkeystore -srckeystore STORE -destkeystore STORE.p12 -deststoretype PKCS12, " +
			"then openssl pkcs12 -in STORE.p12 -nodes -out STORE.pem, make the PEM file that is wanted here")
	case len(data) > 2 && data[0] == 0x30 || kind == "PKCS12" || kind == "JKS":
		return nil, errors.New("a PKCS12 store; openssl pkcs12 -in STORE -nodes -out STORE.pem makes the PEM file that is wanted here")
	}
	return data, nil
}
