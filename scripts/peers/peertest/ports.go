package peertest

import (
	"math/rand/v2"
	"net"
	"slices"
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
		if !inUse(port) {
			return port
		}
	}
	t.Fatal("no free port on 127.0.0.1")
	return 0
}

// FreePorts is the first of n ports in a row, up to 15, each as [FreePort] gives it: for programs that count on from one.
func FreePorts(t testing.TB, n int) int {
	t.Helper()
	if n >= portBlock {
		t.Fatalf("%d ports in a row are more than a block has", n)
	}
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for range 10000 {
		had := len(ports.free)
		claimPorts()
		if len(ports.free) == had {
			continue
		}
		block := ports.free[had:]
		if slices.ContainsFunc(block[:n], inUse) {
			continue // FreePort passes over those
		}
		first := block[0]
		ports.free = slices.Delete(ports.free, had, had+n)
		return first
	}
	t.Fatalf("no %d free ports in a row on 127.0.0.1", n)
	return 0
}

func inUse(port int) bool {
	l, err := listen(port)
	if err != nil {
		return true
	}
	_ = l.Close()
	return false
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
