package sasl

import (
	"errors"
	"fmt"
	"strings"
	"text/scanner"
)

// ServerSection is the name of the login section that a ZooKeeper server reads.
const ServerSection = "Server"

// ErrNoSection says that a JAAS file is in order but has nothing for this server.
var ErrNoSection = errors.New("no login section")

// ParseJAAS reads a JAAS login configuration and returns the users and passwords of one
// section's DigestLoginModule: its options user_NAME="PASSWORD". A file without that
// section is [ErrNoSection].
//
//	Server {
//	    org.apache.zookeeper.server.auth.DigestLoginModule required
//	    user_super="secret"
//	    user_bob="builder";
//	};
func ParseJAAS(text, section string) (map[string]string, error) {
	p := jaasParser{}
	p.s.Init(strings.NewReader(text))
	p.s.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanComments | scanner.SkipComments
	p.s.IsIdentRune = func(c rune, i int) bool {
		return c == '_' || c == '.' || c == '-' || c == '$' || c == '@' ||
			c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 0x7f
	}
	p.s.Error = func(s *scanner.Scanner, msg string) { p.fail(msg) }
	p.next()
	for p.err == nil && p.tok != scanner.EOF {
		name := p.ident("the name of a login section")
		users := p.section()
		if p.err == nil && name == section {
			return users, nil
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return nil, fmt.Errorf("%w named %s", ErrNoSection, section)
}

type jaasParser struct {
	s   scanner.Scanner
	tok rune
	err error
}

func (p *jaasParser) next() { p.tok = p.s.Scan() }

func (p *jaasParser) fail(msg string) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d: %s", p.s.Pos().Line, msg)
	}
}

func (p *jaasParser) ident(what string) string {
	if p.tok != scanner.Ident {
		p.fail(fmt.Sprintf("%s is expected, not %q", what, p.s.TokenText()))
		return ""
	}
	text := p.s.TokenText()
	p.next()
	return text
}

func (p *jaasParser) expect(tok rune) {
	if p.tok != tok {
		p.fail(fmt.Sprintf("%q is expected, not %q", tok, p.s.TokenText()))
		return
	}
	p.next()
}

// section reads { module flag option=value…; … };
func (p *jaasParser) section() map[string]string {
	users := map[string]string{}
	p.expect('{')
	for p.err == nil && p.tok != '}' {
		p.ident("a login module")
		p.ident("a control flag")
		for p.err == nil && p.tok != ';' {
			option := p.ident("an option")
			p.expect('=')
			value := p.value()
			if name, ok := strings.CutPrefix(option, "user_"); ok {
				users[name] = value
			}
		}
		p.expect(';')
	}
	p.expect('}')
	p.expect(';')
	return users
}

func (p *jaasParser) value() string {
	if p.tok != scanner.String && p.tok != scanner.Ident {
		p.fail(fmt.Sprintf("a value is expected, not %q", p.s.TokenText()))
		return ""
	}
	text := p.s.TokenText()
	if p.tok == scanner.String && len(text) >= 2 {
		text = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text[1 : len(text)-1])
	}
	p.next()
	return text
}
