package zkcli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// flag is an option of a command.
type flag struct {
	name  string // without its dash; more than one letter for those of reconfig
	value bool   // the next word belongs to it
}

// switches makes flags of letters; a letter before a colon wants a value.
func switches(letters string) []flag {
	var flags []flag
	for _, c := range letters {
		if c == ':' {
			flags[len(flags)-1].value = true
			continue
		}
		flags = append(flags, flag{name: string(c)})
	}
	return flags
}

// line is what the words behind a command's name mean.
type line struct {
	args   []string
	values map[string]string // of the flags that are set; "" for those without a value
}

func (l line) has(name string) bool {
	_, ok := l.values[name]
	return ok
}

// path is the first argument, which nearly all commands are about.
func (l line) path() string {
	if len(l.args) == 0 {
		return ""
	}
	return l.args[0]
}

// parser reads flags and arguments in any order, by the rules of commons-cli's DefaultParser. Its errors have that
// library's text.
type parser struct {
	row  *row
	line line
	open *flag // wants its value still
}

func (r *row) parse(words []lex.Word) (line, error) {
	p := parser{row: r, line: line{values: map[string]string{}}}
	if r.free {
		return p.line, nil
	}
	for i, w := range words {
		if w.Text == "--" && !w.Quoted {
			for _, rest := range words[i+1:] {
				p.line.args = append(p.line.args, rest.Text)
			}
			break
		}
		if err := p.word(w); err != nil {
			return p.line, err
		}
	}
	if p.open != nil {
		return p.line, missingValue(p.open)
	}
	if r.required != "" && len(p.line.values) == 0 {
		return p.line, commonsError("MissingOption", "Missing required option: "+r.required)
	}
	return p.line, nil
}

func (p *parser) word(w lex.Word) error {
	if p.open != nil && (!p.isFlag(w.Text) || isNumber(w.Text)) {
		p.give(unquoted(w.Text))
		return nil
	}
	flags, value, ok := p.match(w.Text)
	switch {
	case p.isData(w, ok), len(w.Text) < 2, w.Text[0] != '-':
		p.line.args = append(p.line.args, w.Text)
		return nil
	case !ok:
		return commonsError("UnrecognizedOption", "Unrecognized option: "+w.Text)
	}
	for _, f := range flags {
		if err := p.set(f); err != nil {
			return err
		}
	}
	if value != nil {
		p.give(*value)
	}
	return nil
}

// give is the value of the open flag. Of several the first counts.
func (p *parser) give(value string) {
	if p.line.values[p.open.name] == "" {
		p.line.values[p.open.name] = value
	}
	p.open = nil
}

// isData tells a word that stands where data belong, and so is no flag though it may look like one: zkCli.sh
// refuses -5 there, and cannot tell a quoted word from another.
func (p *parser) isData(w lex.Word, names bool) bool {
	return p.row.data > 0 && len(p.line.args) == p.row.data && (w.Quoted || !names)
}

// match returns the flags that a word names: one, a cluster of letters, or one with its value behind it, as in
// -v5 and -v=5.
func (p *parser) match(text string) (flags []*flag, value *string, ok bool) {
	name, found := strings.CutPrefix(text, "-")
	if !found || strings.HasPrefix(name, "-") {
		return nil, nil, false
	}
	if f := p.row.flag(name); f != nil {
		return []*flag{f}, nil, true
	}
	if letter, v, hasValue := strings.Cut(name, "="); hasValue {
		f := p.row.flag(letter)
		if len(letter) != 1 || f == nil || !f.value {
			return nil, nil, false
		}
		return []*flag{f}, &v, true
	}
	for i := range len(name) {
		f := p.row.flag(name[i : i+1])
		if f == nil {
			return nil, nil, false
		}
		flags = append(flags, f)
		if f.value && i+1 < len(name) {
			v := name[i+1:]
			return flags, &v, true
		}
	}
	return flags, nil, len(flags) > 0
}

func (p *parser) set(f *flag) error {
	if p.open != nil {
		return missingValue(p.open)
	}
	if p.row.oneOf {
		for other := range p.line.values {
			if other != f.name {
				return commonsError("AlreadySelected", "The option '"+f.name+
					"' was specified but an option from this group has already been selected: '"+other+"'")
			}
		}
	}
	if _, again := p.line.values[f.name]; !again { // the first value counts
		p.line.values[f.name] = ""
	}
	if f.value {
		p.open = f
	}
	return nil
}

// isFlag is the library's test whether a word ends the wait for a value: that its name, or the first letter of it,
// is that of a flag.
func (p *parser) isFlag(text string) bool {
	name, found := strings.CutPrefix(text, "-")
	if !found || name == "" {
		return false
	}
	name, _, _ = strings.Cut(name, "=")
	return name != "" && (p.row.flag(name) != nil || p.row.flag(name[:1]) != nil)
}

func (r *row) flag(name string) *flag {
	i := slices.IndexFunc(r.flags, func(f flag) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &r.flags[i]
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// unquoted takes the double quotes off a flag's value.
func unquoted(text string) string {
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' && !strings.Contains(text[1:n-1], `"`) {
		return text[1 : n-1]
	}
	return text
}

func missingValue(f *flag) error {
	return commonsError("MissingArgument", "Missing argument for option: "+f.name)
}

func commonsError(kind, text string) error {
	return failuref("org.apache.commons.cli.%sException: %s", kind, text)
}
