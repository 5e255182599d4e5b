package zabtest

import (
	"testing"

	"github.com/zoka-project/zoka/testcluster/manual"
)

// TestManual runs the traces in testdata.
func TestManual(t *testing.T) {
	manual.Run(t, func(_ *testing.T, text string) (string, error) { return Manual(text, NewCore) })
}
