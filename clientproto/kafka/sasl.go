package kafka

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// saslMechanism is how to authenticate, nil for not at all.
func (s *settings) saslMechanism() (sasl.Mechanism, error) {
	if !strings.HasPrefix(s.protocol, "SASL_") {
		return nil, nil
	}
	switch s.mechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
	default:
		return nil, &ConfigError{Err: fmt.Errorf("sasl.mechanism %s is not known here; PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are", s.mechanism)}
	}
	options, err := parseJAAS(s.jaas)
	if err != nil {
		return nil, &ConfigError{Err: fmt.Errorf("sasl.jaas.config: %w", err)}
	}
	user, pass := options["username"], options["password"]
	if user == "" {
		return nil, &ConfigError{Err: errors.New("sasl.jaas.config: no username")}
	}
	switch s.mechanism {
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: pass}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: pass}.AsSha512Mechanism(), nil
	}
	return plain.Auth{User: user, Pass: pass}.AsMechanism(), nil
}

// parseJAAS reads what Java's clients have in sasl.jaas.config:
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="b";
//
// Values may be quoted, with \ before a quote or a backslash. Which module it is does not matter: the mechanism has a
// property of its own.
func parseJAAS(text string) (map[string]string, error) {
	p := jaas{rest: strings.TrimSpace(text)}
	if p.rest == "" {
		return nil, errors.New("wanted for SASL, and not there")
	}
	module, control := p.word(), p.word()
	switch strings.ToLower(control) {
	case "required", "requisite", "sufficient", "optional":
	default:
		return nil, fmt.Errorf("%q is followed by none of required, requisite, sufficient, optional", module)
	}
	options := map[string]string{}
	for {
		p.space()
		if p.rest == "" {
			return nil, errors.New("no ; at the end")
		}
		if p.rest[0] == ';' {
			return options, nil
		}
		name, rest, found := strings.Cut(p.rest, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" || strings.ContainsAny(name, " \t;\"'") {
			return nil, errors.New("an option is not of the form name=value")
		}
		p.rest = rest
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		options[name] = value
	}
}

type jaas struct{ rest string }

func (p *jaas) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *jaas) word() string {
	p.space()
	end := strings.IndexAny(p.rest, " \t\r\n;")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

func (p *jaas) value() (string, error) {
	p.space()
	if p.rest == "" || p.rest[0] != '"' && p.rest[0] != '\'' {
		return p.word(), nil
	}
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quote is not closed") // never the text: it is a password
}
