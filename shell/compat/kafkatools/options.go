package kafkatools

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is what an option wants behind it.
type kind uint8

const (
	flag   kind = iota // nothing
	value              // a text
	number             // an integer
	maybe              // a text, or nothing
)

// option is a row of a tool's table. Names have no dashes.
type option struct {
	name string
	// also are other spellings: those of before KIP-1147.
	also []string
	kind kind
	arg  string // what the value is, for the usage text
	// many: it may be given several times.
	many bool
	// old: only Kafka 2.7 has it.
	old  bool
	help string
}

// options are those of a command line.
type options struct {
	table []option
	given map[string][]string // by the row's name; a flag has an empty text
	old   bool                // one of them is of 2.7 alone
	words []string            // the command line
	order []string            // the rows' names as they were given
	// spelled are the names by which rows were given.
	spelled map[string]string
	// release is [Config.Release].
	release string
	// malformed is what is wrong with a number, "" for nothing. Apache's tools look at it last.
	malformed string
}

// is27 tells whose output is written.
func (o *options) is27() bool { return o.release == "2.7" || o.release == "" && o.old }

// usageError is a command line that cannot be understood. The table of options is shown below it.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// refusal is a command line that is refused without the table.
type refusal struct{ msg string }

func (e *refusal) Error() string { return e.msg }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// parse reads a command line as joptsimple does, which lets words that are no options stand anywhere and mean nothing.
func parse(table []option, args []string) (*options, error) {
	o := &options{table: table, given: map[string][]string{}, words: args, spelled: map[string]string{}}
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			break
		}
		name, text, attached := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
		if !strings.HasPrefix(word, "-") || name == "" {
			continue
		}
		row := o.row(name)
		if row == nil {
			return o, usagef("%s is not a recognized option", name)
		}
		switch {
		case row.kind == flag:
			text = "" // joptsimple lets --list=x pass
		case attached:
		case row.kind == maybe && (len(args) == 0 || strings.HasPrefix(args[0], "-")):
		case len(args) == 0:
			return o, usagef("Option %s requires an argument", name)
		default:
			text, args = args[0], args[1:]
		}
		if _, err := strconv.ParseInt(text, 10, 64); row.kind == number && err != nil {
			o.malformed = fmt.Sprintf("Cannot parse argument '%s' of option %s", text, name)
		}
		if was := o.spelled[row.name]; was != "" && was != name {
			return o, usagef("Options --%s and --%s cannot be specified together.", max(was, name), min(was, name))
		}
		o.spelled[row.name] = name
		if len(o.given[row.name]) > 0 && !row.many && row.kind != flag {
			return o, usagef("Found multiple arguments for option %s, but you asked for only one", name)
		}
		o.given[row.name] = append(o.given[row.name], text)
		o.order = append(o.order, row.name)
		o.old = o.old || row.old
	}
	return o, nil
}

// row is that of an option by any of its names.
func (o *options) row(name string) *option {
	for i := range o.table {
		if o.table[i].name == name {
			return &o.table[i]
		}
		for _, other := range o.table[i].also {
			if other == name {
				return &o.table[i]
			}
		}
	}
	return nil
}

func (o *options) has(name string) bool { return o.given[name] != nil }

// any tells whether one of several is given.
func (o *options) any(names ...string) bool { return o.count(names...) > 0 }

// count is how many of several are given.
func (o *options) count(names ...string) (n int) {
	for _, name := range names {
		if o.has(name) {
			n++
		}
	}
	return n
}

// text is an option's value, "" where it is not given.
func (o *options) text(name string) string {
	if v := o.given[name]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// number is an option's value, or the one to take where it is not given.
func (o *options) number(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(o.text(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// require refuses a command line that lacks one of several.
func (o *options) require(names ...string) error {
	for _, name := range names {
		if !o.has(name) {
			return usagef("Missing required argument \"[%s]\"", name)
		}
	}
	return nil
}

// exclude refuses others beside an option.
func (o *options) exclude(name string, others ...string) error {
	for _, other := range others {
		if o.has(name) && o.has(other) {
			return usagef("Option \"[%s]\" can't be used with option \"[%s]\"", name, other)
		}
	}
	return nil
}

// pairs reads NAME=VALUE of an option that may be given several times. A name alone has an empty value.
func (o *options) pairs(names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		for _, pair := range o.given[name] {
			key, text, _ := strings.Cut(pair, "=")
			out[key] = text
		}
	}
	return out
}

// usage is the table, for people.
func usage(table []option) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-40s %s\n%-40s %s\n", "Option", "Description", "------", "-----------")
	for _, row := range append(table[:len(table):len(table)], common...) {
		head := "--" + row.name
		switch row.kind {
		case value, number:
			head += " <" + row.arg + ">"
		case maybe:
			head += " [" + row.arg + "]"
		}
		help := row.help
		if row.old {
			help += " (Kafka 2.7)"
		}
		if len(row.also) > 0 {
			help += "; also --" + strings.Join(row.also, ", --")
		}
		if len(head) > 40 {
			fmt.Fprintf(&b, "%s\n%40s %s\n", head, "", help)
			continue
		}
		fmt.Fprintf(&b, "%-40s %s\n", head, help)
	}
	return b.String()
}

// common are the options of all tools.
var common = []option{
	{name: "help", help: "show this"},
	{name: "version", help: "show the version"},
}
