package admin

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// ours starts a server with its AdminServer and returns the client's address and the URL of the commands.
func ours(t *testing.T, o Options) (addr, url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := zkserver.New(zkserver.Config{
		Listeners: []net.Listener{l}, FS: storage.NewMemory(), DataDir: "/data", PreAlloc: -1, TickTime: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Close() })
	web := httptest.NewServer(Handler(s, o))
	t.Cleanup(web.Close)
	return l.Addr().String(), web.URL + "/commands"
}

func apache(t *testing.T) (addr, url string) {
	t.Helper()
	port := peertest.FreePort(t)
	peer := peertest.StartZK39(t, peertest.Options{Config: []string{
		"admin.enableServer=true", "admin.serverAddress=127.0.0.1", fmt.Sprintf("admin.serverPort=%d", port),
	}})
	return peer.Addr(), fmt.Sprintf("http://127.0.0.1:%d/commands", port)
}

// work leaves a session with an ephemeral, and watches.
func work(t *testing.T, addr string) *zk.Conn {
	t.Helper()
	c, _, err := zk.Connect([]string{addr}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, path := range []string{"/a", "/e"} {
		flags := int32(0)
		if path == "/e" {
			flags = zk.FlagEphemeral
		}
		if _, err := c.Create(path, []byte("data"), flags, zk.WorldACL(zk.PermAll)); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := c.GetW(path); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// fetch returns status, content type and body.
func fetch(t *testing.T, method, url, authorization string) (string, *http.Response) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		q.Header.Set("Authorization", authorization)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), r
}

// masks hide what differs between two servers, and keep what kind of value it is.
var masks = []struct{ pattern, with string }{
	{`\b\d{17,18}\b`, "SESSION"},
	{`127\.0\.0\.1:\d+`, "CLIENT"},
	{`\n *"\d{4,}" : \[ \],?`, ""}, // a bucket that a session has left, which Java keeps until it is due
	{`"\d{4,}" : \[ SESSION \],?`, `"EXPIRY" : [ SESSION ]`},
	{`("version" : )"[^"]*"`, `$1"V"`},
	{`("data_(?:log_)?dir" : )"[^"]*/version-2"`, `$1"DIR/version-2"`},
	{`("(?:client_port|established|timestamp|uptime|last_response_time|packets_received|packets_sent|data_dir_size|log_dir_size|datadir_size|logdir_size|(?:last|min|max|avg)_(?:latency|buffer_size))" : )-?\d+(\.\d)?\d*`, `${1}N$2`},
	{`N\.\d`, "N.N"},
}

func masked(text string) string {
	for _, m := range masks {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return text
}

// TestCommands_Apache: each command's answer is Apache's, byte for byte but for what must differ, and for the order of
// members where Apache's servers do not agree among themselves.
func TestCommands_Apache(t *testing.T) {
	t.Parallel()
	theirAddr, theirs := apache(t)
	ourAddr, our := ours(t, Options{Snapshot: true, RateLimit: time.Hour})
	work(t, theirAddr)
	work(t, ourAddr)
	queries := []string{"", "/", "/nonsense", "/set_trace_mask?traceMask=5", "/stmk?traceMask=x", "/gtmk"}
	for _, c := range commands() {
		for _, name := range c.names {
			if c.names[0] != "restore" {
				queries = append(queries, "/"+name)
			}
		}
	}
	for _, q := range queries {
		want, wantStatus := fetch(t, http.MethodGet, theirs+q, "")
		got, gotStatus := fetch(t, http.MethodGet, our+q, "")
		if gotStatus.StatusCode != wantStatus.StatusCode {
			t.Errorf("%s: %s, Apache %s", q, gotStatus.Status, wantStatus.Status)
		}
		if a, b := gotStatus.Header.Get("Content-Type"), wantStatus.Header.Get("Content-Type"); a != b && b != "" {
			t.Errorf("%s: type %s, Apache %s", q, a, b)
		}
		switch q {
		case "/monitor", "/mntr":
			within(t, q, members(t, got), members(t, want))
		case "/environment", "/env", "/envi":
			if !slices.Equal(members(t, got), members(t, want)) {
				t.Errorf("%s: members %q, Apache %q", q, members(t, got), members(t, want))
			}
		case "/initial_configuration", "/icfg", "/system_properties", "/sysp":
			// TestConfiguration
		case "/server_stats", "/srvr", "/stats", "/stat":
			same(t, q, unordered(masked(got)), unordered(masked(want)))
		default:
			same(t, q, masked(got), masked(want))
		}
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n--- Apache\n%s\n--- ours\n%s", what, want, got)
	}
}

// unordered is a text whose lines are sorted, without the commas between them: in these answers Java writes the members of
// its objects in the order in which it has the names of their methods in memory, which differs from run to run.
func unordered(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, ",")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// members are the names of an object, in the order in which they stand there.
func members(t *testing.T, text string) []string {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^  "([^"]*)" : `).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

func within(t *testing.T, what string, part, whole []string) {
	t.Helper()
	for _, name := range part {
		if !slices.Contains(whole, name) {
			t.Errorf("%s: Apache has no %s", what, name)
		}
	}
}

func TestConfiguration(t *testing.T) {
	_, url := ours(t, Options{
		Configuration: "dataDir=/data\n# é\n", Properties: []zkserver.Setting{{Name: "zookeeper.snapCount", Value: "7"}},
	})
	got, _ := fetch(t, http.MethodGet, url+"/icfg", "")
	if want := "{\n  \"initial_configuration\" : \"dataDir=/data\\n# é\\n\",\n  \"command\" : \"initial_configuration\",\n  \"error\" : null\n}"; got != want {
		t.Errorf("got %s", got)
	}
	if got, _ = fetch(t, http.MethodGet, url+"/sysp", ""); !strings.Contains(got, `  "zookeeper.snapCount" : "7",`) || !json.Valid([]byte(got)) {
		t.Errorf("got %s", got)
	}
}

// TestSnapshot_Apache: who may have a snapshot, and what comes.
func TestSnapshot_Apache(t *testing.T) {
	t.Parallel()
	theirAddr, theirs := apache(t)
	ourAddr, our := ours(t, Options{Snapshot: true, RateLimit: time.Hour})
	id := sha1.Sum([]byte("u:p"))
	digest := "u:" + base64.StdEncoding.EncodeToString(id[:])
	for _, addr := range []string{theirAddr, ourAddr} {
		if _, err := work(t, addr).SetACL("/", []zk.ACL{{Perms: zk.PermAll, Scheme: "digest", ID: digest}}, -1); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ query, authorization string }{
		{"/snapshot", ""},
		{"/snapshot", "digest"},
		{"/snapshot", "magic u:p"},
		{"/snapshot", "digest u:wrong"},
		{"/snapshot?streaming=true", "digest u:p"},
		{"/snapshot?streaming=true", "digest u:p"}, // too soon
	} {
		want, wantHead := fetch(t, http.MethodGet, theirs+step.query, step.authorization)
		got, gotHead := fetch(t, http.MethodGet, our+step.query, step.authorization)
		if gotHead.StatusCode != wantHead.StatusCode || gotHead.Header.Get("Content-Type") != wantHead.Header.Get("Content-Type") ||
			gotHead.Header.Get("last_zxid") != wantHead.Header.Get("last_zxid") {
			t.Errorf("%s %q: %s %v, Apache %s %v", step.query, step.authorization, gotHead.Status, gotHead.Header, wantHead.Status, wantHead.Header)
		}
		if strings.HasPrefix(want, "ZKSN") {
			if !strings.HasPrefix(got, "ZKSN") || !strings.HasSuffix(got, "\x00\x00\x00\x01/") || !strings.Contains(got, "data") ||
				gotHead.Header.Get("snapshot_size") != fmt.Sprint(len(got)) {
				t.Errorf("no snapshot: %q, %v", got, gotHead.Header)
			}
		} else if got != want {
			t.Errorf("%s %q: %s, Apache %s", step.query, step.authorization, got, want)
		}
	}
}

func TestSnapshot_Limits(t *testing.T) {
	_, url := ours(t, Options{})
	for name, want := range map[string]string{"snapshot": "Snapshot command is disabled", "restore": "Restore command is disabled"} {
		got, head := fetch(t, http.MethodPost, url+"/"+name, "digest u:p")
		if name == "snapshot" {
			if head.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("POST snapshot: %s", head.Status)
			}
			got, head = fetch(t, http.MethodGet, url+"/"+name, "digest u:p")
		}
		if head.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got, `"error" : "`+want+`"`) {
			t.Errorf("%s: %s, %s", name, head.Status, got)
		}
	}
}

func TestHandler_Other(t *testing.T) {
	_, url := ours(t, Options{CommandURL: "/commands/"})
	for path, want := range map[string]int{"x": http.StatusNotFound, "/ruok": http.StatusOK, "/ruok/x": http.StatusOK} {
		if _, r := fetch(t, http.MethodGet, url+path, ""); r.StatusCode != want {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if _, r := fetch(t, http.MethodDelete, url+"/ruok", ""); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %s", r.Status)
	}
}

func TestEncode(t *testing.T) {
	got := encode(object{
		{"a", nil}, {"b", []any{}}, {"c", []any{int64(1), "x\n\"<é"}}, {"d", object{}}, {"e", object{{"f", 1.5}, {"g", 2.0}}},
		{"h", []any{object{{"i", true}}, object{{"j", -1}}}},
	})
	want := `{
  "a" : null,
  "b" : [ ],
  "c" : [ 1, "x\n\"<é" ],
  "d" : { },
  "e" : {
    "f" : 1.5,
    "g" : 2.0
  },
  "h" : [ {
    "i" : true
  }, {
    "j" : -1
  } ]
}`
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("got %s", got)
	}
}
