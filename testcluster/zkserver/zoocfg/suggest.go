package zoocfg

import (
	"maps"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// suggestion is " (did you mean KEY?)" where a known key is near.
func (l *loader) suggestion(name string) string {
	var known []string
	for _, t := range l.tables {
		known = slices.AppendSeq(known, maps.Keys(t))
	}
	if near := properties.Nearest(strings.TrimPrefix(name, "zookeeper."), known); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}
