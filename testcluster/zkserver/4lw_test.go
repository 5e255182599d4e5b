package zkserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// asked is a server with one client that has done some work: what the words tell of.
type asked struct {
	addr string
	cfg  [2]string // dataDir, and the port
}

// both starts Apache's server and ours and has the same done on each.
func both(t *testing.T) (apache, ours asked) {
	t.Helper()
	peer := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true"}})
	s := start(t, func(c *Config) {
		c.TickTime, c.MinSessionTimeout, c.MaxSessionTimeout = 2*time.Second, 4*time.Second, 40*time.Second
		c.MaxClientCnxns = 60
	})
	_, port, _ := net.SplitHostPort(s.Addr().String())
	apache = asked{peer.Addr(), [2]string{peer.DataDir, fmt.Sprint(peer.ClientPort)}}
	ours = asked{s.Addr().String(), [2]string{"/data", port}}
	for _, a := range []asked{apache, ours} {
		work(t, a.addr)
	}
	return apache, ours
}

// work leaves nodes, an ephemeral and watches of each kind behind.
func work(t *testing.T, addr string) {
	t.Helper()
	c, _, err := zk.Connect([]string{addr}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
	}
	for _, path := range []string{"/a", "/a/b", "/c"} {
		_, err := c.Create(path, []byte("data"), 0, zk.WorldACL(zk.PermAll))
		must(err)
	}
	_, err = c.Create("/e", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
	must(err)
	_, _, _, err = c.GetW("/a")
	must(err)
	_, _, _, err = c.ExistsW("/missing")
	must(err)
	_, _, _, err = c.ChildrenW("/a")
	must(err)
	_, err = c.Set("/c", []byte("more data"), 0)
	must(err)
	_, _, _, err = c.GetW("/c")
	must(err)
}

// ask sends bytes and returns all that comes until the connection is closed.
func ask(t *testing.T, addr, word string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, word); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%s: %v after %q", word, err, answer)
	}
	return string(answer)
}

// wordMasks hide what must differ between two servers and keep its form.
var wordMasks = []struct{ pattern, with string }{
	{`0x1[0-9a-f]{14,}`, "SESSION"},
	{`/127\.0\.0\.1:\d+`, "/CLIENT"},
	{`\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}`, "DATE"},
	{`(est|lresp)=\d{4,}`, "$1=TIME"},
	{`(lat)=\d+`, "$1=N"},
	{`Latency min/avg/max: \d+/\d+\.\d{1,4}/\d+\n`, "Latency min/avg/max: N/N.N/N\n"},
	{`(Received|Sent): \d+`, "$1: N"},
	{`Zookeeper version: 3\.9\.4-\w+, built on \d+[-/]\d+[-/]\d+ \d\d:\d\d UTC\n`, "Zookeeper version: V\n"},
	{`(_size:|Size=) ?\d+`, "$1 N"},
	{`(Session|Connections) Sets \(\d+\)`, "$1 Sets (N)"},
	{`\b0 expire at DATE:\n`, ""}, // a bucket that all have left, which Java keeps until it is due
	{`(\d) expire at DATE:\n(\t[^i])`, "$1 expire:\n$2"},
	{`\d expire at DATE:\n`, ""}, // of connections, whose buckets begin at any moment
}

func (a asked) ask(t *testing.T, word string) string {
	t.Helper()
	text := ask(t, a.addr, word)
	for i, name := range []string{"DATADIR", "PORT"} {
		text = regexp.MustCompile(`=`+a.cfg[i]+`(\n|/)`).ReplaceAllString(text, "="+name+"$1")
	}
	for _, m := range wordMasks {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return text
}

// TestWords_Apache: each word's answer is Apache's but for what must differ.
func TestWords_Apache(t *testing.T) {
	t.Parallel()
	apache, ours := both(t)
	compared := 0
	for _, w := range words {
		switch w.name {
		case "mntr", "envi", "stmk", "hash":
			continue // below
		}
		compared++
		want, got := sortConns(apache.ask(t, w.name)), sortConns(ours.ask(t, w.name))
		if strings.HasPrefix(w.name, "wch") {
			want, got = sortLines(want), sortLines(got) // sets in Java
		}
		if got != want {
			t.Errorf("%s\n--- Apache\n%s\n--- ours\n%s", w.name, want, got)
		}
	}
	if compared < 14 {
		t.Errorf("only %d words", compared)
	}
	if want, got := keys(apache.ask(t, "envi"), "="), keys(ours.ask(t, "envi"), "="); !slices.Equal(got, want) {
		t.Errorf("envi\nApache %q\nours   %q", want, got)
	}
	mask := binary.BigEndian.AppendUint64([]byte("stmk"), 7)
	for _, word := range []string{string(mask), "gtmk"} {
		if want, got := apache.ask(t, word), ours.ask(t, word); got != want {
			t.Errorf("%q: %q, Apache %q", word, got, want)
		}
	}
}

func sortLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sortConns puts the lines of connections, which have no order, in one.
func sortConns(text string) string {
	lines := strings.Split(text, "\n")
	isConn := func(s string) bool { return strings.HasPrefix(s, " /") || strings.HasPrefix(s, "\tip:") }
	for from := 0; from < len(lines); from++ {
		to := from
		for to < len(lines) && isConn(lines[to]) {
			to++
		}
		slices.Sort(lines[from:to])
	}
	return strings.Join(lines, "\n")
}

// keys are what stands before sep in each line.
func keys(text, sep string) []string {
	var list []string
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(line, sep)
		list = append(list, key)
	}
	return list
}

// TestMntr_Apache: our rows are among Apache's, written as Apache writes them, and those that tell of the tree and its
// clients have the same values.
func TestMntr_Apache(t *testing.T) {
	t.Parallel()
	apache, ours := both(t)
	want, got := mntr(t, apache), mntr(t, ours)
	if v := got["zk_version"]; !strings.HasPrefix(v, "3.9.4-zoka, built on ") {
		t.Errorf("zk_version %q", v)
	}
	for _, name := range []string{"server_state", "znode_count", "watch_count", "ephemerals_count", "approximate_data_size",
		"num_alive_connections", "global_sessions", "local_sessions", "outstanding_requests", "auth_failed_count",
		"connection_drop_probability", "connection_rejected", "max_client_response_size", "last_client_response_size",
		"cnt_readlatency", "cnt_updatelatency", "connection_request_count"} {
		if got["zk_"+name] != want["zk_"+name] || got["zk_"+name] == "" {
			t.Errorf("zk_%s is %q, Apache's %q", name, got["zk_"+name], want["zk_"+name])
		}
	}
	for name, value := range got {
		theirs, known := want[name]
		if !known {
			t.Errorf("Apache has no %s", name)
		}
		if strings.Contains(theirs, ".") != strings.Contains(value, ".") {
			t.Errorf("%s is %q, Apache's %q: not the same kind of number", name, value, theirs)
		}
	}
	t.Logf("%d of Apache's %d rows", len(got), len(want))
}

func mntr(t *testing.T, a asked) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for line := range strings.Lines(ask(t, a.addr, "mntr")) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			rows[name] = value
		}
	}
	return rows
}

// TestWords_Whitelist: what is not listed is refused in Apache's words, srvr never.
func TestWords_Whitelist(t *testing.T) {
	t.Parallel()
	peer := peertest.StartZK39(t, peertest.Options{Config: []string{"4lw.commands.whitelist=ruok , conf"}})
	s := start(t, func(c *Config) { c.Words = []string{"ruok", "conf"} })
	for _, word := range []string{"ruok", "stat", "mntr", "wchp", "isro", "dump"} {
		if want, got := ask(t, peer.Addr(), word), ask(t, s.Addr().String(), word); got != want {
			t.Errorf("%s: %q, Apache %q", word, got, want)
		}
	}
	if got := ask(t, s.Addr().String(), "srvr"); !strings.Contains(got, "Mode: standalone\n") {
		t.Errorf("srvr: %q", got)
	}
}

// TestWords_Reset: crst and srst begin their counters anew.
func TestWords_Reset(t *testing.T) {
	s := start(t, nil)
	work(t, s.Addr().String())
	before := s.Stats()
	if before.Received < 9 || before.Sent < 9 {
		t.Fatalf("%+v", before)
	}
	ask(t, s.Addr().String(), "crst")
	for _, c := range s.Conns() {
		if c.Session != 0 && (c.Received != 0 || c.Sent != 0 || c.HasOp || c.LastCxid != -1) {
			t.Errorf("after crst: %+v", c)
		}
	}
	ask(t, s.Addr().String(), "srst")
	if after := s.Stats(); after.Received > 2 || after.MaxLatency > before.MaxLatency || after.Zxid != before.Zxid {
		t.Errorf("after srst: %+v", after)
	}
}

func TestJavaAddr(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:5":         "/127.0.0.1:5",
		"[::1]:5":             "/[0:0:0:0:0:0:0:1]:5",
		"[fe80::ff:1%eth0]:5": "/[fe80:0:0:0:0:0:ff:1%eth0]:5",
	} {
		addr, err := net.ResolveTCPAddr("tcp", in)
		if err != nil {
			t.Fatal(err)
		}
		if got := javaAddr(addr); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestStmk_Slow: the argument may come later than the word, and byte by byte.
func TestStmk_Slow(t *testing.T) {
	s := start(t, nil)
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, b := range binary.BigEndian.AppendUint64([]byte("stmk"), 5) {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if answer, err := io.ReadAll(c); err != nil || string(answer) != "5" || s.TraceMask() != 5 {
		t.Errorf("%q, %v, mask %d", answer, err, s.TraceMask())
	}
}
