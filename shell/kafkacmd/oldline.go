package kafkacmd

import (
	"slices"
	"strings"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// entityFlags are the short ways of kafka-configs to say whose configuration it is, with the types here.
var entityFlags = map[string]string{"topic": "topic", "broker": "broker", "user": "user", "client": "client", "broker-logger": "logger", "ip": "ip"}

// oldLine is a line in the words of a program.
type oldLine struct {
	flags map[string][]string
	args  []string // that belong to no flag
	own   []string // the flags that are not said so here
}

// parseOld reads flags with their values, as acts have them, and what stands alone.
func parseOld(words []lex.Word, acts []act) oldLine {
	said := oldLine{flags: map[string][]string{}}
	for i := 0; i < len(words); i++ {
		text := words[i].Text
		name := strings.TrimLeft(text, "-")
		name, value, inline := strings.Cut(name, "=")
		if words[i].Quoted || !strings.HasPrefix(text, "-") || name == "" {
			said.args = append(said.args, text)
			continue
		}
		known, isAct := find(acts, name)
		if kind := entityFlags[name]; kind != "" && known.flag == "" { // kafka-configs: --topic x is --entity-type topics --entity-name x
			said.flags[oldType.flag], said.own = append(said.flags[oldType.flag], kind), append(said.own, name)
			name, known = oldName.flag, oldName
		}
		values := said.flags[name]
		switch {
		case inline:
			values = append(values, value)
		case known.flag != "" && !known.alone || known.flag == "" && !isAct: // of a flag that is not known too: --zookeeper HOST
			for i+1 < len(words) && !strings.HasPrefix(words[i+1].Text, "--") {
				i++
				values = append(values, words[i].Text)
			}
		}
		said.flags[name] = append([]string{}, values...)
		if isAct || known.flag != "" && known.here != "--"+known.flag {
			said.own = append(said.own, name)
		}
	}
	return said
}

// find is the flag of a name, if any of the acts has it, and whether it says what is to be done.
func find(acts []act, name string) (known old, isAct bool) {
	for _, a := range acts {
		isAct = isAct || a.flag == name
		for _, f := range a.flags {
			if f.flag == name {
				known = f
			}
		}
	}
	return known, isAct
}

// means tells whether the line is for an act: by its flag, or by its verb with flags that are none here.
func (l oldLine) means(a act) bool {
	_, verb, _ := strings.Cut(a.line, " ")
	_, flagged := l.flags[a.flag]
	return flagged || verb != "" && len(l.args) > 0 && l.args[0] == verb && len(l.own) > 0
}

// here is the line in the words of this shell.
func (l oldLine) here(a act) string {
	if line := l.scram(); line != "" {
		return line
	}
	args := l.args
	if _, verb, _ := strings.Cut(a.line, " "); len(args) > 0 && args[0] == verb {
		args = args[1:]
	}
	parts := []string{a.line}
	for _, f := range a.flags {
		values, given := l.flags[f.flag]
		switch {
		case given && f.alone:
			parts = append(parts, f.here)
			continue
		case !given && f.here == "" && len(args) > 0:
			values, args = args[:1], args[1:]
		case len(values) == 0 && f.wanted != "":
			parts = append(parts, f.wanted)
			continue
		}
		for _, v := range values {
			if f.flag == oldType.flag {
				v = strings.TrimSuffix(strings.TrimSuffix(v, "s"), "-")
				v = strings.Replace(v, "broker-logger", "logger", 1)
			}
			if key, _, pair := strings.Cut(v, "="); pair && command.HoldsSecret(v) {
				v = key + "=…"
			}
			if f.here != "" {
				parts = append(parts, f.here)
			}
			parts = append(parts, lex.Quote(v))
		}
	}
	return strings.Join(parts, " ")
}

// scram is the line for a password that kafka-configs sets or deletes, "" for any other line. The password is not in it.
func (l oldLine) scram() string {
	isScram := func(value string) bool { return strings.HasPrefix(strings.ToUpper(value), "SCRAM-") }
	user := "USER"
	if names := l.flags[oldName.flag]; len(names) > 0 {
		user = lex.Quote(names[0])
	}
	switch {
	case slices.ContainsFunc(l.flags["add-config"], isScram):
		return "users set " + user
	case slices.ContainsFunc(l.flags["delete-config"], isScram):
		return "users delete " + user
	}
	return ""
}
