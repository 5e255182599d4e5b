package zkserver

import (
	"runtime/debug"
	"sync"
	"time"
)

// release is the version of ZooKeeper that the server is compatible with, and who it is.
const release = "3.9.4-zoka"

// builtUnknown stands for the build's time where the binary does not tell.
var builtUnknown = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// Version is how the server names itself in srvr, envi and mntr: what it is compatible with, and the time of the
// commit that it was built from. The date has the older of Apache's two forms, which all clients parse.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	built := builtUnknown
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
					built = t.UTC()
				}
			}
		}
	}
	return release + ", built on " + built.Format("01/02/2006 15:04") + " UTC"
})
