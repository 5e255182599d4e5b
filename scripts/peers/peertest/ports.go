package peertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// The ports given out lie below those that the system hands out by itself, in blocks. A process claims a block by
// listening on its first port for as long as it lives: so no two test programs give out the same port, even for
// servers that bind it later, or not always.
const (
	firstPort, lastPort = 16500, 32000
	portBlock           = 16
)

var ports struct {
	mu     sync.Mutex
	free   []int
	claims []net.Listener
}

// FreePort is a port of 127.0.0.1 on which nobody listens. It is given out once, and to this process alone: before a
// server comes to listen on it, no other test's connection or listener gets it by accident.
func FreePort(t testing.TB) int {
	t.Helper()
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for range 10000 {
		if len(ports.free) == 0 {
			claimPorts()
			continue
		}
		port := ports.free[0]
		ports.free = ports.free[1:]
		if l, err := listen(port); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port on 127.0.0.1")
	return 0
}

func claimPorts() {
	first := firstPort + rand.IntN((lastPort-firstPort)/portBlock)*portBlock
	claim, err := listen(first)
	if err != nil {
		return // it is another's
	}
	ports.claims = append(ports.claims, claim)
	for port := first + 1; port < first+portBlock; port++ {
		ports.free = append(ports.free, port)
	}
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
