package flw

import (
	"context"
	"fmt"
	"strings"
)

// Mntr asks a server for its metrics: names as the server gives them (zk_avg_latency), values
// as text, for some are words.
func Mntr(ctx context.Context, addr string, dial Dialer) (map[string]string, error) {
	return table(ctx, addr, "mntr", "\t", dial)
}

// Conf asks a server for its configuration, without the lines of the membership.
func Conf(ctx context.Context, addr string, dial Dialer) (map[string]string, error) {
	return table(ctx, addr, "conf", "=", dial)
}

// Envi asks a server for its environment.
func Envi(ctx context.Context, addr string, dial Dialer) (map[string]string, error) {
	return table(ctx, addr, "envi", "=", dial)
}

func table(ctx context.Context, addr, word, separator string, dial Dialer) (map[string]string, error) {
	answer, err := Do(ctx, addr, word, dial)
	if err != nil {
		return nil, err
	}
	m := parseTable(answer, separator)
	if len(m) == 0 {
		return nil, &Error{word, addr, fmt.Errorf("%w %.60q", ErrUnexpected, answer)}
	}
	return m, nil
}

// parseTable reads name-separator-value lines and passes over others. In conf, what follows
// "membership:" is the ensemble's configuration, not the server's.
func parseTable(text, separator string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "membership:") {
			break
		}
		if name, value, ok := strings.Cut(line, separator); ok {
			m[name] = value
		}
	}
	return m
}
