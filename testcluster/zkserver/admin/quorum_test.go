package admin

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// ensembleMasks hide what must differ between two ensembles.
var ensembleMasks = []struct{ pattern, with string }{
	{`(127\.0\.0\.1|0\.0\.0\.0):\d+`, "$1:PORT"},
	{`"all_ports" : \[ \d+ \]`, `"all_ports" : [ PORT ]`},
}

func maskEnsemble(text string) string {
	for _, m := range ensembleMasks {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return text
}

// startOurs starts a member on a network of its own and returns its AdminServer's address.
func startOurs(t *testing.T, network *transport.Memory, ids, id int) (*zkserver.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &zkserver.Ensemble{Text: []byte("version=0"), InitLimit: 10, SyncLimit: 5, Network: network}
	for i := range ids {
		e.Members = append(e.Members, zkserver.EnsembleMember{ID: int64(i + 1),
			Quorum: []string{fmt.Sprintf("127.0.0.1:%d", 100+i)}, Election: []string{fmt.Sprintf("127.0.0.1:%d", 200+i)}})
	}
	s, err := zkserver.New(zkserver.Config{
		ServerID: int64(id), Ensemble: e, Listeners: []net.Listener{l}, FS: storage.NewMemory(), DataDir: "/data", PreAlloc: -1,
		TickTime: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Close() })
	web := httptest.NewServer(Handler(s, Options{}))
	t.Cleanup(web.Close)
	return s, web.URL + "/commands/"
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("it has not come to it that %s", what)
		}
	}
}

// get fetches a command's answer.
func get(t *testing.T, url string) string {
	t.Helper()
	text, _ := fetch(t, http.MethodGet, url, "")
	return text
}

// TestQuorumCommands_Apache: what the commands tell of an ensemble is what Apache's tell.
func TestQuorumCommands_Apache(t *testing.T) {
	port := peertest.FreePort(t)
	program := peertest.ZK39(t).Program()
	peers := peertest.NewEnsemble(t, peertest.EnsembleOptions{Members: []peertest.Program{program, program}, Config: []string{
		"admin.enableServer=true", "admin.serverAddress=127.0.0.1", fmt.Sprintf("admin.serverPort=%d", port),
	}})
	apache := fmt.Sprintf("http://127.0.0.1:%d/commands/", port)
	peers.Members[0].Start(t)
	await(t, "Apache's AdminServer answers", func() bool {
		answer, err := http.Get(apache + "ruok")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil
	})
	// The other one's AdminServer finds the port taken, which is no reason not to serve.
	peers.Start(t)
	peers.Await(t)
	network := transport.NewMemory()
	one, ours := startOurs(t, network, 2, 1)
	two, _ := startOurs(t, network, 2, 2)
	await(t, "the ensemble serves", func() bool { return one.Serving() && two.Serving() })
	for _, name := range []string{"leader", "voting_view", "zabstate", "observers", "is_read_only"} {
		want, got := maskEnsemble(get(t, apache+name)), maskEnsemble(get(t, ours+name))
		if name == "zabstate" { // a learner's zxid is what it has applied
			zxid := regexp.MustCompile(`"(last_zxid|zab_epoch|zab_counter)" : .*`)
			want, got = zxid.ReplaceAllString(want, ""), zxid.ReplaceAllString(got, "")
		}
		if got != want {
			t.Errorf("%s\n--- Apache\n%s\n--- ours\n%s", name, want, got)
		}
	}
	peers.Members[1].Kill()
	two.Close()
	for _, url := range []string{apache, ours} {
		await(t, "it serves no longer", func() bool { return strings.Contains(get(t, url+"leader"), "not currently serving") })
	}
	for _, name := range []string{"leader", "stats", "conf", "dump", "ruok", "zabstate", "voting_view", "is_read_only", "observers", "dirs"} {
		if want, got := get(t, apache+name), get(t, ours+name); got != want {
			t.Errorf("%s of a server that does not serve\n--- Apache\n%s\n--- ours\n%s", name, want, got)
		}
	}
}
