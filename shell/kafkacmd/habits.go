package kafkacmd

import (
	"context"
	"slices"

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
