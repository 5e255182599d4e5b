package shape

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// For returns the shape of an API's requests, nil if it is not in the table.
func For(key int16) *Shape {
	source, ok := table[key]
	if !ok {
		return nil
	}
	p := parser{rest: source}
	s := &Shape{p.fields()}
	if p.rest != "" {
		panic(fmt.Sprintf("shape: the table has for API %d what cannot be: %q", key, p.rest))
	}
	return s
}

// parser reads a row of the table. It panics where the row is wrong, which is a fault of the program that every test finds.
type parser struct{ rest string }

// fields are separated by spaces and end with the row or with a bracket.
func (p *parser) fields() []field {
	var all []field
	for {
		f := p.field()
		all = append(all, f)
		var more bool
		if p.rest, more = strings.CutPrefix(p.rest, " "); !more {
			return all
		}
	}
}

// field is name:type or name:type@first or name:type@first-last; an element that is no structure has no name.
func (p *parser) field() field {
	f := field{max: math.MaxInt16}
	if name, rest, named := strings.Cut(p.rest, ":"); named && !strings.ContainsAny(name, "[] @") {
		f.name, p.rest = name, rest
	}
	p.kind(&f)
	if !p.take("@") {
		return f
	}
	f.min = int16(p.number())
	if p.take("-") {
		f.max = int16(p.number())
	}
	return f
}

func (p *parser) kind(f *field) {
	switch {
	case p.take("["):
		f.kind, f.elements = list, p.fields()
		f.structs = f.elements[0].name != ""
		if !p.take("]") {
			panic(fmt.Sprintf("shape: no end of a list: %q", p.rest))
		}
	case p.take("text"):
		f.kind, f.nullable = text, p.take("?")
	case p.take("bytes"):
		f.kind = data
	default:
		f.kind, f.size = fixed, p.number()
	}
}

func (p *parser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *parser) number() int {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(p.rest)
	}
	n, err := strconv.Atoi(p.rest[:end])
	if err != nil {
		panic(fmt.Sprintf("shape: no number: %q", p.rest))
	}
	p.rest = p.rest[end:]
	return n
}
