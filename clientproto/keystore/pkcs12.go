package keystore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// trustedPKCS12 reads what keytool -importcert makes, or else a key with its certificates.
func trustedPKCS12(data []byte, password string) ([]*x509.Certificate, error) {
	certs, err := pkcs12.DecodeTrustStore(data, password)
	if err == nil || wrongPassword(err) {
		return certs, passwordError(err, password)
	}
	_, cert, _, keyErr := pkcs12.DecodeChain(data, password)
	if keyErr != nil {
		return nil, passwordError(err, password)
	}
	return []*x509.Certificate{cert}, nil
}

// ownPKCS12 tries the store's password and then the key's: Java has them be the same in such stores.
func ownPKCS12(data []byte, password, keyPassword string) (tls.Certificate, error) {
	key, cert, others, err := pkcs12.DecodeChain(data, password)
	if wrongPassword(err) && keyPassword != password {
		key, cert, others, err = pkcs12.DecodeChain(data, keyPassword)
	}
	if err != nil {
		if _, trustErr := pkcs12.DecodeTrustStore(data, password); trustErr == nil {
			return tls.Certificate{}, ErrNoKey
		}
		return tls.Certificate{}, passwordError(err, password)
	}
	return pair(key, append([]*x509.Certificate{cert}, others...))
}

func wrongPassword(err error) bool {
	return errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption)
}

// passwordError puts the library's errors into this package's.
func passwordError(err error, password string) error {
	switch {
	case err == nil:
		return nil
	case wrongPassword(err) && password == "":
		return ErrNoPassword
	case wrongPassword(err):
		return ErrPassword
	}
	return errors.New("the PKCS12 store is not understood: " + strings.TrimPrefix(err.Error(), "pkcs12: "))
}
