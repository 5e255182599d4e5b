package keystore

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"unicode/utf16"

	"github.com/zoka-project/zoka/clientproto/jute"
)

// A JKS file (sun.security.provider.JavaKeyStore), big-endian; str is two bytes of length and modified UTF-8, bin four
// bytes of length and bytes:
//
//	magic    fe ed fe ed
//	version  int, 1 or 2; before 2 a certificate has no kind
//	entries  int, and as many of:
//	  1  alias str, created long, key bin (an EncryptedPrivateKeyInfo), chain int, and as many certificates
//	  2  alias str, created long, certificate
//	digest   SHA-1 of the password in UTF-16, "Mighty Aphrodite" and all that stands before
//
// where a certificate is its kind str, "X.509", and bin.

// jksEntry is a key with its chain, or without a key a certificate that is trusted.
type jksEntry struct {
	alias string
	key   []byte // encrypted
	chain []*x509.Certificate
}

// whitener is what Java puts into each digest of a store.
const whitener = "Mighty Aphrodite"

// readJKS reads a file. Without a password it is not known whether it is whole, as in Java.
func readJKS(data []byte, password string) ([]jksEntry, error) {
	if len(data) < 12+sha1.Size {
		return nil, errors.New("the JKS store ends too soon")
	}
	body, digest := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	if password != "" {
		sum := sha1.Sum(append(append(utf16be(password), whitener...), body...)) //nolint:gosec // as above
		if subtle.ConstantTimeCompare(sum[:], digest) != 1 {
			return nil, fmt.Errorf("%w, or the store is damaged", ErrPassword)
		}
	}
	r := jute.NewReader(body[4:])
	version := r.Int()
	if version != 1 && version != 2 {
		return nil, fmt.Errorf("JKS of version %d is not known", version)
	}
	const leastEntry = 4 + 2 + 8
	entries := make([]jksEntry, 0, max(0, r.Count(leastEntry)))
	for range cap(entries) {
		tag := r.Int()
		e := jksEntry{alias: shortString(r)}
		r.Long()
		certs := 1
		if tag == 1 {
			e.key = r.Buffer()
			certs = r.Count(4)
		}
		for range certs {
			if version == 2 {
				shortString(r)
			}
			der := r.Buffer()
			if r.Err() != nil {
				return nil, fmt.Errorf("the JKS store is damaged: %w", r.Err())
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.alias, err)
			}
			e.chain = append(e.chain, cert)
		}
		if tag != 1 && tag != 2 {
			return nil, fmt.Errorf("%s: an entry of kind %d is not known", e.alias, tag)
		}
		entries = append(entries, e)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("the JKS store is damaged: %w", err)
	}
	return entries, nil
}

func shortString(r *jute.Reader) string {
	n := int(r.Byte())<<8 | int(r.Byte())
	text := make([]byte, 0, min(n, r.Len()))
	for range min(n, r.Len()) {
		text = append(text, r.Byte())
	}
	if len(text) < n {
		r.Fail("a string ends too soon")
	}
	return string(text)
}

func utf16be(text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

func trustedJKS(data []byte, password string) ([]*x509.Certificate, error) {
	entries, err := readJKS(data, password)
	var certs []*x509.Certificate
	for _, e := range entries {
		if len(e.chain) > 0 {
			certs = append(certs, e.chain[0])
		}
	}
	return certs, err
}

func ownJKS(data []byte, password, keyPassword string) (tls.Certificate, error) {
	entries, err := readJKS(data, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	var first *jksEntry
	for i, e := range entries {
		if e.key != nil && (first == nil || e.alias < first.alias) {
			first = &entries[i]
		}
	}
	if first == nil {
		return tls.Certificate{}, ErrNoKey
	}
	der, err := decryptJKS(first.key, keyPassword)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the key %s: %w", first.alias, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the key %s: %w", first.alias, err)
	}
	return pair(key, first.chain)
}

// encryptedKey is PKCS #8's EncryptedPrivateKeyInfo.
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// jksProtector is the algorithm of keys in JKS files.
var jksProtector = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 17, 1, 1}

// decryptJKS undoes sun.security.provider.KeyProtector: a salt, the key in a stream of SHA-1 over the password and the
// digest before, and a digest of password and key.
func decryptJKS(sealed []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, ErrNoPassword
	}
	var info encryptedKey
	if _, err := asn1.Unmarshal(sealed, &info); err != nil {
		return nil, err
	}
	if !info.Algorithm.Algorithm.Equal(jksProtector) || len(info.Data) < 2*sha1.Size {
		return nil, fmt.Errorf("it is encrypted by %v, which is not known", info.Algorithm.Algorithm)
	}
	secret := utf16be(password)
	block := info.Data[:sha1.Size] // the salt
	text, check := info.Data[sha1.Size:len(info.Data)-sha1.Size], info.Data[len(info.Data)-sha1.Size:]
	key := make([]byte, len(text))
	for at := 0; at < len(text); at += sha1.Size {
		sum := sha1.Sum(append(bytes.Clone(secret), block...)) //nolint:gosec // as above
		block = sum[:]
		subtle.XORBytes(key[at:], text[at:], block)
	}
	if sum := sha1.Sum(append(bytes.Clone(secret), key...)); subtle.ConstantTimeCompare(sum[:], check) != 1 { //nolint:gosec // as above
		return nil, ErrPassword
	}
	return key, nil
}
