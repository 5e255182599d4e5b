package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/zoka-project/zoka/clientproto/keystore"
)

// tlsSettings are the ssl.* properties.
type tlsSettings struct {
	trustType, trustFile, trustPEM, trustPassword string
	keyType, keyFile, chainPEM, keyPEM            string
	storePassword, keyPassword                    string // of the key store, and of the key in it
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
	data, kind, from := []byte(t.trustPEM), keystore.PEM, "ssl.truststore.certificates"
	switch {
	case t.trustPEM != "":
	case t.trustFile == "":
		return nil, nil
	default:
		var err error
		from, kind = "ssl.truststore.location "+t.trustFile, keystore.Kind(t.trustType)
		if data, err = os.ReadFile(t.trustFile); err != nil {
			return nil, storeError(from, "", err)
		}
	}
	certs, err := keystore.Trusted(data, kind, t.trustPassword)
	if err != nil {
		return nil, storeError(from, "ssl.truststore.password", err)
	}
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool, nil
}

// own is the certificate to show, none where there is no key.
func (t tlsSettings) own() ([]tls.Certificate, error) {
	var cert tls.Certificate
	var err error
	from, password := "ssl.keystore.key", "ssl.key.password"
	switch {
	case t.keyFile != "":
		from, password = "ssl.keystore.location "+t.keyFile, "ssl.keystore.password, ssl.key.password"
		var data []byte
		if data, err = os.ReadFile(t.keyFile); err == nil {
			cert, err = keystore.Own(data, keystore.Kind(t.keyType), t.storePassword, t.keyPassword)
		}
	case t.keyPEM != "":
		cert, err = keystore.OwnPEM([]byte(t.chainPEM), []byte(t.keyPEM), t.keyPassword)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, storeError(from, password, err)
	}
	return []tls.Certificate{cert}, nil
}

// storeError says which property an error is about, and which has the password where that is what is wrong.
func storeError(from, password string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the path stands in front of it
	}
	if errors.Is(err, keystore.ErrPassword) || errors.Is(err, keystore.ErrNoPassword) {
		return fmt.Errorf("%s: %w: %s", from, err, password)
	}
	return fmt.Errorf("%s: %w", from, err)
}
