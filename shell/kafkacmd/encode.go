package kafkacmd

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// encode is JSON with < and > as they are: the printer sees to the rest.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
