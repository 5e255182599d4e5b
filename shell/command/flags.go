package command

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/shell/lex"
)

// ParseFlags sets the flags of fs and returns the words that are none. A word is a flag only if it is unquoted
// and names one: --long, --long=value, the classic -long and -long=value, or a cluster of shorthands such as
// -sw. The value of a flag that wants one is the next word, whatever it looks like. All else is an argument:
// what begins with - too, and everything behind an unquoted --, which counts as quoted.
//
// With firstArgEnds set, flags end at the first argument: it and all words behind it are returned as they are.
func ParseFlags(fs *pflag.FlagSet, words []lex.Word, firstArgEnds bool) ([]lex.Word, error) {
	var args []lex.Word
	for len(words) > 0 {
		w := words[0]
		if w.Text == "--" && !w.Quoted {
			for _, data := range words[1:] {
				data.Quoted = true
				args = append(args, data)
			}
			return args, nil
		}
		flags, value, inline := matchFlags(fs, w)
		if len(flags) == 0 {
			if firstArgEnds {
				return words, nil
			}
			args, words = append(args, w), words[1:]
			continue
		}
		words = words[1:]
		for _, f := range flags {
			v := f.NoOptDefVal
			switch {
			case inline:
				v = value
			case v == "" && len(words) == 0:
				return nil, Usagef("%s: wants a value: %s %s", w.Text, w.Text, valueName(f))
			case v == "":
				v, words = words[0].Text, words[1:]
			}
			if err := fs.Set(f.Name, v); err != nil {
				given := w.Text
				if !inline {
					given += " " + lex.Quote(v)
				}
				return nil, Usagef("%s: %s", given, expects(f, v, err))
			}
		}
	}
	return args, nil
}

// matchFlags returns the flags that a word names: several for a cluster, of which only the last may want a
// value; none for data.
func matchFlags(fs *pflag.FlagSet, w lex.Word) (flags []*pflag.Flag, value string, inline bool) {
	if !dashed(w) {
		return nil, "", false
	}
	name, value, inline := strings.Cut(strings.TrimPrefix(w.Text[1:], "-"), "=")
	if f := fs.Lookup(name); f != nil && len(name) > 1 {
		return []*pflag.Flag{f}, value, inline
	}
	if strings.HasPrefix(w.Text, "--") {
		return nil, "", false
	}
	cluster := w.Text[1:]
	for i := range len(cluster) {
		f := fs.ShorthandLookup(cluster[i : i+1])
		if f == nil || f.NoOptDefVal == "" && i < len(cluster)-1 {
			return nil, "", false
		}
		flags = append(flags, f)
	}
	return flags, "", false
}

// dashed tells a word that would be a flag if there were one of that name.
func dashed(w lex.Word) bool { return !w.Quoted && len(w.Text) > 1 && w.Text[0] == '-' }

// expects says what is wrong with a flag's value. The library's own text for a number is strconv's, and it hides
// whether the number was too large.
func expects(f *pflag.Flag, value string, err error) string {
	switch f.Value.Type() {
	case "int32", "int64", "int", "uint", "uint32", "uint64":
		if _, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return "the number is out of range"
		}
		return "not a whole number"
	case "bool":
		return "not true or false"
	case "duration":
		return "not a duration such as 500ms or 10s"
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && invalid.Unwrap() != nil {
		return invalid.Unwrap().Error()
	}
	return err.Error()
}

// valueName is the name of a flag's value in usage texts: what its usage has in backquotes, or its type.
func valueName(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	return name
}
