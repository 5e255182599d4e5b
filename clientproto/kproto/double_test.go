package kproto_test

import (
	"math"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestJavaDouble: what Java 17 prints.
func TestJavaDouble(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 0.5: "0.5", 1024: "1024.0", -3.25: "-3.25", 9999999: "9999999.0", 1e7: "1.0E7", 1048576 * 16: "1.6777216E7",
		12345678.9: "1.23456789E7", 0.001: "0.001", 0.00025: "2.5E-4", math.MaxFloat64: "1.7976931348623157E308",
	} {
		if got := kproto.JavaDouble(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}
