package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2's default
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// maxIterations bounds what a file may ask of this machine: a hundred times what OpenSSL and Java write.
const maxIterations = 10_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// pbes2 is RFC 8018's PBES2-params.
type pbes2 struct{ KeyDerivation, Encryption pkix.AlgorithmIdentifier }

// derivation is RFC 8018's PBKDF2-params.
type derivation struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// decryptPKCS8 opens an EncryptedPrivateKeyInfo by PBES2 with AES in CBC, as OpenSSL and Java write it.
func decryptPKCS8(sealed []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, ErrNoPassword
	}
	var info encryptedKey
	var scheme pbes2
	var kdf derivation
	var iv []byte
	if _, err := asn1.Unmarshal(sealed, &info); err != nil {
		return nil, err
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("its key is encrypted by %v, which is not known; openssl pkcs8 -topk8 makes one that is read", info.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, err
	}
	sizes := map[string]int{"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32} // AES-CBC
	size, known := sizes[scheme.Encryption.Algorithm.String()]
	if !known || !scheme.KeyDerivation.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("its key is encrypted by %v, which is not known; openssl pkcs8 -topk8 makes one that is read", scheme.Encryption.Algorithm)
	}
	if _, err := asn1.Unmarshal(scheme.KeyDerivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, err
	}
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	prf, err := prfOf(kdf.PRF.Algorithm)
	if err != nil {
		return nil, err
	}
	if kdf.Iterations < 1 || kdf.Iterations > maxIterations || len(iv) != aes.BlockSize || len(info.Data) == 0 || len(info.Data)%aes.BlockSize != 0 {
		return nil, errors.New("its key is damaged")
	}
	secret, err := pbkdf2.Key(prf, password, kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	key := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(key, info.Data)
	pad := int(key[len(key)-1])
	if pad < 1 || pad > aes.BlockSize || !padded(key, pad) {
		return nil, ErrPassword
	}
	return key[:len(key)-pad], nil
}

// padded tells whether a text ends with its padding, which a wrong password hardly makes.
func padded(text []byte, pad int) bool {
	for _, b := range text[len(text)-pad:] {
		if int(b) != pad {
			return false
		}
	}
	return true
}

func prfOf(oid asn1.ObjectIdentifier) (func() hash.Hash, error) {
	switch oid.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New, nil
	case "1.2.840.113549.2.9":
		return sha256.New, nil
	case "1.2.840.113549.2.11":
		return sha512.New, nil
	}
	return nil, fmt.Errorf("its key is derived by %v, which is not known", oid)
}
