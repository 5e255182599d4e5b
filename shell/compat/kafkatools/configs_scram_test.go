package kafkatools

import "testing"

// TestOnlyKnown names what was added before what was deleted, each time.
func TestOnlyKnown(t *testing.T) {
	for range 20 {
		err := onlyKnown("ips", "connection quota", isQuota, []string{"x"}, []string{"y"})
		if want := "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: x"; err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
}
