package complete

import (
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

var booleans = []string{"true", "false"}

// configValues are those of the keys that have a choice, and that can be set while brokers run. Brokers tell the types
// of keys, and not what the values may be.
var configValues = map[string][]string{
	"cleanup.policy":                    {"compact", "delete", "compact,delete"},
	"compression.type":                  {"producer", "uncompressed", "gzip", "lz4", "snappy", "zstd"},
	"message.timestamp.type":            {"CreateTime", "LogAppendTime"},
	"preallocate":                       booleans,
	"unclean.leader.election.enable":    booleans,
	"message.downconversion.enable":     booleans,
	"remote.storage.enable":             booleans,
	"remote.log.copy.disable":           booleans,
	"remote.log.delete.on.disable":      booleans,
	"log.cleanup.policy":                {"compact", "delete", "compact,delete"},
	"log.message.timestamp.type":        {"CreateTime", "LogAppendTime"},
	"log.preallocate":                   booleans,
	"log.message.downconversion.enable": booleans,
	"ssl.client.auth":                   {"none", "requested", "required"},
}

// logLevels are the values of all keys of a logger.
var logLevels = []string{"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}

// configValues are the values that go on from KEY=, KEY+= or KEY-=.
func (q *question) configValues(kind string) []Candidate {
	key, typed, _ := strings.Cut(q.partial.Text, "=")
	values := configValues[strings.TrimRight(key, "+-")]
	if kind == "logger" {
		values = logLevels
	}
	var out []Candidate
	for _, v := range values {
		if len(v) >= len(typed) && strings.EqualFold(v[:len(typed)], typed) {
			out = append(out, Candidate{Text: lex.Quote(key + "=" + v), Append: " "})
		}
	}
	return out
}
