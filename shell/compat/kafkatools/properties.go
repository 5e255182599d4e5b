package kafkatools

import (
	"maps"
	"os"
	"strings"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// props are properties of a reader or a formatter.
type props map[string]string

// properties are those of a file that an option names, and those of other options, which win.
func (c *call) properties(file string, names ...string) (props, error) {
	p, err := readProperties(c.text(file))
	if err != nil {
		return nil, refuse("--%s: %v", file, err)
	}
	maps.Copy(p, c.pairs(names...))
	return p, nil
}

// readProperties reads a file of Java properties; "" is none.
func readProperties(path string) (props, error) {
	p := props{}
	if path == "" {
		return p, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	entries, err := properties.Parse(string(text))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p[e.Key] = e.Value
	}
	return p, nil
}

// is tells whether a property is true.
func (p props) is(name string) bool { return strings.EqualFold(strings.TrimSpace(p[name]), "true") }

// or is a property's value, or the one to take where it is not set.
func (p props) or(name, otherwise string) string {
	if v, ok := p[name]; ok {
		return v
	}
	return otherwise
}
