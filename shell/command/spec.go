package command

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/lex"
)

// Run does a command's work. The arguments are those that are left when flags are taken away; their number
// and their kinds are checked. It prints nothing: what it found is the Result, which may be nil for nothing to
// show. An error about a znode is made by [At].
type Run func(ctx context.Context, env *Env, args []lex.Word) (render.Result, error)

// Spec is a command: its row in the table of commands.
type Spec struct {
	Name    string
	Aliases []string
	// Within is the command that this is a word of: usage lines and examples begin with it.
	Within string
	Group  Group
	Args   []Arg
	Short  string // one line, lower case, no full stop
	Long   string // further paragraphs of the help text, may be empty
	// Examples are complete lines. Each row has at least one.
	Examples []Example
	// Bind declares the flags of one line and returns what runs with them. It is called afresh for each line,
	// since a flag set that is parsed twice keeps the first line's flags.
	Bind func(*pflag.FlagSet) Run
	// Verbs are the commands behind the name, as in `topics create`: see [Verbs]. A row with verbs has no Args and no
	// Bind; where the line names no verb the first one runs.
	Verbs []Spec
	// Pipelined tells, for the flags of a line, that the command issues exactly one request, and so may be sent
	// before earlier ones are answered. Nil is never. See [Always] and [Unless].
	Pipelined func(*pflag.FlagSet) bool
	// Habit is the line that does what words of another program's say, as people type them from habit, "" for words that
	// are no such. It is asked where the words behind the name were not understood. Nil is never.
	Habit func(words []lex.Word) string
	// Secret keeps the command's lines out of the history.
	Secret bool
	// Hidden keeps an old spelling out of the list of commands and out of completion.
	Hidden bool
}

// Example is a line that shows a command, and what it does.
type Example struct{ Line, Means string }

// Group is a heading in the list of commands.
type Group string

// The groups, in the order of the help text.
const (
	Znodes   Group = "Znodes"
	Watches  Group = "Watches"
	Access   Group = "Access and quotas"
	Ensemble Group = "Ensemble"
	Topics   Group = "Topics and records"
	Cluster  Group = "Groups, configurations and brokers"
	Session  Group = "Session"
	Shell    Group = "Shell"
)

// Groups are all groups in the order of the help text.
var Groups = []Group{Znodes, Watches, Access, Ensemble, Topics, Cluster, Session, Shell}

// Kind is what an argument is: what completion offers for it, and how it is checked before the command runs.
type Kind uint8

// The kinds. Only Data, and Text, may begin with an unquoted - that names no flag.
const (
	Text          Kind = iota // anything
	Path                      // a znode, absolute or relative to the working znode
	Data                      // bytes, or @file or @- ; see [Env.Data]
	ACL                       // scheme:id:perms[,…]
	Version                   // a 32-bit number
	Number                    // a whole number
	Choice                    // one of Arg.Values
	File                      // a file of this machine
	Server                    // host:port[,host:port][/chroot]
	Command                   // a command's name
	Setting                   // the name of an option of the shell
	Topic                     // a topic of Kafka
	NewTopic                  // the name of one that is to be
	ConsumerGroup             // a group of consumers
	Broker                    // a broker's id
	ConfigOwner               // whose configuration it is: a topic or a broker, as the argument before says
	ConfigKey                 // a key of the configuration of the ConfigOwner before it, or KEY=VALUE
)

// Arg is a positional argument.
type Arg struct {
	Name     string // as usage shows it, in capitals
	Kind     Kind
	Optional bool
	Repeat   bool     // any further words are arguments of the same kind; for the last Arg
	Values   []string // all that a Choice can be; of a Text, what completion offers
	// Legacy is an old spelling, as in `ls PATH watch`: accepted, not shown.
	Legacy bool
}

// Always is for Spec.Pipelined: the command issues one request whatever its flags.
func Always(*pflag.FlagSet) bool { return true }

// Unless is for Spec.Pipelined: the command issues one request when none of the named flags is set.
func Unless(flags ...string) func(*pflag.FlagSet) bool {
	return func(fs *pflag.FlagSet) bool {
		for _, name := range flags {
			if fs.Changed(name) {
				return false
			}
		}
		return true
	}
}
