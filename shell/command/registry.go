package command

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"
)

// Registry is the table of commands. It does not change once made.
type Registry struct {
	specs  []*Spec
	byName map[string]*Spec
}

// NewRegistry makes a table of lists of commands, in their order. A name that two commands claim is an error.
func NewRegistry(lists ...[]Spec) (*Registry, error) {
	r := &Registry{byName: map[string]*Spec{}}
	for _, list := range lists {
		for i := range list {
			s := &list[i]
			r.specs = append(r.specs, s)
			for _, name := range s.names() {
				if other := r.byName[name]; other != nil {
					return nil, fmt.Errorf("two commands are called %s: %s and %s", name, other.Name, s.Name)
				}
				r.byName[name] = s
			}
		}
	}
	return r, nil
}

// Specs are all rows, in the order of the lists.
func (r *Registry) Specs() []*Spec { return slices.Clone(r.specs) }

// Lookup returns the command of a name or alias, or an *[UnknownError].
func (r *Registry) Lookup(name string) (*Spec, error) {
	if s := r.byName[name]; s != nil {
		return s, nil
	}
	return nil, &UnknownError{Name: name, Suggestions: suggest(name, r.Names())}
}

// Names are the names and aliases of all rows that are not hidden.
func (r *Registry) Names() []string {
	var names []string
	for _, s := range r.specs {
		if !s.Hidden {
			names = append(names, s.names()...)
		}
	}
	return names
}

func (s *Spec) names() []string { return append([]string{s.Name}, s.Aliases...) }

// Flags returns the command's flags with their defaults, for help and completion.
func (s *Spec) Flags() *pflag.FlagSet {
	fs, _ := s.bind()
	return fs
}

func (s *Spec) bind() (*pflag.FlagSet, Run) {
	if len(s.Verbs) > 0 {
		return s.Verbs[0].bind()
	}
	fs := pflag.NewFlagSet(s.Name, pflag.ContinueOnError)
	fs.SortFlags = false
	return fs, s.Bind(fs)
}
