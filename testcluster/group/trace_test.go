package group_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/testcluster/manual"
)

// TestTraces runs the traces in testdata. A trace is blocks with an empty line between them; a block is lines to carry out,
// a line of dashes, and what came of them.
func TestTraces(t *testing.T) {
	manual.Run(t, func(_ *testing.T, text string) (string, error) { return replay(text) })
}

func replay(text string) (string, error) {
	var out bytes.Buffer
	w := newWorld(&out)
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		commands, _, _ := strings.Cut(block, "----")
		commands = strings.TrimSpace(commands)
		out.WriteString(commands + "\n----\n")
		for _, line := range strings.Split(commands, "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := w.do(line); err != nil {
				return "", err
			}
		}
	}
	return out.String(), nil
}
