package complete

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Candidate is one way to complete the word at the cursor. Its fields are those of tty.Candidate.
type Candidate struct {
	Text        string // what the word becomes
	Description string // shown beside it
	ReplaceFrom int    // where the word begins: a byte offset into the line
	Append      string // added when this is the only candidate: " " after a whole word, "" where it goes on
}

// Config is what a Completer knows of the shell. Commands is needed; a nil function offers nothing of its kind.
type Config struct {
	Commands *command.Registry
	// Dir is the working znode.
	Dir func() string
	// Children returns the names of a znode's children. It may take its time.
	Children func(ctx context.Context, path string) ([]string, error)
	// Servers is the present connect string. What is known of znodes is forgotten when it changes.
	Servers func() string
	// Kafka returns names of the Kafka cluster; of is the topic or broker whose keys are asked for, "" for any. It may
	// take its time.
	Kafka func(ctx context.Context, what KafkaNames, of string) ([]string, error)
	// Bootstrap is where that cluster is. What is known of another one does not count.
	Bootstrap func() string
	// Fresh is called, by a goroutine of the Completer, when there are candidates that came too late for a
	// Complete.
	Fresh func()
}

// Budget is how long Complete waits for what it has asked for.
const Budget = 5 * time.Millisecond

// Completer answers for one shell. Its methods may be called by several goroutines.
type Completer struct {
	cfg   Config
	cache *cache
}

// New returns a Completer, which is to be closed.
func New(cfg Config) *Completer {
	if cfg.Dir == nil {
		cfg.Dir = func() string { return "/" }
	}
	if cfg.Servers == nil {
		cfg.Servers = func() string { return "" }
	}
	if cfg.Bootstrap == nil {
		cfg.Bootstrap = func() string { return "" }
	}
	return &Completer{cfg: cfg, cache: newCache(cfg.load, cfg.Fresh)}
}

// Close gives up what is being fetched, and waits for that.
func (c *Completer) Close() { c.cache.close() }

// Forget drops all that is known of znodes and files.
func (c *Completer) Forget() { c.cache.forget() }

// Complete returns the candidates for the word that ends at the cursor, a byte offset. For an empty line these
// are all commands.
func (c *Completer) Complete(line string, cursor int) []Candidate {
	cursor = min(max(cursor, 0), len(line))
	c.cache.follow(c.cfg.Servers())
	words, partial := lex.Complete(line, cursor)
	q := question{Completer: c, words: words, partial: partial, raw: line[partial.Pos:cursor]}
	q.glued = q.raw == "" && strings.HasSuffix(line[:cursor], ";")
	candidates := q.answer()
	for i := range candidates {
		candidates[i].ReplaceFrom += partial.Pos
	}
	return candidates
}

// question is one call of Complete. The ReplaceFrom of its candidates is counted from the word's beginning.
type question struct {
	*Completer
	words   []lex.Word
	partial lex.Word
	raw     string // the partial word as it was typed
	glued   bool   // it is empty, behind a ; which would become a part of it
	spec    *command.Spec
}

func (q *question) answer() []Candidate {
	if len(q.words) == 0 {
		if strings.HasPrefix(q.raw, "#") || q.glued {
			return nil
		}
		return q.commands()
	}
	if last := q.words[len(q.words)-1]; !last.Quoted && (last.Text == ">" || last.Text == ">>") {
		return q.files("")
	}
	var err error
	if q.spec, err = q.cfg.Commands.Lookup(q.words[0].Text); err != nil {
		return nil
	}
	words := q.words[1:]
	if len(q.spec.Verbs) > 0 {
		if len(words) == 0 && !strings.HasPrefix(q.raw, "-") {
			return q.verbs()
		}
		if words = q.verb(words); q.spec == nil {
			return nil
		}
	}
	flags := q.spec.Flags()
	args, err := command.ParseFlags(flags, words, false)
	if err != nil {
		return q.flagValue(q.words[len(q.words)-1].Text)
	}
	ended := slices.ContainsFunc(words, func(w lex.Word) bool { return w.Text == "--" && !w.Quoted })
	if strings.HasPrefix(q.raw, "-") && !ended {
		return q.flags(flags.Changed)
	}
	return q.argument(args)
}

// verbs are those of the command.
func (q *question) verbs() []Candidate {
	var names [][2]string
	for _, v := range q.spec.Verbs {
		if !v.Hidden {
			names = append(names, [2]string{v.Name, v.Short})
		}
	}
	return q.among(names...)
}

// verb makes the row of the verb that stands there the one that is asked about, nil where there is no such verb, and
// returns the words behind it.
func (q *question) verb(words []lex.Word) []lex.Word {
	if len(words) == 0 || !words[0].Quoted && strings.HasPrefix(words[0].Text, "-") {
		q.spec = &q.spec.Verbs[0]
		return words
	}
	q.spec = q.spec.Verb(words[0].Text)
	return words[1:]
}

// among returns those of texts, each with its description, that begin with what was typed, in whatever case.
func (q *question) among(texts ...[2]string) []Candidate {
	var out []Candidate
	typed := q.partial.Text
	for _, t := range texts {
		if len(t[0]) >= len(typed) && strings.EqualFold(t[0][:len(typed)], typed) {
			out = append(out, Candidate{Text: lex.Quote(t[0]), Description: t[1], Append: " "})
		}
	}
	return out
}

// commands are the names of all commands that are not hidden.
func (q *question) commands() []Candidate {
	var names [][2]string
	for _, name := range slices.Sorted(slices.Values(q.cfg.Commands.Names())) {
		if spec, err := q.cfg.Commands.Lookup(name); err == nil {
			names = append(names, [2]string{name, spec.Short})
		}
	}
	return q.among(names...)
}
