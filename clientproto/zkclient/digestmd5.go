package zkclient

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
)

// DigestMD5 returns the mechanism of RFC 2831 for a user of the server's JAAS section, as
// DigestLoginModule has them. It is weak by today's standards, and a server in FIPS mode (the
// default of 3.9) does not offer it; it protects the password from listeners, nothing else.
func DigestMD5(user, password string) SASLMechanism {
	return &digestMD5{user: user, password: password, cnonce: rand.Text()}
}

type digestMD5 struct {
	user, password, cnonce string
	step                   int
	proof                  string // what the server must answer with
}

// digestURI is the service and the name that Apache's servers use for this mechanism.
const digestURI = "zookeeper/zk-sasl-md5"

func (d *digestMD5) Step(challenge []byte) (response []byte, done bool, err error) {
	d.step++
	switch d.step {
	case 1:
		return nil, false, nil // the server begins
	case 2:
		return d.respond(parseDirectives(string(challenge)))
	}
	got := parseDirectives(string(challenge))["rspauth"]
	if subtle.ConstantTimeCompare([]byte(got), []byte(d.proof)) != 1 {
		return nil, false, errors.New("the server does not know the password either")
	}
	return nil, true, nil
}

func (d *digestMD5) respond(offer map[string]string) ([]byte, bool, error) {
	realm, nonce := offer["realm"], offer["nonce"]
	if nonce == "" {
		return nil, false, errors.New("the server's challenge is not one of DIGEST-MD5")
	}
	const count = "00000001"
	secret := md5.Sum([]byte(d.user + ":" + realm + ":" + d.password))
	ha1 := hexMD5(string(secret[:]) + ":" + nonce + ":" + d.cnonce)
	sign := func(a2 string) string {
		return hexMD5(strings.Join([]string{ha1, nonce, count, d.cnonce, "auth", hexMD5(a2)}, ":"))
	}
	d.proof = sign(":" + digestURI)
	return []byte("charset=utf-8,username=" + quote(d.user) + ",realm=" + quote(realm) + ",nonce=" + quote(nonce) +
		",nc=" + count + ",cnonce=" + quote(d.cnonce) + ",digest-uri=" + quote(digestURI) +
		",maxbuf=65536,response=" + sign("AUTHENTICATE:"+digestURI) + ",qop=auth"), false, nil
}

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// parseDirectives reads name=value,name="value"… What does not have the form ends it.
func parseDirectives(s string) map[string]string {
	m := map[string]string{}
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		var value strings.Builder
		i := 0
		for quoted := false; i < len(rest) && (quoted || rest[i] != ','); i++ {
			switch {
			case rest[i] == '"':
				quoted = !quoted
			case quoted && rest[i] == '\\' && i+1 < len(rest):
				i++
				value.WriteByte(rest[i])
			default:
				value.WriteByte(rest[i])
			}
		}
		m[strings.TrimSpace(name)] = value.String()
		s = strings.TrimPrefix(rest[i:], ",")
	}
	return m
}
