package keystore

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// certificatesPEM are all certificates of a text.
func certificatesPEM(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// OwnPEM is a key in PEM, which may be encrypted, with the chain of certificates of another text, or the same.
func OwnPEM(chain, key []byte, keyPassword string) (tls.Certificate, error) {
	certs, err := certificatesPEM(chain)
	if err != nil {
		return tls.Certificate{}, err
	}
	if len(certs) == 0 {
		return tls.Certificate{}, ErrNoCertificate
	}
	for block, rest := pem.Decode(key); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			parsed, err := keyPEM(block, keyPassword)
			if err != nil {
				return tls.Certificate{}, err
			}
			return pair(parsed, certs)
		}
	}
	return tls.Certificate{}, ErrNoKey
}

// keyPEM is the key of a block: PKCS #8, encrypted or not, PKCS #1 or SEC 1.
func keyPEM(block *pem.Block, password string) (crypto.PrivateKey, error) {
	switch block.Type {
	case "ENCRYPTED PRIVATE KEY":
		der, err := decryptPKCS8(block.Bytes, password)
		if err != nil {
			return nil, err
		}
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, ErrPassword // one wrong password of 256 leaves what looks like padding
		}
		return parsed, nil
	case "RSA PRIVATE KEY", "EC PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("its key is encrypted in OpenSSL's old way; openssl pkcs8 -topk8 makes one that is read")
		}
		if block.Type == "EC PRIVATE KEY" {
			return x509.ParseECPrivateKey(block.Bytes)
		}
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	return x509.ParsePKCS8PrivateKey(block.Bytes)
}
