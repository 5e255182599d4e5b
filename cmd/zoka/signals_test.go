package main

import (
	"strings"
	"syscall"
	"testing"
)

// TestSignals_SaidTwice: two signals at once, as `timeout` and supervisors of groups send them, are one wish: the broker
// comes to its orderly end.
func TestSignals_SaidTwice(t *testing.T) {
	e := zooKeeper(t)
	path, _ := brokerConfig(t, e.ConnectString())
	s := startBroker(t, path)
	ok(t, s.cmd.Process.Signal(syscall.SIGINT)) // two of one kind may reach a process as one
	more := strings.Join(s.end(t, syscall.SIGTERM, 0), "\n")
	if !strings.Contains(more, "[KafkaServer id=5] shut down completed (kafka.server.KafkaServer)") {
		t.Errorf("it wrote %q", more)
	}
}
