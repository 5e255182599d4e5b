package metrics

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

func serve(t *testing.T, o Options) (*zkserver.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := zkserver.New(zkserver.Config{Listeners: []net.Listener{l}, FS: storage.NewMemory(), DataDir: "/data", PreAlloc: -1, Words: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Close() })
	web := httptest.NewServer(Handler(s, o))
	t.Cleanup(web.Close)
	return s, web.URL
}

// family is one metric of the text format.
type family struct{ kind, help, value string }

// scrape reads the text format strictly: HELP, TYPE and one value for each name.
func scrape(t *testing.T, url string) map[string]family {
	t.Helper()
	r, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Fatalf("%s, %s", r.Status, got)
	}
	form := regexp.MustCompile(`^# HELP ([a-z_]+) (\S.*)\n# TYPE ([a-z_]+) (gauge|counter|summary)\n([a-z_]+) (-?[0-9.]+(?:e[+-][0-9]+)?)\n(?:[a-z_]+_sum [0-9.]+\n)?`)
	families := map[string]family{}
	for rest := string(text); rest != ""; {
		m := form.FindStringSubmatch(rest)
		if m == nil || m[1] != m[3] || m[1] != strings.TrimSuffix(m[5], "_count") && m[1] != m[5] {
			t.Fatalf("not the text format: %.200q", rest)
		}
		if _, twice := families[m[1]]; twice {
			t.Errorf("%s is there twice", m[1])
		}
		families[m[1]] = family{m[4], m[2], m[6]}
		rest = rest[len(m[0]):]
	}
	return families
}

// TestHandler_Names: every name and kind is one of Apache's exporter, from which testdata was taken.
func TestHandler_Names(t *testing.T) {
	text, err := os.ReadFile("testdata/apache-3.9.4.txt")
	if err != nil {
		t.Fatal(err)
	}
	apache := map[string]string{}
	for line := range strings.Lines(string(text)) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		apache[name] = kind
	}
	_, url := serve(t, Options{Process: true})
	got := scrape(t, url)
	for name, f := range got {
		if apache[name] != f.kind {
			t.Errorf("%s is a %s, Apache's %q", name, f.kind, apache[name])
		}
	}
	gauges := 0
	for name, kind := range apache {
		if _, ours := got[name]; ours && kind == "gauge" {
			gauges++
		}
	}
	if gauges < 20 {
		t.Errorf("only %d gauges", gauges)
	}
}

func TestHandler_Values(t *testing.T) {
	s, url := serve(t, Options{})
	c, _, err := zk.Connect([]string{s.Addr().String()}, 1e10, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Create("/e", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	got := scrape(t, url)
	for name, want := range map[string]string{
		"znode_count": "6.0", "ephemerals_count": "1.0", "num_alive_connections": "1.0", "global_sessions": "1.0",
		"packets_received": "2.0", "proposal_count": "0.0",
		"updatelatency": "2.0", "connection_request_count": "1.0", "dbinittime": "1.0",
	} {
		if got[name].value != want {
			t.Errorf("%s is %s, want %s", name, got[name].value, want)
		}
	}
	if _, there := got["process_open_fds"]; there {
		t.Error("figures of the process, unasked")
	}
}

func TestHandler_Other(t *testing.T) {
	_, url := serve(t, Options{})
	r, err := http.Get(url + "/other")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusNotFound {
		t.Errorf("/other: %s", r.Status)
	}
	r, err = http.Post(url+"/metrics", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", r.Status)
	}
}
