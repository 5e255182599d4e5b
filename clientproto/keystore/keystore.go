// Package keystore reads the files in which Java's programs keep certificates and keys: JKS, PKCS12 and PEM (KIP-651). It
// takes bytes and a password, and returns values of crypto/tls; it opens no files and writes none. It is for the Kafka
// client, whose users have such files already.
//
//	roots, err := keystore.Trusted(data, keystore.Any, "changeit")
//	cert, err := keystore.Own(data, keystore.JKS, "store secret", "key secret")
package keystore

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Kind is the format of a store.
type Kind string

// The kinds, with Java's names. Any is what the bytes are.
const (
	Any    Kind = ""
	JKS    Kind = "JKS"
	PKCS12 Kind = "PKCS12"
	PEM    Kind = "PEM"
)

var (
	// ErrPassword tells that a password does not open a store, or a key in it.
	ErrPassword = errors.New("the password is wrong")
	// ErrNoPassword tells that there has to be one.
	ErrNoPassword = errors.New("it has a password, and none is given")
	// ErrNoCertificate tells that a store has no certificate to trust.
	ErrNoCertificate = errors.New("no certificate in it")
	// ErrNoKey tells that a store has no private key.
	ErrNoKey = errors.New("no private key in it")
)

// KindError tells that a store is of another kind than was said.
type KindError struct{ Said, Is Kind }

func (e *KindError) Error() string {
	if e.Is == Any {
		return "it is no store of certificates: neither JKS, PKCS12 nor PEM"
	}
	return fmt.Sprintf("it is a %s store, and not %s", e.Is, e.Said)
}

// kindOf tells a kind by its first bytes. As in Java, JKS and PKCS12 are taken for each other.
func kindOf(data []byte, said Kind) (Kind, error) {
	var is Kind
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		is = JKS
	case len(data) > 2 && data[0] == 0x30: // a sequence of ASN.1
		is = PKCS12
	case bytes.Contains(data, []byte("-----BEGIN ")):
		is = PEM
	}
	if is == Any || said != Any && said != is && (said == PEM || is == PEM) {
		return is, &KindError{said, is}
	}
	return is, nil
}

// Trusted are the certificates of a store that are trusted. As in Java those are also the ones that belong to its keys.
func Trusted(data []byte, kind Kind, password string) (certs []*x509.Certificate, err error) {
	if kind, err = kindOf(data, kind); err != nil {
		return nil, err
	}
	switch kind {
	case JKS:
		certs, err = trustedJKS(data, password)
	case PKCS12:
		certs, err = trustedPKCS12(data, password)
	default:
		certs, err = certificatesPEM(data)
	}
	if err == nil && len(certs) == 0 {
		err = ErrNoCertificate
	}
	return certs, err
}

// Own is the key of a store with its chain of certificates; of several the first by name. The key's password is that of
// the store where it is "".
func Own(data []byte, kind Kind, password, keyPassword string) (cert tls.Certificate, err error) {
	if kind, err = kindOf(data, kind); err != nil {
		return cert, err
	}
	if keyPassword == "" {
		keyPassword = password
	}
	switch kind {
	case JKS:
		return ownJKS(data, password, keyPassword)
	case PKCS12:
		return ownPKCS12(data, password, keyPassword)
	}
	return OwnPEM(data, data, keyPassword)
}

// pair makes a certificate of a key and its chain, whose first is the one of the key wherever it stands.
func pair(key crypto.PrivateKey, chain []*x509.Certificate) (tls.Certificate, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return tls.Certificate{}, fmt.Errorf("a key of type %T cannot sign", key)
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return tls.Certificate{}, fmt.Errorf("a key of type %T cannot sign", key)
	}
	out := tls.Certificate{PrivateKey: key}
	for _, cert := range chain {
		if out.Leaf == nil && public.Equal(cert.PublicKey) {
			out.Leaf = cert
			out.Certificate = append([][]byte{cert.Raw}, out.Certificate...)
		} else {
			out.Certificate = append(out.Certificate, cert.Raw)
		}
	}
	if out.Leaf == nil {
		return tls.Certificate{}, errors.New("no certificate in it is for the private key")
	}
	return out, nil
}
