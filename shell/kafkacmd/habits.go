package kafkacmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// habit is a program of Apache Kafka's and the command that does its work here: who types the program's words, behind
// its name or behind the command's, is told the words of this shell. They are not taken for them: `kafka-topics.sh`
// as a program is for scripts.
type habit struct {
	tool    string // without the .sh
	command string
	acts    []act
}

// act is one thing that a program does: the flag that says so, the line that does it here, and what becomes of other flags.
type act struct {
	flag, line string
	flags      []old
}

// old is a flag of a program, and how it is said here.
type old struct {
	flag   string
	here   string // "" for an argument
	wanted string // stands for what was not given, as in TOPIC
	alone  bool   // it has no value
}

var (
	oldTopic = old{flag: "topic", wanted: "TOPIC"}
	oldGroup = old{flag: "group", wanted: "GROUP"}
	oldType  = old{flag: "entity-type", wanted: "TYPE"}
	oldName  = old{flag: "entity-name"}
)

// alike are flags that have the same name here.
func alike(alone bool, names ...string) []old {
	var out []old
	for _, name := range names {
		out = append(out, old{flag: name, here: "--" + name, alone: alone})
	}
	return out
}

var habits = []habit{
	{"kafka-topics", "topics", []act{
		{"list", "topics list", nil},
		{"describe", "topics describe", []old{{flag: "topic"},
			{flag: "under-replicated-partitions", here: "--under-replicated", alone: true}, {flag: "unavailable-partitions", here: "--unavailable", alone: true},
			{flag: "under-min-isr-partitions", here: "--under-min-isr", alone: true}, {flag: "at-min-isr-partitions", here: "--at-min-isr", alone: true}}},
		{"create", "topics create", append([]old{oldTopic, {flag: "partitions", here: "-p"}, {flag: "replication-factor", here: "-r"}, {flag: "config", here: "-c"},
			{flag: "replica-assignment", here: "--replica-assignment"}}, alike(true, "if-not-exists")...)},
		{"delete", "topics delete", append([]old{oldTopic}, alike(true, "if-exists")...)},
		{"alter", "topics alter", []old{oldTopic, {flag: "partitions", here: "-p"}, {flag: "config", here: "-c"}, {flag: "delete-config", here: "--delete-config"}}},
	}},
	{"kafka-console-consumer", "consume", []act{{"topic", "consume", append([]old{oldTopic, {flag: "group", here: "-g"}, {flag: "partition", here: "-p"},
		{flag: "max-messages", here: "-n"}, {flag: "offset", here: "--offset"}, {flag: "timeout-ms", here: "--timeout"},
		{flag: "consumer-property", here: "-X"}}, alike(true, "from-beginning")...)}}},
	{"kafka-console-producer", "produce", []act{{"topic", "produce", []old{oldTopic, {flag: "compression-codec", here: "-z"},
		{flag: "request-required-acks", here: "--acks"}, {flag: "producer-property", here: "-X"}}}}},
	{"kafka-consumer-groups", "groups", []act{
		{"list", "groups list", alike(false, "state")},
		{"describe", "groups describe", append([]old{{flag: "group"}}, alike(true, "members", "state")...)},
		{"delete", "groups delete", []old{oldGroup}},
		{"reset-offsets", "groups reset", slices.Concat([]old{oldGroup}, alike(false, "topic", "to-offset", "shift-by", "to-datetime", "by-duration", "from-file"),
			alike(true, "all-topics", "all-groups", "to-earliest", "to-latest", "to-current", "execute", "dry-run", "export"))},
		{"delete-offsets", "groups delete-offsets", append([]old{oldGroup}, alike(false, "topic")...)},
	}},
	{"kafka-configs", "configs", []act{
		{"describe", "configs describe", append([]old{oldType, oldName}, alike(true, "all")...)},
		{"add-config", "configs set", []old{oldType, {flag: "entity-name", wanted: "NAME"}, {flag: "add-config", wanted: "KEY=VALUE"}}},
		{"delete-config", "configs delete", []old{oldType, {flag: "entity-name", wanted: "NAME"}, {flag: "delete-config", wanted: "KEY"}}},
		{"alter", "configs set", []old{oldType, {flag: "entity-name", wanted: "NAME"}, {flag: "add-config", wanted: "KEY=VALUE"}}},
	}},
	{"kafka-get-offsets", "offsets", []act{{"topic", "offsets", []old{oldTopic, {flag: "partitions", here: "-p"}, {flag: "time", here: "--at"}}}}},
	{"kafka-delete-records", "delete-records", []act{{"offset-json-file", "delete-records", []old{{flag: "offset-json-file", here: "--from-file"}}}}},
}

// habitOf is for command.Spec.Habit of the command of that name.
func habitOf(name string) func([]lex.Word) string {
	h := habits[slices.IndexFunc(habits, func(h habit) bool { return h.command == name })]
	return func(words []lex.Word) string {
		said := parseOld(words, h.acts)
		for _, a := range h.acts {
			if said.means(a) {
				return said.here(a)
			}
		}
		return ""
	}
}

// oldCommands are the programs as commands: all that they do is to name the right words.
func oldCommands() []command.Spec {
	var specs []command.Spec
	for _, h := range habits {
		specs = append(specs, command.Spec{
			Name: h.tool, Aliases: []string{h.tool + ".sh"}, Hidden: true, Group: command.Topics,
			Short: "Apache's program: here it is " + h.command, Examples: []command.Example{{Line: h.tool, Means: "names the command"}},
			Args: []command.Arg{{Name: "FLAGS", Kind: command.Data, Optional: true, Repeat: true}},
			Bind: func(*pflag.FlagSet) command.Run {
				return func(_ context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
					right := habitOf(h.command)(args)
					if right == "" {
						right = parseOld(args, h.acts).here(h.acts[0])
					}
					return nil, command.OldWords(right)
				}
			},
		})
	}
	return specs
}

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
	for flag, line := range map[string]string{"add-config": "users set ", "delete-config": "users delete "} {
		for _, value := range l.flags[flag] {
			if strings.HasPrefix(strings.ToUpper(value), "SCRAM-") {
				if names := l.flags[oldName.flag]; len(names) > 0 {
					return line + lex.Quote(names[0])
				}
				return line + "USER"
			}
		}
	}
	return ""
}
