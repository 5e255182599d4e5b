package properties

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"log.retention.ms", "log.retention.hours", "log.dirs", "log.dir", "port"}
	for key, want := range map[string]string{
		"log.retention.hour": "log.retention.hours",
		"log.dirz":           "log.dir", // as near as log.dirs, and before it
		"LOG.DIRS":           "log.dirs",
		"prot":               "", // two changes of four letters
		"pot":                "port",
		"nothing.like.it":    "",
		"":                   "",
	} {
		if got := Nearest(key, known); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}
