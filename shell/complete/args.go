package complete

import (
	"strings"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// argument is what can stand behind the arguments that are there.
func (q *question) argument(args []lex.Word) []Candidate {
	at := len(args)
	if last := len(q.spec.Args) - 1; at > last {
		if last < 0 || !q.spec.Args[last].Repeat {
			return nil
		}
		at = last
	}
	a := q.spec.Args[at]
	if a.Legacy {
		return nil
	}
	switch a.Kind {
	case command.Path:
		return q.znodes()
	case command.Data:
		if !q.partial.Quoted && strings.HasPrefix(q.partial.Text, "@") {
			return q.files("@")
		}
		return nil
	case command.ACL:
		return q.acl()
	case command.Topic:
		return q.kafka(TopicNames, "")
	case command.ConsumerGroup:
		return q.kafka(GroupNames, "")
	case command.Broker:
		return q.kafka(BrokerNames, "")
	case command.ConfigOwner:
		return q.owner(args[at-1].Text)
	case command.ConfigKey:
		return q.configKeys(args[0].Text, args[1].Text, strings.Contains(a.Name, "="))
	case command.File:
		return q.files("")
	case command.Server:
		return q.choices(q.cache.servers())
	case command.Command:
		return q.commands()
	case command.Setting:
		return q.settings()
	case command.Text:
		if at > 0 && q.spec.Args[at-1].Kind == command.Setting {
			return q.settingValues(args[at-1].Text)
		}
	}
	return q.choices(a.Values)
}

func (q *question) settings() []Candidate {
	var texts [][2]string
	for _, o := range command.OptionTable {
		texts = append(texts, [2]string{o.Name, o.Short})
	}
	return q.among(texts...)
}

// settingValues are those of an option with a choice.
func (q *question) settingValues(name string) []Candidate {
	for _, o := range command.OptionTable {
		if o.Name == name && strings.Contains(o.Value, "|") {
			return q.choices(strings.Split(o.Value, "|"))
		}
	}
	return nil
}

// schemes are how an entry of an ACL can begin.
var schemes = [][2]string{
	{"world:anyone:", "everybody"},
	{"auth::", "the identities of this session"},
	{"digest:", "USER:HASH, a user with a password"},
	{"ip:", "an address, or ADDRESS/BITS"},
	{"sasl:", "a user of SASL"},
	{"x509:", "the subject of a certificate"},
}

var perms = [][2]string{
	{"cdrwa", "create, delete, read, write, admin"},
	{"cdrw", "all but admin"},
	{"r", "read"},
	{"rw", "read, write"},
}

// acl completes the last entry of an ACL: its scheme, then its permissions.
func (q *question) acl() []Candidate {
	typed := q.partial.Text
	from := strings.LastIndexByte(typed, ',') + 1
	entry := typed[from:]
	if out := aclCandidates(typed[:from], entry, schemes); len(out) > 0 {
		return out
	}
	scheme, _, _ := strings.Cut(entry, ":")
	colons := 2
	if scheme == "digest" { // its id has one more
		colons = 3
	}
	if strings.Count(entry, ":") < colons {
		return nil
	}
	from = strings.LastIndexByte(typed, ':') + 1
	return aclCandidates(typed[:from], typed[from:], perms)
}

// aclCandidates puts what goes on from what was typed behind head.
func aclCandidates(head, typed string, texts [][2]string) []Candidate {
	var out []Candidate
	for _, t := range texts {
		if strings.HasPrefix(t[0], typed) && t[0] != typed {
			out = append(out, Candidate{Text: lex.Quote(head + t[0]), Description: t[1]})
		}
	}
	return out
}
