package zoocfg

import (
	"errors"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// entry is one key of a properties file.
type entry struct {
	key, value string
	origin     Origin
}

// parseProperties reads a text; file is for what is said of it.
func parseProperties(file, text string) ([]entry, error) {
	parsed, err := properties.Parse(text)
	if cause := (*properties.Error)(nil); errors.As(err, &cause) {
		return nil, &Error{Origin: Origin{File: file, Line: cause.Line}, Key: cause.Key, Reason: cause.Reason(), Err: err}
	}
	entries := make([]entry, len(parsed))
	for i, p := range parsed {
		entries[i] = entry{p.Key, p.Value, Origin{File: file, Line: p.Line}}
	}
	return entries, err
}
