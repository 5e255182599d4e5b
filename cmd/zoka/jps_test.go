package main

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestRolesOf(t *testing.T) {
	for line, want := range map[string][]jpsRow{
		"/opt/zoka server /etc/zoo.cfg":                           {{7, roleServer, "zoka", "/etc/zoo.cfg"}},
		"zoka server -Dzookeeper.tickTime=5 a.cfg":                {{7, roleServer, "zoka", "a.cfg"}},
		"zoka broker server.properties --override broker.id=1":    {{7, roleBroker, "zoka", "server.properties"}},
		"zoka node zoo.cfg server.properties":                     {{7, roleServer, "zoka", "zoo.cfg"}, {7, roleBroker, "zoka", "server.properties"}},
		"zoka ls /":                                               nil,
		"zoka":                                                    nil,
		"vi zoka server":                                          nil,
		"/usr/bin/java -Xmx1g -cp a:b kafka.Kafka s.properties":   {{7, roleBroker, "java", "s.properties"}},
		"java org.apache.zookeeper.server.quorum.QuorumPeerMain":  {{7, roleServer, "java", ""}},
		"java -cp kafka.jar org.apache.zookeeper.ZooKeeperMain x": nil,
	} {
		if got := rolesOf(processLine{7, strings.Fields(line)}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestParsePs(t *testing.T) {
	got, err := parsePs("    1 /sbin/init\n  432 zoka server a.cfg\n\n")
	want := []processLine{{1, []string{"/sbin/init"}}, {432, []string{"zoka", "server", "a.cfg"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if _, err := parsePs("PID ARGS\n"); err == nil {
		t.Error("a heading was taken for a process")
	}
}

func TestJps(t *testing.T) {
	path, _, _ := config(t)
	s := startServed(t, path)
	pid := s.cmd.Process.Pid
	out, err := exec.Command("zoka", "jps").Output()
	ok(t, err)
	if want := strconv.Itoa(pid) + " QuorumPeerMain"; !slices.Contains(strings.Split(string(out), "\n"), want) {
		t.Errorf("no line %q in\n%s", want, out)
	}
	out, err = exec.Command("zoka", "jps", "-l", "-o", "json").Output()
	ok(t, err)
	var rows []jpsRow
	ok(t, json.Unmarshal(out, &rows))
	if want := (jpsRow{pid, roleServer, "zoka", path}); !slices.Contains(rows, want) {
		t.Errorf("no %v in %s", want, out)
	}
	s.end(t, syscall.SIGTERM, 0)
	out, err = exec.Command("zoka", "jps").Output()
	ok(t, err)
	if strings.Contains(string(out), strconv.Itoa(pid)+" ") {
		t.Errorf("the server has ended and is in\n%s", out)
	}
}
