package complete

import (
	"strings"

	"github.com/zoka-project/zoka/shell/command"
)

// flags are the flags of the row that are not set yet. -x offers the short names, and the long ones of flags
// that have no short; --x, and -xyz as in zkCli's -members, the long ones.
func (q *question) flags(set func(name string) bool) []Candidate {
	if name, _, ok := strings.Cut(q.raw, "="); ok {
		return q.inlineValue(name)
	}
	var out []Candidate
	for _, f := range q.spec.Help().Flags {
		if set(f.Name) {
			continue
		}
		text := "--" + f.Name
		switch {
		case f.Short != "" && (q.raw == "-" || q.raw == "-"+f.Short):
			text = "-" + f.Short
		case len(q.raw) > 1 && q.raw[1] != '-':
			text = "-" + f.Name
		}
		if strings.HasPrefix(text, q.raw) {
			usage := f.Usage
			if f.Value != "" {
				usage = f.Value + ": " + usage
			}
			out = append(out, Candidate{Text: text, Description: usage, Append: " "})
		}
	}
	return out
}

// flagValue is what can stand behind the flag, or cluster of flags, that wants a value.
func (q *question) flagValue(flag string) []Candidate {
	flags := q.spec.Help().Flags
	for _, f := range flags {
		if f.Name == strings.TrimLeft(flag, "-") {
			return q.valueOf(f)
		}
	}
	for _, f := range flags {
		if f.Short != "" && !strings.HasPrefix(flag, "--") && strings.HasSuffix(flag, f.Short) {
			return q.valueOf(f)
		}
	}
	return nil
}

// inlineValue is what can stand behind --flag=.
func (q *question) inlineValue(flag string) []Candidate {
	_, q.partial.Text, _ = strings.Cut(q.partial.Text, "=")
	candidates := q.flagValue(flag)
	for i := range candidates {
		candidates[i].ReplaceFrom = len(flag) + 1
	}
	return candidates
}

// valueOf goes by the name that usage has for the value: A|B is a choice, FILE a file, TOPIC a topic.
func (q *question) valueOf(f command.FlagHelp) []Candidate {
	switch {
	case strings.Contains(f.Value, "|"):
		return q.choices(strings.Split(f.Value, "|"))
	case f.Value == "FILE":
		return q.files("")
	}
	return q.kafkaValue(f.Value)
}

func (q *question) choices(values []string) []Candidate {
	var texts [][2]string
	for _, v := range values {
		texts = append(texts, [2]string{v, ""})
	}
	return q.among(texts...)
}
