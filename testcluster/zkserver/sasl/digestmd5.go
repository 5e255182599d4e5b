package sasl

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// realm is the server name of DIGEST-MD5 on ZooKeeper's client port.
	realm = "zk-sasl-md5"
	// digestURI is the service and the server name.
	digestURI = "zookeeper/" + realm
	// maxToken bounds a client's token, as RFC 2831 section 2.1.2 does.
	maxToken = 4096
)

// ErrRefused is wrapped by every failure of an [Exchange]: the client is not who it says.
var ErrRefused = errors.New("SASL authentication refused")

// Exchange authenticates one client. It takes two tokens.
type Exchange struct {
	users   map[string]string
	nonce   string
	started bool
	done    bool
	authzid string
	err     error
}

// NewExchange returns an exchange that knows the users' passwords and draws its nonce
// from random.
func NewExchange(users map[string]string, random io.Reader) (*Exchange, error) {
	var b [24]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("SASL nonce: %w", err)
	}
	return &Exchange{users: users, nonce: base64.StdEncoding.EncodeToString(b[:])}, nil
}

// Done says whether the client has proved its identity.
func (e *Exchange) Done() bool { return e.done }

// AuthorizationID is the identity proved, once [Exchange.Done].
func (e *Exchange) AuthorizationID() string { return e.authzid }

// Step takes a token of the client and returns the answer to it: the challenge, then
// the server's own proof. After an error the exchange stays failed.
func (e *Exchange) Step(token []byte) ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	if !e.started {
		e.started = true
		return fmt.Appendf(nil, `realm="%s",nonce="%s",qop="auth",charset=utf-8,algorithm=md5-sess`, realm, e.nonce), nil
	}
	answer, err := e.verify(token)
	if err != nil {
		e.err = fmt.Errorf("%w: %w", ErrRefused, err)
		return nil, e.err
	}
	return answer, nil
}

// verify checks the digest-response of RFC 2831 section 2.1.2 and returns the
// response-auth of section 2.1.3.
func (e *Exchange) verify(token []byte) ([]byte, error) {
	if e.done {
		return nil, errors.New("a token after the end of the exchange")
	}
	d, err := parseDirectives(token)
	if err != nil {
		return nil, err
	}
	if qop, ok := d["qop"]; ok && qop != "auth" {
		return nil, fmt.Errorf("quality of protection %q is not offered", qop)
	}
	for key, want := range map[string]string{"nonce": e.nonce, "realm": realm, "digest-uri": digestURI, "nc": "00000001"} {
		if d[key] != want {
			return nil, fmt.Errorf("%s %q is not the expected one", key, d[key])
		}
	}
	if d["cnonce"] == "" {
		return nil, errors.New("the client's nonce is missing")
	}
	password, ok := e.users[d["username"]]
	if !ok {
		return nil, fmt.Errorf("no user %q", d["username"])
	}
	if authzid := d["authzid"]; authzid != "" && authzid != d["username"] {
		return nil, fmt.Errorf("user %q may not act as %q", d["username"], authzid)
	}
	want := response(d, password, "AUTHENTICATE:")
	if subtle.ConstantTimeCompare([]byte(want), []byte(d["response"])) != 1 {
		return nil, fmt.Errorf("wrong password for user %q", d["username"])
	}
	e.done, e.authzid = true, d["username"]
	return []byte("rspauth=" + response(d, password, ":")), nil
}

// response is the 32 hexadecimal digits of RFC 2831 section 2.1.2.1; method is
// "AUTHENTICATE:" for the client's proof and ":" for the server's.
func response(d map[string]string, password, method string) string {
	utf8 := d["charset"] == "utf-8"
	secret := md5.Sum([]byte(latin1(d["username"], utf8) + ":" + latin1(d["realm"], utf8) + ":" + latin1(password, true)))
	a1 := string(secret[:]) + ":" + d["nonce"] + ":" + d["cnonce"]
	if d["authzid"] != "" {
		a1 += ":" + d["authzid"]
	}
	return hexMD5(hexMD5(a1) + ":" + d["nonce"] + ":" + d["nc"] + ":" + d["cnonce"] + ":auth:" + hexMD5(method+d["digest-uri"]))
}

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// latin1 encodes UTF-8 text as ISO 8859-1 where that can hold it, as the RFC demands of
// the three parts of the secret; text in another encoding stays as it is.
func latin1(s string, utf8 bool) string {
	if !utf8 {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 0xff {
			return s
		}
		b = append(b, byte(c))
	}
	return string(b)
}

// parseDirectives reads key=value,key="quoted \"value\"",… and refuses a key given twice.
func parseDirectives(token []byte) (map[string]string, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("token of %d bytes, at most %d are allowed", len(token), maxToken)
	}
	d := map[string]string{}
	rest := string(token)
	for {
		rest = strings.TrimLeft(rest, ", \t\r\n")
		if rest == "" {
			return d, nil
		}
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, fmt.Errorf("directive %q has no value", rest)
		}
		value, more, err := directiveValue(after)
		if err != nil {
			return nil, fmt.Errorf("directive %s: %w", key, err)
		}
		key = strings.TrimRight(key, " \t")
		if _, twice := d[key]; twice {
			return nil, fmt.Errorf("directive %s stands twice", key)
		}
		d[key], rest = value, more
	}
}

// directiveValue splits off one value, a token or a quoted string.
func directiveValue(s string) (value, rest string, err error) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		if i := strings.IndexByte(s, ','); i >= 0 {
			return strings.TrimRight(s[:i], " \t"), s[i:], nil
		}
		return strings.TrimRight(s, " \t"), "", nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", errors.New("the closing quote is missing")
}
